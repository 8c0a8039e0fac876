package remote

import (
	"context"
	"net"
)

// hostKeys returns the verifier for an instance's host key. Those of the console
// and the pinned ones are kept for the life of the Dialer.
func (d *Dialer) hostKeys(t Target, a Access) (hostKeys, error) {
	switch a.HostKey {
	case HostKeyKnownHosts:
		return openKnownHosts(a.KnownHosts, d.opts.Getenv)
	case HostKeyAcceptNew:
		return pinned{d.pins, t.name()}, nil
	case HostKeyConsole, "":
		if a.Platform == "windows" {
			return nil, finalf("set host_key to known_hosts or accept-new",
				"Windows prints no SSH host keys to the console of %s", t.name())
		}
		if d.opts.Console == nil || t.InstanceID == "" {
			return nil, finalf("set host_key to known_hosts or accept-new",
				"%s has no console to read host keys from", t.name())
		}
		return d.consoleOf(t.InstanceID), nil
	}
	return nil, finalf("set host_key to console, known_hosts or accept-new", "unknown host_key %q", a.HostKey)
}

func (d *Dialer) consoleOf(instanceID string) *consoleKeys {
	pace := d.paceOf("console", instanceID)
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.consoles[instanceID]
	if c == nil {
		c = &consoleKeys{pace: pace, read: func(ctx context.Context) (string, error) {
			return d.opts.Console(ctx, instanceID)
		}}
		d.consoles[instanceID] = c
	}
	return c
}

// paceOf returns what keeps calls to EC2 about one thing apart.
func (d *Dialer) paceOf(what, instanceID string) *pace {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.paces[what+" "+instanceID]
	if p == nil {
		p = &pace{pauses: d.opts.EC2Pauses}
		d.paces[what+" "+instanceID] = p
	}
	return p
}

// bastionServer says how to log in to the bastion.
func (d *Dialer) bastionServer() (sshServer, error) {
	b := d.opts.Bastion
	address := b.Address
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(address, "22")
	}
	s := sshServer{
		address:    address,
		user:       b.User,
		identities: b.IdentityFiles,
		algorithms: b.Algorithms,
		getenv:     d.opts.Getenv,
		timeout:    d.opts.LoginTimeout,
	}
	var err error
	switch b.HostKey {
	case HostKeyKnownHosts, "":
		s.keys, err = openKnownHosts(b.KnownHosts, d.opts.Getenv)
	case HostKeyAcceptNew:
		s.keys = pinned{d.pins, address}
	default:
		err = finalf("set the bastion's host_key to known_hosts or accept-new",
			"the bastion's host key cannot be verified by %q", b.HostKey)
	}
	return s, err
}
