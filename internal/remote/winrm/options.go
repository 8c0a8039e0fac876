package winrm

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Ways to prove who we are.
const (
	// NTLM works on every Windows as it comes. The password never leaves us.
	NTLM = "ntlm"
	// Basic has to be allowed on the server and saves a request.
	Basic = "basic"
)

// Default time-outs, real time.
const (
	DefaultConnectTimeout   = 15 * time.Second
	DefaultOperationTimeout = 20 * time.Second
	DefaultCommandTimeout   = 5 * time.Minute
)

// Options say how a computer is reached.
type Options struct {
	Address string // host:port; WinRM over HTTPS is 5986, over HTTP 5985
	// Dial opens the TCP connection, directly or through a bastion; nil is a
	// plain net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	User     string // user, DOMAIN\user or user@domain
	Password string
	Auth     string // NTLM ("" too) or Basic

	// HTTPS, or else HTTP with every message encrypted and signed by NTLM, as
	// Windows takes it on port 5985 as it comes. Then the server proves no more
	// than that it knows the password, TLS is not used and Auth must be NTLM.
	// Nothing is ever sent in plain text: without encryption it fails.
	HTTPS bool
	TLS   Verification

	// ConnectTimeout bounds TCP connect and TLS handshake together.
	ConnectTimeout time.Duration
	// OperationTimeout is how long the server may hold one request back before
	// it says that there is no output yet.
	OperationTimeout time.Duration
	// AnswerTimeout is how long a server may say nothing at all before it is
	// given up; 0 is ten seconds more than OperationTimeout.
	AnswerTimeout time.Duration
	// CommandTimeout bounds one script, from its start to its last output.
	CommandTimeout time.Duration
}

// Verification says which server certificates are trusted. They are tried in
// the order of the fields; one that vouches for the certificate is enough. The
// zero value trusts the system's authorities.
type Verification struct {
	// Pinned are fingerprints of the certificate in hexadecimal, SHA-256 or
	// SHA-1, with or without colons.
	Pinned []string
	// CAs are PEM certificates of authorities; none: the system's. The name in
	// the certificate must be ServerName.
	CAs        []byte
	ServerName string // "": the host of Address
	// Console returns fingerprints that the computer printed to its console,
	// and none as long as it has not. It is asked only when it matters.
	Console func(ctx context.Context) ([]string, error)
	// AcceptNew is asked last; nil as its error accepts the certificate for the
	// life of the Host. The caller remembers it for further ones.
	AcceptNew func(ctx context.Context, certificate *x509.Certificate) error
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	if o.Auth == "" {
		o.Auth = NTLM
	}
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = DefaultConnectTimeout
	}
	if o.OperationTimeout <= 0 {
		o.OperationTimeout = DefaultOperationTimeout
	}
	if o.AnswerTimeout <= 0 {
		o.AnswerTimeout = o.OperationTimeout + 10*time.Second
	}
	if o.CommandTimeout <= 0 {
		o.CommandTimeout = DefaultCommandTimeout
	}
	return o
}

// check finds settings that can never work.
func (o Options) check() error {
	host, _, err := net.SplitHostPort(o.Address)
	switch {
	case err != nil:
		return err
	case host == "":
		return errors.New("the address names no host")
	case !o.HTTPS && o.Auth == Basic:
		return errors.New("basic authentication over HTTP would show the password to everybody: use ntlm, which encrypts, or HTTPS (port 5986)")
	case o.Auth != NTLM && o.Auth != Basic:
		return fmt.Errorf("unknown authentication %q: it is %s or %s", o.Auth, NTLM, Basic)
	case o.User == "":
		return errors.New("no user")
	case o.Password == "":
		return errors.New("no password")
	case o.Auth == Basic && strings.Contains(o.User, ":"):
		return errors.New("a user with a colon cannot be sent with basic authentication")
	}
	return nil
}
