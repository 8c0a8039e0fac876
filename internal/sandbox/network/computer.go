package network

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// backlog is how many connections wait for Accept before further ones are
// dropped, as Linux's somaxconn of old.
const backlog = 128

// firstEphemeral is the lowest port that the dialling end of a connection gets.
const firstEphemeral = 32768

// Computer is one computer's place on the network.
type Computer struct {
	network *Network
	addr    netip.Addr
	groups  func() []machine.Group

	mu        sync.Mutex
	detached  bool
	nextPort  uint16 // of the far end, so that each connection has an address of its own
	listeners map[uint16]*listener
	conns     map[*Conn]struct{} // this computer's ends
}

// Addr returns the computer's address.
func (c *Computer) Addr() netip.Addr { return c.addr }

// Listen opens a port of the computer.
func (c *Computer) Listen(port uint16) (net.Listener, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := netip.AddrPortFrom(c.addr, port)
	if c.detached {
		return nil, fmt.Errorf("cannot listen on %s: the computer is off the network", at)
	}
	if c.listeners[port] != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", at, syscall.EADDRINUSE)
	}
	l := &listener{computer: c, at: at, queue: make(chan *Conn, backlog), done: make(chan struct{})}
	c.listeners[port] = l
	return l, nil
}

// Detach unplugs the computer: its listeners and connections end at once, at
// both ends, and its address is free. It may be called twice.
func (c *Computer) Detach() {
	c.network.mu.Lock()
	if c.network.computers[c.addr] == c {
		delete(c.network.computers, c.addr)
	}
	c.network.mu.Unlock()

	c.mu.Lock()
	c.detached = true
	listeners, conns := c.listeners, c.conns
	c.listeners, c.conns = nil, nil
	c.mu.Unlock()
	for _, l := range listeners {
		l.shut()
	}
	for conn := range conns {
		conn.Reset()
	}
}

// accept queues a new connection at the port's listener and returns its far end.
func (c *Computer) accept(from netip.Addr, port uint16) (*Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.detached {
		return nil, errDropped
	}
	l := c.listeners[port]
	if l == nil {
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	far := netip.AddrPortFrom(from, firstEphemeral+c.nextPort%(65535-firstEphemeral))
	c.nextPort++
	theirs, ours := pair(far, l.at, c.network.latency)
	ours.forget = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.conns, ours)
	}
	select {
	case l.queue <- ours:
	default:
		return nil, errDropped
	}
	c.conns[ours] = struct{}{}
	return theirs, nil
}

// listener is an open port.
type listener struct {
	computer *Computer
	at       netip.AddrPort
	queue    chan *Conn
	once     sync.Once
	done     chan struct{}
}

// Accept returns the next connection, a *Conn.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
	}
	select {
	case conn := <-l.queue:
		return conn, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close closes the port; connections that nobody accepted are reset, accepted
// ones live on.
func (l *listener) Close() error {
	l.computer.mu.Lock()
	if l.computer.listeners[l.at.Port()] == l {
		delete(l.computer.listeners, l.at.Port())
	}
	l.computer.mu.Unlock()
	l.shut()
	return nil
}

// shut ends Accept and resets what waits in the queue. The port is out of the
// computer's table by now, so nothing is queued any more.
func (l *listener) shut() {
	l.once.Do(func() {
		close(l.done)
		for {
			select {
			case conn := <-l.queue:
				conn.Reset()
			default:
				return
			}
		}
	})
}

func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }
