// Package statichost runs the sandbox's static workers: computers that EC2 knows
// nothing of, which run already when the sandbox starts. Each is a host of the
// in-process network; one that is reached directly also has a port on loopback,
// which leads to it.
package statichost

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// Options say what the hosts run on.
type Options struct {
	Network *network.Network
	Drivers map[string]machine.Driver // by platform
	From    netip.Addr                // the bastion's address on the network
	Root    func(name string) string  // the folder that is a host's file system
}

// Host is one static host.
type Host struct {
	scenario.Static
	Addr     string          // host:port at which it is reached, directly or from the bastion
	HostKeys []ssh.PublicKey // of its SSH server; one that is down had a key, too

	computer machine.Computer
	door     *door
}

// firstAddress is above those that subnets begin with.
var firstAddress = netip.MustParseAddr("127.66.255.1")

// portOf is what a host listens on, by platform.
func portOf(platform string) uint16 {
	if platform == scenario.Windows {
		return 5986
	}
	return 22
}

// Start boots the hosts and returns when all that are not down answer. Those
// that were started are returned with an error, too.
func Start(ctx context.Context, o Options, hosts []scenario.Static) ([]*Host, error) {
	var started []*Host
	address := firstAddress
	for _, s := range hosts {
		h := &Host{Static: s}
		started = append(started, h)
		at := netip.AddrPortFrom(address, portOf(s.Platform))
		if err := h.start(ctx, o, at); err != nil {
			return started, fmt.Errorf("cannot start static host %s: %w", s.Name, err)
		}
		address = address.Next()
	}
	return started, nil
}

func (h *Host) start(ctx context.Context, o Options, at netip.AddrPort) error {
	h.Addr = at.String()
	var err error
	if h.Down {
		h.HostKeys, err = lostKeys()
	} else {
		err = h.boot(ctx, o, at)
	}
	if err != nil {
		return err
	}
	if h.Bastion {
		return nil
	}
	if h.door, err = openDoor(h.Address, func(ctx context.Context) (net.Conn, error) {
		return o.Network.Dial(ctx, o.From, nil, at)
	}, h.Down); err != nil {
		return err
	}
	h.Addr = h.door.listener.Addr().String()
	return nil
}

// lostKeys are those of a host that nobody will hear of.
func lostKeys() ([]ssh.PublicKey, error) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := ssh.NewPublicKey(public)
	return []ssh.PublicKey{key}, err
}

// boot switches the computer on and waits until it answers.
func (h *Host) boot(ctx context.Context, o Options, at netip.AddrPort) error {
	groups := []machine.Group{{Ingress: []machine.Rule{{ToPort: 65535, Prefixes: []netip.Prefix{netip.PrefixFrom(o.From, o.From.BitLen())}}}}}
	driver := o.Drivers[h.Platform]
	if driver == nil {
		return fmt.Errorf("nothing boots a computer of platform %s", h.Platform)
	}
	var err error
	h.computer, err = driver.Boot(ctx, machine.Spec{
		InstanceID: h.Name, Lineage: []string{h.Name}, Platform: h.Platform, User: h.User, Address: at.Addr(),
		Root: o.Root(h.Name), Groups: func() []machine.Group { return groups }, FirstBoot: true,
	})
	if err != nil {
		return err
	}
	if keyed, ok := h.computer.(interface{ HostKeys() []ssh.PublicKey }); ok {
		h.HostKeys = keyed.HostKeys()
	}
	return awaitPort(ctx, o.Network, at)
}

// bootLimit is how long (in real time) a host may take until it listens.
const bootLimit = 10 * time.Second

func awaitPort(ctx context.Context, n *network.Network, at netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(ctx, bootLimit)
	defer cancel()
	for !n.Listening(at) {
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not listen: %w", ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// Close ends the host and returns when nothing writes to its folder any more.
func (h *Host) Close() error {
	var errs []error
	if h.door != nil {
		errs = append(errs, h.door.close())
	}
	if h.computer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), bootLimit)
		defer cancel()
		errs = append(errs, h.computer.Shutdown(ctx))
	}
	return errors.Join(errs...)
}
