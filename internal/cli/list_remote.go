package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

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
	at     posixAddress
	getenv func(string) string
}

// listPatience bounds one visit to the list's computer.
const listPatience = time.Minute

func (g *globals) newRemoteList(c *config.Config) (*remoteList, error) {
	at, err := parsePOSIXAddress(c.SlaveList, g.Getenv("USER"))
	if err == nil && len(at.path) < 2 {
		err = fmt.Errorf("%s names no file", c.SlaveList)
	}
	if err != nil {
		return nil, usagef("write it as ssh://user@host/path", "cannot use the slave list: %w", err)
	}
	at.access.IdentityFiles = c.Bastion.IdentityFiles
	if c.Bastion.KnownHosts != "" {
		at.access.KnownHosts = []string{c.Bastion.KnownHosts}
	}
	return &remoteList{name: c.SlaveList, at: at, getenv: g.Getenv}, nil
}

// problems are found by Read, which has been there before anything is launched.
func (*remoteList) problems() []rotate.Problem { return nil }

func (l *remoteList) previous() listStore {
	before := *l
	before.name, before.at.path = l.name+previousSuffix, l.at.path+previousSuffix
	return &before
}

// visit connects, does something and disconnects.
func (l *remoteList) visit(ctx context.Context, do func(context.Context, *posixHost) error) error {
	ctx, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	host, err := l.at.dial(ctx, l.at.host, remote.DialerOptions{Getenv: l.getenv})
	if err != nil {
		return err
	}
	defer host.Close()
	return do(ctx, host)
}

func (l *remoteList) Read(ctx context.Context) (data []byte, err error) {
	err = l.visit(ctx, func(ctx context.Context, host *posixHost) error {
		files, err := host.Read(ctx, []string{l.at.path})
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

// Replace first copies the list beside itself, with mode and owner, in one step.
func (l *remoteList) Replace(ctx context.Context, old, new []byte) error {
	return l.visit(ctx, func(ctx context.Context, host *posixHost) error {
		change := verify.Change{Path: l.at.path, Old: []verify.Digests{verify.Of(old)}, New: new}
		now, err := host.Read(ctx, []string{l.at.path})
		if err != nil {
			return err
		}
		if change.Judge(now[0]) != verify.MatchOld {
			return fmt.Errorf("cannot rewrite %s: %w", l.name, rotate.ErrListChanged)
		}
		if err := host.Copy(ctx, l.at.path, path.Base(l.at.path)+previousSuffix); err != nil {
			return err
		}
		_, err = host.Replace(ctx, []verify.Change{change})
		var refusal *verify.Refusal
		if errors.As(err, &refusal) {
			return fmt.Errorf("cannot rewrite %s: %w", l.name, rotate.ErrListChanged)
		}
		return err
	})
}
