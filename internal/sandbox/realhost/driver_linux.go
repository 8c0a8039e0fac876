package realhost

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// Driver boots the sandbox's Linux instances as hosts of a network.
type Driver struct {
	network *Network

	mu    sync.Mutex
	hosts map[string]*Host // by instance id, the last that was booted
}

// NewDriver returns a driver for Linux computers.
func NewDriver(n *Network) *Driver {
	return &Driver{network: n, hosts: map[string]*Host{}}
}

// Boot powers the computer on. How long it takes to boot is the machine's own
// affair; spec.Boot and spec.Groups are not looked at.
func (d *Driver) Boot(ctx context.Context, spec machine.Spec) (machine.Computer, error) {
	h, err := d.network.Boot(ctx, configOf(spec))
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hosts[spec.InstanceID] = h
	return h, nil
}

func configOf(spec machine.Spec) Config {
	c := Config{
		Name:       "ip-" + strings.ReplaceAll(spec.Address.String(), ".", "-"),
		InstanceID: spec.InstanceID, ImageID: spec.ImageID, Address: spec.Address, Root: spec.Root,
		UserData: spec.UserData, FirstBoot: spec.FirstBoot,
	}
	if spec.PublicKey != "" {
		c.User, c.AuthorizedKeys = spec.User, []byte(strings.TrimSpace(spec.PublicKey)+"\n")
	}
	return c
}

// Host returns the computer of an instance, which may have been shut down.
func (d *Driver) Host(instance string) (*Host, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.hosts[instance]
	if h == nil {
		return nil, fmt.Errorf("instance %s was not booted", instance)
	}
	return h, nil
}

// Hosts returns the computers of all instances that were booted, by instance.
func (d *Driver) Hosts() map[string]*Host {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.hosts)
}
