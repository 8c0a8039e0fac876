package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/remote"
)

// posixAddress is a computer with a POSIX shell, and how it is reached.
type posixAddress struct {
	host   string
	path   string // of a file there, "" for none
	access remote.Access
}

// parsePOSIXAddress takes ssh://user@host:port/path apart. user is who logs in
// if it names nobody. The error names no address in which there may be a password.
func parsePOSIXAddress(address, user string) (posixAddress, error) {
	u, err := url.Parse(address)
	if err != nil {
		return posixAddress{}, errors.New("it is no URL")
	}
	if _, secret := u.User.Password(); secret {
		return posixAddress{}, errors.New("its URL must not hold a password: use an SSH key")
	}
	if u.Scheme != "ssh" || u.Hostname() == "" {
		return posixAddress{}, fmt.Errorf("%s is no such URL", address)
	}
	a := posixAddress{host: u.Hostname(), path: u.Path, access: remote.Access{
		Platform: cloud.Linux, Transport: remote.TransportSSH, User: user, HostKey: remote.HostKeyKnownHosts}}
	if u.User.Username() != "" {
		a.access.User = u.User.Username()
	}
	if u.Port() != "" {
		a.access.Port, err = strconv.Atoi(u.Port())
	}
	return a, err
}

// posixHost is a connection to such a computer by a way of its own, which closes
// with it.
type posixHost struct {
	*remote.SSHHost
	way *remote.Dialer
}

func (h *posixHost) Close() error { return errors.Join(h.SSHHost.Close(), h.way.Close()) }

// dial connects to a computer that is up, or is not. name is for errors.
func (a posixAddress) dial(ctx context.Context, name string, options remote.DialerOptions) (*posixHost, error) {
	options.Access = func(string) (remote.Access, error) { return a.access, nil }
	way := remote.NewDialer(options)
	dialed, err := way.Dial(ctx, remote.Target{InstanceID: name, Address: a.host, Settled: true})
	if err != nil {
		return nil, errors.Join(err, way.Close())
	}
	ssh, ok := dialed.(*remote.SSHHost)
	if !ok {
		return nil, errors.Join(fmt.Errorf("cannot use %s: it has no POSIX shell", name), dialed.Close(), way.Close())
	}
	return &posixHost{ssh, way}, nil
}
