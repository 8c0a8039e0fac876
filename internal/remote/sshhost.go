package remote

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/verify"
)

// SSHHost is a host with a POSIX shell behind an SSH connection. Its methods may
// be called side by side. When a context ends while one runs, the connection is
// closed, and all later calls fail.
type SSHHost struct {
	name     string // for errors
	run      runFunc
	opened   func(ctx context.Context) error // see sessions.opened
	close    func() error
	limit    time.Duration // for a command, 0 for none
	patience time.Duration // until a command's first sign of life
}

// runFunc runs a command; see sessions.run.
type runFunc func(ctx context.Context, r request) (streams, error)

// newSSHHost starts the usual command ahead, "" for none.
func newSSHHost(name string, client *ssh.Client, usual string, limit, patience time.Duration) *SSHHost {
	all := newSessions(client, usual)
	return &SSHHost{name: name, run: all.run, opened: all.opened, close: client.Close, limit: limit, patience: patience}
}

// settle waits until the host has answered to the first sessions, so that the
// first commands cost a single round trip each; or else closes the connection.
func (h *SSHHost) settle(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, temporaryf("", "no session within %v", limit))
	defer cancel()
	err := h.opened(ctx)
	if err != nil {
		_ = h.close()
	}
	return err
}

// Close ends the connection.
func (h *SSHHost) Close() error { return h.close() }

func (h *SSHHost) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if h.limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, h.limit, temporaryf("", "no answer within %v", h.limit))
}

// Read reports what stands at each path, in order, with the content of files up
// to 8 MiB.
func (h *SSHHost) Read(ctx context.Context, paths []string) ([]verify.File, error) {
	changes := make([]verify.Change, len(paths))
	for i, p := range paths {
		changes[i].Path = p
	}
	a, err := h.script(ctx, "read", changes)
	if err == nil && a.end != "ok" {
		err = temporaryf("", "the host's answer ended with %q", a.end)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read files on %s: %w", h.name, err)
	}
	return a.files, nil
}

// Replace replaces all the files whose content is an expected old one, or, if
// any of them holds anything but old or new, none of them: then the error is a
// *verify.Refusal. It returns what stood there before, in order. After any
// other error some may have been replaced; Replace again goes on.
func (h *SSHHost) Replace(ctx context.Context, changes []verify.Change) ([]verify.File, error) {
	asked := make([]verify.Change, len(changes))
	for i, c := range changes {
		if c.New == nil {
			c.New = []byte{}
		}
		asked[i] = c
	}
	a, err := h.script(ctx, "replace", asked)
	if err != nil {
		return nil, fmt.Errorf("cannot replace files on %s: %w", h.name, err)
	}
	for i, c := range asked {
		if o := c.Judge(a.files[i]); !o.Passes() {
			return a.files, fmt.Errorf("cannot replace files on %s: %w", h.name, &verify.Refusal{Change: c, Seen: a.files[i], Outcome: o})
		}
	}
	if err := a.replaceError(asked); err != nil {
		return a.files, fmt.Errorf("cannot replace files on %s: %w", h.name, err)
	}
	return a.files, nil
}

// replaceError names the first file that could not be replaced, and those that
// were before it failed.
func (a *posixAnswer) replaceError(asked []verify.Change) error {
	var done []string
	for i, replaced := range a.replaced {
		if replaced {
			done = append(done, asked[i].Path)
		}
	}
	for i, words := range a.failed {
		if words == "" {
			continue
		}
		if len(done) > 0 {
			words += " (already replaced: " + strings.Join(done, ", ") + ")"
		}
		return temporaryf(hintFor(words), "%s: %s", asked[i].Path, words)
	}
	if a.end != "ok" {
		return temporaryf("", "the host's answer ended with %q", a.end)
	}
	for i, c := range asked {
		if !a.replaced[i] && c.Judge(a.files[i]) == verify.MatchOld {
			return temporaryf("", "%s: the host did not say that it was replaced", c.Path)
		}
	}
	return nil
}

// hintFor knows sudo's complaints.
func hintFor(words string) string {
	switch {
	case strings.Contains(words, "must have a tty"):
		return "the host's sudoers has requiretty: log in as the file's owner or as root"
	case strings.Contains(words, "password is required"), strings.Contains(words, "illegal option"),
		strings.Contains(words, "invalid option -- 'n'"), strings.Contains(words, "sudo: not found"),
		strings.Contains(words, "sudo: command not found"):
		return "log in as a user who may write there, or let this one use sudo without a password"
	}
	return ""
}

// script runs the POSIX script and reads its answer to the end.
func (h *SSHHost) script(ctx context.Context, mode string, changes []verify.Change) (*posixAnswer, error) {
	paths := make([]string, len(changes))
	for i, c := range changes {
		if err := checkPath(c.Path); err != nil {
			return nil, err
		}
		if err := checkDigests(c); err != nil {
			return nil, err
		}
		paths[i] = c.Path
	}
	return h.ask(ctx, mode, posixRequest(changes), paths)
}

// ask sends the script with what it is to do. Paths are those of the files that
// the answer numbers.
func (h *SSHHost) ask(ctx context.Context, mode, text string, paths []string) (*posixAnswer, error) {
	nonce := newNonce()
	ctx, cancel := h.limited(ctx)
	defer cancel()
	out, err := h.run(ctx, request{command: posixShell, stdin: []byte(posixArguments(mode, nonce) + text), patience: h.patience})
	if err != nil {
		return nil, err
	}
	a, err := parsePosix(out.Stdout, nonce, paths)
	if err != nil {
		return nil, temporaryf("", "%w", err)
	}
	if a.end == "" {
		return nil, brokenOff(a, out)
	}
	return a, nil
}

// brokenOff says what came instead of an answer: the words of a login shell that
// runs nothing, of a forced command, of a shell that did not get the whole script.
func brokenOff(a *posixAnswer, out streams) error {
	said := a.noise
	if errs := strings.TrimSpace(string(out.Stderr)); errs != "" {
		said = strings.TrimSpace(said + "\n" + errs)
	}
	if len(said) > 300 {
		said = said[:300] + "…"
	}
	if said == "" {
		return temporaryf("", "the script did not run to its end (exit status %d)", out.Status)
	}
	return temporaryf("the account needs a login shell that runs commands",
		"the script did not run to its end (exit status %d); the host said: %q", out.Status, said)
}

// newNonce makes the mark of one answer, which also names its temporary files.
func newNonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
