package realhost

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// dialLimit bounds how long a relayed connection waits for the other side.
const dialLimit = 10 * time.Second

// relay passes a connection on to an address of the network and returns when
// both directions have ended.
func (n *Network) relay(near net.Conn, to netip.AddrPort) {
	defer near.Close()
	ctx, cancel := context.WithTimeout(context.Background(), dialLimit)
	defer cancel()
	far, err := n.Dial(ctx, to)
	if err != nil {
		return
	}
	defer far.Close()
	if !n.track(near, far) {
		return
	}
	defer n.untrack(near, far)
	var both sync.WaitGroup
	both.Go(func() { pass(far, near) })
	both.Go(func() { pass(near, far) })
	both.Wait()
}

// pass copies one direction and passes its end on.
func pass(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if half, ok := to.(*net.TCPConn); ok && err == nil {
		err = half.CloseWrite()
	}
	if err != nil {
		to.Close()
		from.Close()
	}
}

// track lets Close cut the connections; it is false when Close was called.
func (n *Network) track(conns ...net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range conns {
		n.conns[c] = struct{}{}
	}
	return !n.closed
}

func (n *Network) untrack(conns ...net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range conns {
		delete(n.conns, c)
	}
}
