//go:build unix

package remote

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/amirotate/amirotate/internal/hint"
	"github.com/amirotate/amirotate/internal/testenv"
)

// server is an OpenSSH server that runs as an ordinary process on loopback.
type server struct {
	address  string // host:port
	host     string
	port     int
	hostKey  ssh.PublicKey
	identity string // private key file that may log in
	user     string
	known    string // known_hosts file that names it
	log      *lockedBuffer
}

// lockedBuffer may be read while a process writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newKey(t testing.TB) crypto.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRSAKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// writeKey writes a private key, with a passphrase unless that is "".
func writeKey(t testing.TB, path string, key crypto.PrivateKey, passphrase string) ssh.Signer {
	t.Helper()
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "test")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "test", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(pem.EncodeToMemory(block)), 0o600)
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// startServer starts sshd with lines of configuration of its own.
func startServer(t testing.TB, lines ...string) *server {
	return startServerWithKey(t, newKey(t), lines...)
}

func startServerWithKey(t testing.TB, key crypto.PrivateKey, lines ...string) *server {
	t.Helper()
	program := testenv.Program(t, "sshd")
	if os.Getuid() == 0 {
		_ = os.MkdirAll("/run/sshd", 0o755) // where sshd as root separates its privileges
	}
	dir := t.TempDir()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{host: "127.0.0.1", port: freePort(t), user: me.Username, log: &lockedBuffer{},
		identity: filepath.Join(dir, "id"), known: filepath.Join(dir, "known_hosts")}
	s.address = net.JoinHostPort(s.host, strconv.Itoa(s.port))
	s.hostKey = writeKey(t, filepath.Join(dir, "host_key"), key, "").PublicKey()
	login := writeKey(t, s.identity, newKey(t), "")
	write(t, filepath.Join(dir, "authorized_keys"), string(ssh.MarshalAuthorizedKey(login.PublicKey())), 0o644)
	write(t, s.known, knownhosts.Line([]string{s.address}, s.hostKey)+"\n", 0o644)
	config := append([]string{
		"ListenAddress " + s.address,
		"HostKey " + filepath.Join(dir, "host_key"),
		"AuthorizedKeysFile " + filepath.Join(dir, "authorized_keys"),
		"PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
		"PermitRootLogin prohibit-password", "SetEnv HOME=" + dir, // no start-up files of whoever runs the tests
		"PrintMotd no", "UseDNS no",
	}, lines...)
	write(t, filepath.Join(dir, "sshd_config"), strings.Join(config, "\n")+"\n", 0o644)
	cmd := exec.Command(program, "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	cmd.Stderr, cmd.Stdout = s.log, s.log
	cmd.WaitDelay = 5 * time.Second // a connection left open, as by a test that fails, has a child that holds them
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("sshd said:\n%s", s.log)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; {
		conn, err := net.Dial("tcp", s.address)
		if err == nil {
			conn.Close()
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("sshd does not listen: %v\n%s", err, s.log)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// access is how the server is reached with its host key known.
func (s *server) access() Access {
	return Access{Platform: "linux", Port: s.port, User: s.user, IdentityFiles: []string{s.identity},
		HostKey: HostKeyKnownHosts, KnownHosts: []string{s.known}}
}

func (s *server) bastion() *Bastion {
	return &Bastion{Address: s.address, User: s.user, IdentityFiles: []string{s.identity}, KnownHosts: []string{s.known}}
}

func (s *server) target() Target {
	return Target{Source: "ami-1", InstanceID: "i-0123456789abcdef0", Address: s.host}
}

func noEnv(string) string { return "" }

// testDialer makes a Dialer with one set of settings for all and short waits.
func testDialer(t testing.TB, o DialerOptions, a Access) *Dialer {
	t.Helper()
	o.Access = func(string) (Access, error) { return a, nil }
	if o.Getenv == nil {
		o.Getenv = noEnv
	}
	if o.LoginGrace == 0 {
		o.LoginGrace = time.Millisecond
	}
	d := NewDialer(o)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func dialSSH(t testing.TB, d *Dialer, target Target) *SSHHost {
	t.Helper()
	h, err := d.Dial(within(t, 30*time.Second), target)
	if err != nil {
		t.Fatalf("%v (hint: %s)", err, hint.Of(err))
	}
	t.Cleanup(func() { _ = h.Close() })
	return h.(*SSHHost)
}

// relay forwards TCP connections with a delay each way, and can cut them.
type relay struct {
	port  int
	delay atomic.Int64 // nanoseconds

	mu    sync.Mutex
	conns []net.Conn
}

func startRelay(t testing.TB, to string, delay time.Duration) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{port: l.Addr().(*net.TCPAddr).Port}
	r.delay.Store(int64(delay))
	t.Cleanup(func() { l.Close(); r.cut() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			r.mu.Lock()
			r.conns = append(r.conns, in, out)
			r.mu.Unlock()
			go r.pipe(out, in)
			go r.pipe(in, out)
		}
	}()
	return r
}

// pipe carries bytes over, each batch as long after it came as the delay says.
func (r *relay) pipe(to, from net.Conn) {
	type batch struct {
		due  time.Time
		data []byte
	}
	line := make(chan batch, 10_000)
	go func() {
		defer to.Close()
		for b := range line {
			time.Sleep(time.Until(b.due))
			if _, err := to.Write(b.data); err != nil {
				return
			}
		}
	}()
	defer close(line)
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			line <- batch{time.Now().Add(time.Duration(r.delay.Load())), bytes.Clone(buffer[:n])}
		}
		if err != nil {
			return
		}
	}
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
	r.conns = nil
}

// silence is a port that accepts and never answers.
func silence(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, conn) }()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func mustFail(t testing.TB, err error, final bool, remedy string, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error does not say %q: %v", w, err)
		}
	}
	if IsFinal(err) != final {
		t.Errorf("IsFinal = %v: %v", !final, err)
	}
	if !strings.Contains(hint.Of(err), remedy) {
		t.Errorf("hint %q does not say %q (error: %v)", hint.Of(err), remedy, err)
	}
}
