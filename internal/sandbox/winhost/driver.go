package winhost

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
)

// Options say what the computers have in common.
type Options struct {
	Network  *network.Network
	Clock    *clock.Clock // time of booting and of the console's lines
	Password string       // of the administrator, on each of them
	CA       *CA          // signs each computer's certificate
	// AuthorizedKeys may log in over SSH, besides the instance's key pair, where
	// the image has OpenSSH's server.
	AuthorizedKeys []ssh.PublicKey
	Faults         machine.Faults
	// Died is told when a fault switched a computer off; it may call Shutdown.
	// It runs in a goroutine of its own.
	Died func(instanceID string)
}

// driver boots Windows computers.
type driver struct {
	options Options

	mu    sync.Mutex
	disks map[string]*disk // by instance
}

// disk is what a computer keeps while it is switched off, apart from its files.
type disk struct {
	identity *identity
	console  *console
}

// New returns a driver of Windows computers.
func New(o Options) machine.Driver {
	if o.Faults == nil {
		o.Faults = noFaults{}
	}
	if o.Died == nil {
		o.Died = func(string) {}
	}
	return &driver{options: o, disks: make(map[string]*disk)}
}

type noFaults struct{}

func (noFaults) Strike([]string, string) string { return "" }

// Boot powers a computer on. It takes its place on the network at once and
// listens when it has booted.
func (d *driver) Boot(_ context.Context, spec machine.Spec) (machine.Computer, error) {
	disk, err := d.disk(spec)
	if err != nil {
		return nil, err
	}
	c, err := newComputer(d.options, spec, disk)
	if err != nil {
		return nil, fmt.Errorf("cannot boot %s: %w", spec.InstanceID, err)
	}
	switch deed := d.options.Faults.Strike(spec.Lineage, machine.AtBoot); deed {
	case machine.PowerOff:
		c.die()
		return c, nil
	case machine.Hang, machine.WrongHostKey:
		c.ailment = deed
	}
	c.boot = d.options.Clock.AfterFunc(spec.Boot, c.up)
	return c, nil
}

// disk returns what the instance kept, or makes it new at its first boot.
func (d *driver) disk(spec machine.Spec) (*disk, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if kept := d.disks[spec.InstanceID]; kept != nil && !spec.FirstBoot {
		return kept, nil
	}
	id, err := d.options.CA.issue(hostName(spec.InstanceID), spec.Address)
	if err != nil {
		return nil, fmt.Errorf("cannot boot %s: %w", spec.InstanceID, err)
	}
	made := &disk{identity: id, console: &console{}}
	d.disks[spec.InstanceID] = made
	return made, nil
}
