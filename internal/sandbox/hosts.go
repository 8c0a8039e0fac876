package sandbox

import (
	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
	"github.com/amirotate/amirotate/internal/sandbox/winhost"
)

// drivers are those of the in-process hosts.
func (s *Sandbox) drivers(net *network.Network, pace *clock.Clock, k *keys, faults machine.Faults) map[string]machine.Driver {
	died := func(instance string) {
		for _, state := range s.states {
			state.PowerFail(instance)
		}
	}
	return map[string]machine.Driver{
		scenario.Linux: posixhost.New(posixhost.Options{
			Network: net, Clock: pace, AuthorizedKeys: k.authorized(), Faults: faults, Died: died,
		}),
		scenario.Windows: winhost.New(winhost.Options{
			Network: net, Clock: pace, Password: k.password, CA: k.authority, AuthorizedKeys: k.authorized(), Faults: faults, Died: died,
		}),
	}
}
