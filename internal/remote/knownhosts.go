package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// knownHosts takes the keys that known_hosts files name.
type knownHosts struct {
	files []string
	check ssh.HostKeyCallback
}

// openKnownHosts reads the files; without any, those of the user and of the
// system that exist.
func openKnownHosts(files []string, getenv func(string) string) (*knownHosts, error) {
	if len(files) == 0 {
		files = defaultKnownHosts(getenv("HOME"))
	}
	check, err := knownhosts.New(files...)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, finalf("make it with ssh-keyscan, and compare the fingerprints", "cannot read known hosts: %w", err)
	}
	if err != nil {
		return nil, finalf("", "cannot read known hosts: %w", err)
	}
	return &knownHosts{files: files, check: check}, nil
}

func defaultKnownHosts(home string) []string {
	var files []string
	for _, f := range []string{filepath.Join(home, ".ssh", "known_hosts"), "/etc/ssh/ssh_known_hosts"} {
		if _, err := os.Stat(f); err == nil {
			files = append(files, f)
		}
	}
	return files
}

// algorithms are those of the keys that the files hold for the host, so that
// the server shows one that can be compared.
func (k *knownHosts) algorithms(address string) ([]string, error) {
	var known *knownhosts.KeyError
	err := k.check(address, unknownAddr{}, noKey{})
	if !errors.As(err, &known) || len(known.Want) == 0 {
		return nil, k.unknown(address, "")
	}
	var plain, certified []string
	for _, want := range known.Want {
		if isAuthority(want) {
			certified = ssh.SupportedAlgorithms().HostKeys
			certified = slices.DeleteFunc(certified, func(a string) bool { return !strings.Contains(a, "-cert-") })
			continue
		}
		for _, a := range algorithmsOf(want.Key.Type()) {
			if !slices.Contains(plain, a) {
				plain = append(plain, a)
			}
		}
	}
	return append(certified, plain...), nil
}

func (k *knownHosts) verify(_ context.Context, address string, remote net.Addr, key ssh.PublicKey) error {
	err := k.check(address, remote, key)
	var known *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &revoked):
		return finalf("", "the host key %s of %s is revoked by %s:%d",
			fingerprint(key), address, revoked.Revoked.Filename, revoked.Revoked.Line)
	case errors.As(err, &known) && len(known.Want) == 0:
		return k.unknown(address, "; it shows "+fingerprint(key))
	case errors.As(err, &known):
		return changed(address, key, known.Want)
	}
	return finalf("", "the host key %s of %s cannot be verified: %w", fingerprint(key), address, err)
}

func (k *knownHosts) unknown(address, shown string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, "22"
	}
	file := "~/.ssh/known_hosts"
	if len(k.files) > 0 {
		file = k.files[0]
	}
	return finalf(fmt.Sprintf("compare its fingerprint with what its owner tells you, then: ssh-keyscan -p %s %s >>%s", port, host, file),
		"the host key of %s is unknown: no line for %s in %s%s",
		address, knownhosts.Normalize(address), strings.Join(k.files, ", "), shown)
}

// changed names the lines that the key should have matched, first those of the
// same type.
func changed(address string, key ssh.PublicKey, want []knownhosts.KnownKey) error {
	line := want[0]
	for _, w := range want {
		if w.Key.Type() == key.Type() {
			line = w
			break
		}
	}
	return finalf(fmt.Sprintf("somebody may be in between; if the host was made anew, remove line %d of %s and add its new key",
		line.Line, line.Filename),
		"the host key of %s has changed: it shows %s, but %s:%d says %s",
		address, fingerprint(key), line.Filename, line.Line, fingerprint(line.Key))
}

// isAuthority looks up whether the line is one of an authority, which the
// package that read it does not tell.
func isAuthority(k knownhosts.KnownKey) bool {
	b, err := os.ReadFile(k.Filename)
	if err != nil {
		return false
	}
	lines := strings.Split(string(b), "\n")
	return k.Line >= 1 && k.Line <= len(lines) &&
		strings.HasPrefix(strings.TrimSpace(lines[k.Line-1]), "@cert-authority")
}

// unknownAddr and noKey match nothing: asked for them, known_hosts answers with
// what it would have expected.
type unknownAddr struct{}

func (unknownAddr) Network() string { return "tcp" }
func (unknownAddr) String() string  { return "0.0.0.0:0" }

type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }
