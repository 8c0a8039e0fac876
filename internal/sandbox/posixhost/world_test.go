package posixhost_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/bastion"
	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost"
)

// certPath is a file that every test host has.
const certPath = "/home/rustbuild/rust-buildbot/rust-bot-cert.pem"

// world is a network with a bastion and one host.
type world struct {
	t        *testing.T
	network  *network.Network
	bastion  *bastion.Bastion
	driver   machine.Driver
	computer machine.Computer
	spec     machine.Spec
	signer   ssh.Signer
	keyFile  string
	died     chan string
}

// script strikes deeds at points, each once.
type script map[string]string

func (s script) Strike(lineage []string, at string) string {
	deed := s[at]
	delete(s, at)
	return deed
}

func newWorld(t *testing.T, faults machine.Faults) *world {
	t.Helper()
	signer, keyFile := newKey(t)
	w := &world{t: t, network: network.New(), signer: signer, keyFile: keyFile, died: make(chan string, 1)}
	from := netip.MustParseAddr("127.66.0.10")
	b, err := bastion.Start(bastion.Options{
		Network: w.network, User: "ops", AuthorizedKeys: []ssh.PublicKey{signer.PublicKey()}, From: from,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	w.bastion = b
	w.driver = posixhost.New(posixhost.Options{
		Network: w.network, Clock: clock.New(0.001), AuthorizedKeys: []ssh.PublicKey{signer.PublicKey()},
		Faults: faults, Died: func(id string) { w.died <- id },
	})
	w.spec = machine.Spec{
		InstanceID: "i-0123456789abcdef0", ImageID: "ami-7fd23e3b", Lineage: []string{"ami-7fd23e3b"},
		Platform: "linux", User: "rustbuild", Address: netip.MustParseAddr("127.66.1.20"), Root: newRoot(t),
		Groups: func() []machine.Group {
			return []machine.Group{{ID: "sg-1", Ingress: []machine.Rule{
				{FromPort: 22, ToPort: 22, Prefixes: []netip.Prefix{netip.PrefixFrom(from, 32)}},
			}}}
		},
		FirstBoot: true, Boot: 25 * time.Second,
	}
	w.boot()
	return w
}

func (w *world) boot() {
	w.t.Helper()
	c, err := w.driver.Boot(w.t.Context(), w.spec)
	if err != nil {
		w.t.Fatal(err)
	}
	w.computer = c
	w.t.Cleanup(func() { c.Shutdown(context.Background()) })
}

func newRoot(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	file := filepath.Join(root, certPath)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("old certificate\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

// newKey makes a client key and writes it to a file for ssh -i.
func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "id_ed25519")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return signer, file
}

// dial logs in, waiting for the host to boot.
func (w *world) dial() (*ssh.Client, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	to := netip.AddrPortFrom(w.spec.Address, 22)
	for {
		conn, err := w.network.Dial(ctx, netip.MustParseAddr("127.66.0.10"), nil, to)
		if err != nil {
			if ctx.Err() == nil {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			return nil, err
		}
		return handshake(conn, w.spec.User, w.signer)
	}
}

func handshake(conn net.Conn, user string, signer ssh.Signer) (*ssh.Client, error) {
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	c, channels, requests, err := ssh.NewClientConn(conn, "host:22", &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return ssh.NewClient(c, channels, requests), nil
}

// run runs a command with an input and returns output and status.
func (w *world) run(line, input string) (stdout, stderr string, status int) {
	w.t.Helper()
	client, err := w.dial()
	if err != nil {
		w.t.Fatal(err)
	}
	defer client.Close()
	return runOn(w.t, client, line, strings.NewReader(input))
}

func runOn(t *testing.T, client *ssh.Client, line string, input io.Reader) (stdout, stderr string, status int) {
	t.Helper()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var out, errs bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = input, &out, &errs
	err = session.Run(line)
	var exit *ssh.ExitError
	switch {
	case errors.As(err, &exit):
		status = exit.ExitStatus()
	case err != nil:
		status = -1
	}
	return out.String(), errs.String(), status
}

// sshConfig writes a configuration by which ssh finds bastion and host.
func (w *world) sshConfig() string {
	w.t.Helper()
	host, port, err := net.SplitHostPort(w.bastion.Addr())
	if err != nil {
		w.t.Fatal(err)
	}
	dir := w.t.TempDir()
	known := filepath.Join(dir, "known_hosts")
	line := fmt.Sprintf("[%s]:%s %s", host, port, ssh.MarshalAuthorizedKey(w.bastion.HostKey()))
	for _, l := range consoleKeys(w.computer.Console()) {
		line += w.spec.Address.String() + " " + l + "\n"
	}
	if err := os.WriteFile(known, []byte(line), 0o600); err != nil {
		w.t.Fatal(err)
	}
	config := filepath.Join(dir, "config")
	text := fmt.Sprintf("Host bastion\n  HostName %s\n  Port %s\n  User ops\nHost *\n  IdentityFile %s\n  IdentitiesOnly yes\n"+
		"  UserKnownHostsFile %s\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  BatchMode yes\n", host, port, w.keyFile, known)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return config
}

// consoleKeys returns the public keys that a console shows.
func consoleKeys(console []byte) []string {
	_, after, _ := strings.Cut(string(console), "-----BEGIN SSH HOST KEY KEYS-----")
	body, _, _ := strings.Cut(after, "-----END SSH HOST KEY KEYS-----")
	return strings.FieldsFunc(body, func(r rune) bool { return r == '\r' || r == '\n' })
}

// tree lists a folder: mode, size or link text, and name of everything in it.
func tree(t *testing.T, root string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		what := ""
		switch {
		case info.Mode()&os.ModeSymlink != 0:
			what, _ = os.Readlink(path)
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what = fmt.Sprintf("%q", content)
		}
		fmt.Fprintf(&out, "%s %s %s\n", info.Mode(), rel, what)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
