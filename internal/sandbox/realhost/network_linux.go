package realhost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// The network's addresses are those that the sandbox's EC2 gives to instances.
// They are loopback's: a client that forgets the bastion meets its own machine.
const (
	prefixBits      = 16
	metadataAddress = "169.254.169.254"
	bridgeAddress   = "127.66.0.1"
)

// Network is a bridge, in a network namespace of its own, that hosts are
// plugged into.
type Network struct {
	thread   *thread
	metadata *metadata

	mu        sync.Mutex
	closed    bool
	cards     int
	hosts     map[*Host]struct{}
	listeners []net.Listener
	conns     map[net.Conn]struct{}
	serving   sync.WaitGroup
}

// NewNetwork makes a network without hosts. Its metadata service listens when
// it returns.
func NewNetwork(ctx context.Context) (*Network, error) {
	t, err := newThread()
	if err != nil {
		return nil, err
	}
	n := &Network{thread: t, hosts: map[*Host]struct{}{}, conns: map[net.Conn]struct{}{}}
	if err := n.build(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot make a network: %w", err), n.Close())
	}
	return n, nil
}

func (n *Network) build(ctx context.Context) error {
	for _, args := range []string{
		"link add br0 type bridge",
		"addr add " + bridgeAddress + "/" + fmt.Sprint(prefixBits) + " dev br0",
		"addr add " + metadataAddress + "/32 dev br0",
		"link set br0 up",
	} {
		if err := n.thread.run(exec.CommandContext(ctx, "ip", strings.Fields(args)...)); err != nil {
			return err
		}
	}
	// A thread sees its own namespace's settings, a process its first thread's.
	if err := n.thread.run(exec.CommandContext(ctx, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet")); err != nil {
		return err
	}
	var l net.Listener
	err := n.thread.within(func() (err error) {
		l, err = net.Listen("tcp", metadataAddress+":80")
		return err
	})
	if err == nil {
		n.metadata = serveMetadata(l)
	}
	return err
}

// Dial connects to an address of the network.
func (n *Network) Dial(ctx context.Context, to netip.AddrPort) (conn net.Conn, err error) {
	err = n.thread.within(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", to.String())
		return err
	})
	return conn, err
}

// Forward listens on a port of the machine's loopback and passes what connects
// there on to an address of the network, until the network is closed.
func (n *Network) Forward(to netip.AddrPort) (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot forward to %s: %w", to, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		_ = l.Close()
		return "", fmt.Errorf("cannot forward to %s: %w", to, errNetworkClosed)
	}
	n.listeners = append(n.listeners, l)
	n.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n.serving.Go(func() { n.relay(conn, to) })
		}
	})
	return l.Addr().String(), nil
}

// plug gives a host a network card.
func (n *Network) plug(ctx context.Context, pid int) error {
	n.mu.Lock()
	n.cards++
	port := fmt.Sprint("port", n.cards)
	n.mu.Unlock()
	for _, args := range []string{
		fmt.Sprintf("link add %s type veth peer name eth0 netns %d", port, pid),
		"link set " + port + " master br0 up",
	} {
		if err := n.thread.run(exec.CommandContext(ctx, "ip", strings.Fields(args)...)); err != nil {
			return err
		}
	}
	return nil
}

// closeLimit bounds how long Close waits for each host.
const closeLimit = 30 * time.Second

// Close shuts all hosts down and ends everything else. It may be called twice.
func (n *Network) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return nil
	}
	n.closed = true
	for _, l := range n.listeners {
		_ = l.Close()
	}
	for conn := range n.conns {
		conn.Close()
	}
	hosts := make([]*Host, 0, len(n.hosts))
	for h := range n.hosts {
		hosts = append(hosts, h)
	}
	n.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	errs := make([]error, len(hosts))
	var down sync.WaitGroup
	for i, h := range hosts {
		down.Go(func() { errs[i] = h.Shutdown(ctx) })
	}
	down.Wait()
	n.serving.Wait()
	if n.metadata != nil {
		errs = append(errs, n.metadata.close())
	}
	return errors.Join(append(errs, n.thread.end())...)
}
