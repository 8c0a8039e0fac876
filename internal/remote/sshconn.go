package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// dialFunc opens a TCP connection, through the bastion or directly.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// sshServer is a server to log in to.
type sshServer struct {
	address    string // host:port
	user       string
	identities []string
	algorithms string
	keys       hostKeys
	getenv     func(string) string
	timeout    time.Duration // for connecting and logging in together
}

// connect logs in. The connection outlives ctx, which bounds the login alone.
func (s sshServer) connect(ctx context.Context, dial dialFunc) (*ssh.Client, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout,
		temporaryf("", "no answer within %v", s.timeout))
	defer cancel()
	id, err := loadIdentities(ctx, s.identities, s.getenv)
	if err != nil {
		return nil, err
	}
	defer id.close()
	algorithms, err := s.keys.algorithms(s.address)
	if err != nil {
		return nil, err
	}
	conn, err := dial(ctx, "tcp", s.address)
	if err != nil {
		return nil, err
	}
	return s.handshake(ctx, conn, id, algorithms)
}

func (s sshServer) handshake(ctx context.Context, conn net.Conn, id *identities, algorithms []string) (*ssh.Client, error) {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	var keyErr error
	config := &ssh.ClientConfig{
		User:              s.user,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(id.signers...)},
		HostKeyAlgorithms: algorithms,
		HostKeyCallback: func(_ string, remote net.Addr, key ssh.PublicKey) error {
			keyErr = s.keys.verify(ctx, s.address, remote, key)
			return keyErr
		},
	}
	if s.algorithms == AlgorithmsLegacy {
		offerLegacy(config)
	}
	c, chans, reqs, err := ssh.NewClientConn(conn, s.address, config)
	switch {
	case err == nil && !stop():
		c.Close()
		return nil, causeOf(ctx, ctx.Err())
	case err == nil:
		return ssh.NewClient(c, chans, reqs), nil
	}
	stop()
	conn.Close()
	switch {
	case keyErr != nil:
		return nil, causeOf(ctx, keyErr)
	case ctx.Err() != nil:
		return nil, causeOf(ctx, ctx.Err())
	}
	return nil, s.explain(err, id)
}

// explain turns the SSH library's words into ours.
func (s sshServer) explain(err error, id *identities) error {
	var negotiation *ssh.AlgorithmNegotiationError
	switch text := err.Error(); {
	case errors.As(err, &negotiation) && s.algorithms != AlgorithmsLegacy:
		return finalf("if it is an old server, allow its algorithms with ssh_algorithms: legacy",
			"no algorithm in common: %w", err)
	case errors.As(err, &negotiation):
		return finalf("", "no algorithm in common: %w", err)
	case strings.Contains(text, "unable to authenticate"):
		return &refusedLogin{
			hint: "check the user's name, and that one of these keys stands in its authorized_keys; an image with another user than the others gets an entry in overrides",
			err:  fmt.Errorf("user %s may not log in with any of the keys offered: %s", s.user, id.describe()),
		}
	}
	return temporaryf("", "%w", err)
}

// refusedLogin is a server that lets none of the keys in. While a host boots it
// may pass: keys are installed late, and logins closed until the boot is over.
type refusedLogin struct {
	err  error
	hint string
}

func (e *refusedLogin) Error() string { return e.err.Error() }
func (e *refusedLogin) Unwrap() error { return e.err }
func (e *refusedLogin) Hint() string  { return e.hint }

// Final is true: whoever knows that a host is still booting asks for the type.
func (e *refusedLogin) Final() bool { return true }

// offerLegacy adds what only old servers need, after all that is sound.
func offerLegacy(config *ssh.ClientConfig) {
	sound, old := ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()
	config.KeyExchanges = slices.Concat(sound.KeyExchanges, old.KeyExchanges)
	config.Ciphers = slices.Concat(sound.Ciphers, old.Ciphers)
	config.MACs = slices.Concat(sound.MACs, old.MACs)
	if config.HostKeyAlgorithms == nil {
		config.HostKeyAlgorithms = slices.Concat(sound.HostKeys, old.HostKeys)
	}
}

// causeOf puts the reason why ctx ended in the place of the error that this
// brought about.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !IsFinal(err) {
		return cause
	}
	return err
}
