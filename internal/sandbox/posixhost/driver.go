package posixhost

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
)

// Options say what all hosts of a driver have in common.
type Options struct {
	Network        *network.Network
	Clock          *clock.Clock
	AuthorizedKeys []ssh.PublicKey             // who may log in, as the image's user, besides the instance's key pair
	Faults         machine.Faults              // nil for none
	Commands       map[string]commands.Command // besides the usual ones; nil for none
	// Died is told, in a goroutine of its own, of a computer that lost its power
	// by a fault. May be nil.
	Died func(instanceID string)
}

// New returns a driver for Linux computers.
func New(o Options) machine.Driver {
	return &driver{options: o, keys: make(map[string]hostKeys)}
}

// driver remembers each instance's host keys, which a real instance keeps on
// its disk.
type driver struct {
	options Options

	mu   sync.Mutex
	keys map[string]hostKeys // by instance id
}

// Boot attaches the computer to the network at once; its SSH server listens
// when spec.Boot has passed.
func (d *driver) Boot(ctx context.Context, spec machine.Spec) (machine.Computer, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("cannot boot %s: %w", spec.InstanceID, err)
	}
	keys, err := d.hostKeys(spec)
	if err != nil {
		return nil, fmt.Errorf("cannot boot %s: %w", spec.InstanceID, err)
	}
	o := d.options
	if spec.PublicKey != "" {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(spec.PublicKey))
		if err != nil {
			return nil, fmt.Errorf("cannot boot %s: its key pair: %w", spec.InstanceID, err)
		}
		o.AuthorizedKeys = append(slices.Clone(o.AuthorizedKeys), key)
	}
	h, err := newHost(o, spec, keys)
	if err != nil {
		return nil, fmt.Errorf("cannot boot %s: %w", spec.InstanceID, err)
	}
	h.serving.Go(h.boot)
	return h, nil
}

func (d *driver) hostKeys(spec machine.Spec) (hostKeys, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if keys, ok := d.keys[spec.InstanceID]; ok && !spec.FirstBoot {
		return keys, nil
	}
	keys, err := newHostKeys()
	if err == nil {
		d.keys[spec.InstanceID] = keys
	}
	return keys, err
}
