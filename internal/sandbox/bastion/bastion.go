// Package bastion is the sandbox's jump host: a real SSH server on a loopback
// port through which alone the sandbox's network is reached.
//
// It forwards direct-tcpip channels (ssh -J, ssh -W, ssh -L) into the network,
// from its own address there and with its own security groups, and nowhere
// else; a name that is no address of the network is refused. It gives nobody a
// shell.
package bastion

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/network"
)

// connectTimeout is how long (in real time) a forwarded connection waits for an
// answer: what Linux's default of six SYN retries amounts to.
const connectTimeout = 127 * time.Second

// Options say what a bastion is.
type Options struct {
	Network        *network.Network
	Listen         string          // host:port to listen on; 127.0.0.1:0 if empty
	User           string          // the one user who may log in
	AuthorizedKeys []ssh.PublicKey // of any type
	HostKey        ssh.Signer      // an ed25519 key is made if nil
	From           netip.Addr      // the bastion's address on the network
	Groups         []string        // ids of the security groups that the bastion is in
}

// Bastion is a running jump host.
type Bastion struct {
	options Options
	config  *ssh.ServerConfig
	addr    string

	mu       sync.Mutex
	closed   bool
	listener net.Listener
	conns    map[net.Conn]struct{}
	serving  sync.WaitGroup
}

// Start listens and serves until Close.
func Start(o Options) (*Bastion, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.HostKey == nil {
		key, err := newHostKey()
		if err != nil {
			return nil, err
		}
		o.HostKey = key
	}
	b := &Bastion{options: o, addr: o.Listen, conns: make(map[net.Conn]struct{})}
	b.config = b.serverConfig()
	if err := b.listen(); err != nil {
		return nil, err
	}
	return b, nil
}

// Addr returns host and port that the bastion listens on.
func (b *Bastion) Addr() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.addr
}

// HostKey returns the key by which the bastion is known.
func (b *Bastion) HostKey() ssh.PublicKey { return b.options.HostKey.PublicKey() }

// Close stops listening and cuts every connection. It returns when nothing is
// served any more, and may be called twice.
func (b *Bastion) Close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.stop()
	return nil
}

// Restart cuts every connection, is away for a real duration and then listens
// again at the same address with the same host key, as a rebooted host does. If
// somebody's outgoing connection has taken the port meanwhile, it is away until
// that ends, or ctx does.
func (b *Bastion) Restart(ctx context.Context, away time.Duration) error {
	b.stop()
	for {
		t := time.NewTimer(away)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
		err := b.listen()
		if err == nil || ctx.Err() != nil || !errors.Is(err, syscall.EADDRINUSE) {
			return err
		}
		away = 10 * time.Millisecond
	}
}

func (b *Bastion) listen() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return errors.New("cannot start the bastion: it was closed")
	}
	if b.listener != nil {
		return nil
	}
	l, err := net.Listen("tcp", b.addr)
	if err != nil {
		return fmt.Errorf("cannot start the bastion: %w", err)
	}
	b.listener, b.addr = l, l.Addr().String()
	b.serving.Go(func() { b.acceptAll(l) })
	return nil
}

// stop cuts listener and connections and waits for their goroutines.
func (b *Bastion) stop() {
	b.mu.Lock()
	if b.listener != nil {
		b.listener.Close()
		b.listener = nil
	}
	for conn := range b.conns {
		reset(conn)
	}
	b.mu.Unlock()
	b.serving.Wait()
}

// reset closes a TCP connection with RST, so that its port is free at once.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

func (b *Bastion) acceptAll(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(10 * time.Millisecond) // out of descriptors: others will close
			continue
		}
		b.mu.Lock()
		if b.listener != l {
			b.mu.Unlock()
			conn.Close()
			return
		}
		b.conns[conn] = struct{}{}
		b.serving.Go(func() { b.serve(conn) })
		b.mu.Unlock()
	}
}

func newHostKey() (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make the bastion's host key: %w", err)
	}
	return ssh.NewSignerFromKey(private)
}
