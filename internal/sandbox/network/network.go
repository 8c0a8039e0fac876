package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// synInterval is how often a dropped connection attempt is tried again, as TCP
// repeats its SYN. A computer that boots meanwhile, or a group that is opened,
// is found by that.
const synInterval = 50 * time.Millisecond

// Prefix is the address space that computers of the sandbox are given
// addresses from.
func Prefix() netip.Prefix { return netip.MustParsePrefix("127.66.0.0/16") }

// Network is a set of computers that can reach each other. Its methods may be
// called at any time by anyone.
type Network struct {
	latency time.Duration

	mu        sync.Mutex
	computers map[netip.Addr]*Computer
}

// Option changes how a network behaves.
type Option func(*Network)

// WithLatency delays every byte by a real duration on its way from one end of a
// connection to the other, and the opening of a connection by twice that.
func WithLatency(oneWay time.Duration) Option {
	return func(n *Network) { n.latency = oneWay }
}

// New returns a network without computers.
func New(options ...Option) *Network {
	n := &Network{computers: make(map[netip.Addr]*Computer)}
	for _, option := range options {
		option(n)
	}
	return n
}

// Attach plugs a computer in. Its groups are asked for at each connection. The
// address must be of Prefix and free.
func (n *Network) Attach(addr netip.Addr, groups func() []machine.Group) (*Computer, error) {
	if !Prefix().Contains(addr) {
		return nil, fmt.Errorf("cannot attach %s: not in %s", addr, Prefix())
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.computers[addr] != nil {
		return nil, fmt.Errorf("cannot attach %s: address is taken", addr)
	}
	c := &Computer{
		network:   n,
		addr:      addr,
		groups:    groups,
		listeners: make(map[uint16]*listener),
		conns:     make(map[*Conn]struct{}),
	}
	n.computers[addr] = c
	return c, nil
}

// Dial connects from an address, whose computer is a member of fromGroups, to a
// port. The error is a *net.OpError: ECONNREFUSED where nothing listens, and
// after ctx ended one that says time-out where the attempt was dropped.
func (n *Network) Dial(ctx context.Context, from netip.Addr, fromGroups []string, to netip.AddrPort) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: err}
	}
	retry := time.NewTicker(synInterval)
	defer retry.Stop()
	for {
		if ctx.Err() != nil {
			return fail(dialError(ctx.Err()))
		}
		conn, err := n.connect(from, fromGroups, to)
		if !errors.Is(err, errDropped) {
			if waitErr := pause(ctx, 2*n.latency); waitErr != nil {
				if conn != nil {
					conn.Close()
				}
				return fail(dialError(waitErr))
			}
			if err != nil {
				return fail(err)
			}
			return conn, nil
		}
		select {
		case <-ctx.Done():
		case <-retry.C:
		}
	}
}

// Listening tells whether a computer listens on a port. It is no connection
// attempt: the computer does not notice.
func (n *Network) Listening(at netip.AddrPort) bool {
	n.mu.Lock()
	c := n.computers[at.Addr()]
	n.mu.Unlock()
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.listeners[at.Port()] != nil
}

// errDropped is a connection attempt that gets no answer.
var errDropped = errors.New("no answer")

// connect makes one attempt: a connection, ECONNREFUSED or errDropped.
func (n *Network) connect(from netip.Addr, fromGroups []string, to netip.AddrPort) (*Conn, error) {
	n.mu.Lock()
	c := n.computers[to.Addr()]
	n.mu.Unlock()
	if c == nil || !admits(c.groups(), from, fromGroups, to.Port()) {
		return nil, errDropped
	}
	return c.accept(from, to.Port())
}

// dialError says of an ended context what a dialer's caller would hear.
func dialError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return os.NewSyscallError("connect", syscall.ETIMEDOUT)
	}
	return err
}

// pause waits a real duration or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
