package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/remote"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/verify"
)

// remoteList is a slave list on another computer, ssh://user@host:port/path. It
// is reached directly, with the bastion's identities and known hosts where
// those are given, else with the user's own.
type remoteList struct {
	name   string // the URL
	host   string
	path   string
	access remote.Access
	getenv func(string) string
}

// listPatience bounds one visit to the list's computer.
const listPatience = time.Minute

func (g *globals) newRemoteList(c *config.Config) (*remoteList, error) {
	u, err := url.Parse(c.SlaveList)
	if err != nil || u.Scheme != "ssh" || u.Hostname() == "" || len(u.Path) < 2 {
		return nil, usagef("write it as ssh://user@host/path", "cannot use the slave list %s: it is neither a path nor such a URL", c.SlaveList)
	}
	l := &remoteList{name: c.SlaveList, host: u.Hostname(), path: u.Path, getenv: g.Getenv, access: remote.Access{
		Platform: cloud.Linux, Transport: remote.TransportSSH, User: u.User.Username(), HostKey: remote.HostKeyKnownHosts,
		IdentityFiles: c.Bastion.IdentityFiles,
	}}
	if l.access.User == "" {
		l.access.User = g.Getenv("USER")
	}
	if c.Bastion.KnownHosts != "" {
		l.access.KnownHosts = []string{c.Bastion.KnownHosts}
	}
	if u.Port() != "" {
		if l.access.Port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, usagef("write it as ssh://user@host:22/path", "cannot use the slave list %s: %w", c.SlaveList, err)
		}
	}
	return l, nil
}

// problems are found by Read, which has been there before anything is launched.
func (*remoteList) problems() []rotate.Problem { return nil }

// visit connects, does something and disconnects.
func (l *remoteList) visit(ctx context.Context, do func(context.Context, *remote.SSHHost) error) error {
	ctx, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	dialer := remote.NewDialer(remote.DialerOptions{Getenv: l.getenv,
		Access: func(string) (remote.Access, error) { return l.access, nil }})
	defer dialer.Close()
	host, err := dialer.Dial(ctx, remote.Target{InstanceID: l.host, Address: l.host})
	if err != nil {
		return err
	}
	defer host.Close()
	ssh, ok := host.(*remote.SSHHost)
	if !ok {
		return fmt.Errorf("cannot use %s: it is no SSH host", l.host)
	}
	return do(ctx, ssh)
}

func (l *remoteList) Read(ctx context.Context) (data []byte, err error) {
	err = l.visit(ctx, func(ctx context.Context, host *remote.SSHHost) error {
		files, err := host.Read(ctx, []string{l.path})
		switch {
		case err != nil:
			return err
		case files[0].Status == verify.Missing:
			return usagef("check the path after the host", "cannot read the slave list %s: there is no such file", l.name)
		case files[0].Status != verify.Present:
			return usagef("check its permissions", "cannot read the slave list %s: %s", l.name, files[0].Problem)
		}
		data = files[0].Content
		return nil
	})
	if err != nil && ctx.Err() == nil && !isInput(err) {
		err = &usageError{fmt.Errorf("cannot read the slave list %s: %w", l.name, err), hintOf(err)}
	}
	return data, err
}

// keepScript copies the list beside itself, with mode and owner, in one step.
// Its own name for the copy is swept by the next replace if it is cut off.
const keepScript = `keep() {
	t=$(dirname -- "$1")/.amirotate-previous.$$
	trap 'rm -f -- "$t"' EXIT
	cp -p -- "$1" "$t" && mv -f -- "$t" "$1.previous"
}
keep "$1"
`

func (l *remoteList) Replace(ctx context.Context, old, new []byte) error {
	return l.visit(ctx, func(ctx context.Context, host *remote.SSHHost) error {
		change := verify.Change{Path: l.path, Old: []verify.Digests{verify.Of(old)}, New: new}
		now, err := host.Read(ctx, []string{l.path})
		if err != nil {
			return err
		}
		if change.Judge(now[0]) != verify.MatchOld {
			return fmt.Errorf("cannot rewrite %s: %w", l.name, rotate.ErrListChanged)
		}
		out, err := host.Exec(ctx, "exec /bin/sh -s -- "+quote(l.path), []byte(keepScript))
		if err != nil {
			return err
		}
		if out.Status != 0 {
			return fmt.Errorf("cannot keep what %s holds as %s: %s", l.name, previousSuffix, strings.TrimSpace(string(out.Stderr)))
		}
		_, err = host.Replace(ctx, []verify.Change{change})
		var refusal *verify.Refusal
		if errors.As(err, &refusal) {
			return fmt.Errorf("cannot rewrite %s: %w", l.name, rotate.ErrListChanged)
		}
		return err
	})
}

// quote makes a word of any text for a POSIX shell, csh and fish.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
