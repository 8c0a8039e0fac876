package sandbox

import (
	"context"
	"net/netip"
	"path/filepath"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
	"github.com/amirotate/amirotate/internal/sandbox/statichost"
	"github.com/amirotate/amirotate/internal/sandbox/winhost"
)

// startStatic starts the computers that EC2 knows nothing of.
func (s *Sandbox) startStatic(net *network.Network, pace *clock.Clock, k *keys, faults machine.Faults, from netip.Addr, hosts []scenario.Static) (err error) {
	root := func(name string) string { return filepath.Join(s.dir, "static", name, "root") }
	for _, h := range hosts {
		if err := ec2state.WriteFiles(root(h.Name), h.Platform, h.Files); err != nil {
			return err
		}
	}
	s.static, err = statichost.Start(context.Background(), statichost.Options{
		Network: net, Drivers: drivers(net, pace, k, faults, nil), From: from, Root: root,
	}, hosts)
	return err
}

// powerFail tells EC2 of an instance that lost its power.
func (s *Sandbox) powerFail(instance string) {
	for _, state := range s.states {
		state.PowerFail(instance)
	}
}

// drivers are those of the in-process hosts. died is told of each that loses its
// power by a fault.
func drivers(net *network.Network, pace *clock.Clock, k *keys, faults machine.Faults, died func(string)) map[string]machine.Driver {
	return map[string]machine.Driver{
		scenario.Linux: posixhost.New(posixhost.Options{
			Network: net, Clock: pace, AuthorizedKeys: k.authorized(), Faults: faults, Died: died,
		}),
		scenario.Windows: winhost.New(winhost.Options{
			Network: net, Clock: pace, Password: k.password, CA: k.authority, AuthorizedKeys: k.authorized(), Faults: faults, Died: died,
		}),
	}
}
