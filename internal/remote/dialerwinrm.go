package remote

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/amirotate/amirotate/internal/hint"
	"github.com/amirotate/amirotate/internal/remote/winrm"
)

// Ports on which Windows serves WinRM.
const (
	portHTTP  = 5985
	portHTTPS = 5986
)

func (d *Dialer) attemptWinRM(ctx context.Context, t Target, a Access, dial dialFunc) (Host, error) {
	https, port := !a.NoTLS && a.Port != portHTTP, portHTTPS
	if !https {
		port = portHTTP
	}
	tls, err := d.verification(t, a)
	switch {
	case err != nil:
		return nil, err
	case !https && (a.Fingerprint != "" || a.CAFile != ""):
		return nil, finalf("leave fingerprint and ca_file out, or use port 5986", "without TLS there is no certificate to verify")
	}
	password, err := d.passwordOf(ctx, t.InstanceID, a.Password)
	if err != nil {
		return nil, err
	}
	host, err := winrm.Dial(ctx, winrm.Options{
		Address:        withPort(t.Address, a.Port, port),
		Dial:           dial,
		User:           a.User,
		Password:       password,
		Auth:           a.Auth,
		HTTPS:          https,
		TLS:            tls,
		ConnectTimeout: d.opts.LoginTimeout,
		CommandTimeout: d.opts.CommandTimeout,
	})
	if err != nil {
		return nil, explainWinRM(err, a.User)
	}
	return host, nil
}

// explainWinRM takes the error apart, so that the host is named once, by Dial.
func explainWinRM(err error, user string) error {
	var e *winrm.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Kind == winrm.Denied {
		return &refusedLogin{hint: e.Hint(), err: fmt.Errorf("user %s may not log in: %w", user, e.Err)}
	}
	if hint.Of(e.Err) != "" {
		return e.Err // an error of our own dial
	}
	return &fault{err: e.Err, hint: e.Hint(), final: e.Final() || IsFinal(e.Err)}
}

// verification says which certificates of an instance are trusted: the pinned
// one, those of the CA file, and by HostKey the one that the console shows or
// the one that was seen first.
func (d *Dialer) verification(t Target, a Access) (winrm.Verification, error) {
	var v winrm.Verification
	if a.Fingerprint != "" {
		v.Pinned = []string{a.Fingerprint}
	}
	if a.CAFile != "" {
		var err error
		if v.CAs, err = os.ReadFile(a.CAFile); err != nil {
			return v, finalf("", "cannot read the authorities' certificates: %w", err)
		}
	}
	switch {
	case a.HostKey == HostKeyAcceptNew:
		v.AcceptNew = func(_ context.Context, c *x509.Certificate) error {
			return d.pins.accept(t.name(), winrm.Fingerprint(c))
		}
	case a.HostKey == HostKeyConsole || a.HostKey == "" && a.Fingerprint == "" && a.CAFile == "":
		if d.opts.Console != nil && t.InstanceID != "" {
			v.Console = d.thumbprints(t.InstanceID)
		}
	}
	return v, nil
}

// thumbprints reads those of an instance from its console, at EC2's pace.
func (d *Dialer) thumbprints(instanceID string) func(context.Context) ([]string, error) {
	pace := d.paceOf("console", instanceID)
	return func(ctx context.Context) ([]string, error) {
		if err := pace.wait(ctx); err != nil {
			return nil, err
		}
		text, err := d.opts.Console(ctx, instanceID)
		if err != nil {
			return nil, err
		}
		return winrm.ConsoleThumbprints([]byte(text)), nil
	}
}
