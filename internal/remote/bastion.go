package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// keepAlive is how often the bastion is asked whether it is still there, and how
// long it may take to answer.
const keepAlive = 15 * time.Second

// bastionLink is the one connection to the bastion that all instances share. It
// is made when it is first needed, and again when it died.
type bastionLink struct {
	server func() (sshServer, error)
	life   context.Context // ends when the Dialer is closed

	mu      sync.Mutex
	client  *ssh.Client
	pending *bastionLogin
}

// bastionLogin is a login that is under way and that all callers wait for.
type bastionLogin struct {
	done   chan struct{}
	client *ssh.Client
	err    error
}

// get returns the connection, making it if there is none.
func (b *bastionLink) get(ctx context.Context) (*ssh.Client, error) {
	b.mu.Lock()
	if b.client != nil {
		defer b.mu.Unlock()
		return b.client, nil
	}
	if b.pending == nil {
		b.pending = &bastionLogin{done: make(chan struct{})}
		go b.login(b.pending)
	}
	login := b.pending
	b.mu.Unlock()
	select {
	case <-login.done:
		return login.client, login.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (b *bastionLink) login(l *bastionLogin) {
	server, err := b.server()
	if err == nil {
		var d net.Dialer
		l.client, err = server.connect(b.life, d.DialContext)
	}
	if err != nil {
		l.err = bastionError(server, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.client, b.pending = l.client, nil
	close(l.done)
	if l.client != nil {
		go b.watch(l.client)
	}
}

func bastionError(server sshServer, err error) error {
	var dns *net.DNSError
	var op *net.OpError
	var refused *refusedLogin
	wrapped := fmt.Errorf("cannot connect to bastion %s@%s: %w", server.user, server.address, err)
	switch {
	case errors.As(err, &refused): // it is up, so this is its answer
		return &fault{err: errors.New(wrapped.Error()), hint: refused.hint, final: true}
	case errors.As(err, &dns) && dns.IsNotFound:
		return finalf("check the bastion's address", "%w", wrapped)
	case errors.As(err, &op):
		return temporaryf("check the bastion's address, and that it lets this machine in", "%w", wrapped)
	}
	return wrapped
}

// watch forgets the connection when it ends, and ends it when the bastion does
// not answer any more.
func (b *bastionLink) watch(client *ssh.Client) {
	ended := make(chan struct{})
	go func() {
		_ = client.Wait()
		b.forget(client)
		close(ended)
	}()
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-b.life.Done():
			client.Close()
			return
		case <-tick.C:
			silence := time.AfterFunc(keepAlive, func() { client.Close() })
			_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
			silence.Stop()
			if err != nil {
				client.Close()
			}
		}
	}
}

func (b *bastionLink) forget(client *ssh.Client) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.client == client {
		b.client = nil
	}
}

// forward opens TCP connections from the bastion.
func forward(client *ssh.Client) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := client.DialContext(ctx, network, address)
		var refused *ssh.OpenChannelError
		switch {
		case err == nil:
			return conn, nil
		case errors.As(err, &refused) && (refused.Reason == ssh.Prohibited || refused.Reason == ssh.UnknownChannelType):
			return nil, finalf("allow it on the bastion: AllowTcpForwarding local, and PermitOpen if it is set",
				"the bastion does not forward connections to %s: %w", address, err)
		case errors.As(err, &refused):
			return nil, temporaryf("", "the bastion cannot reach %s: %w", address, err)
		}
		return nil, temporaryf("", "the connection to the bastion was lost: %w", err)
	}
}
