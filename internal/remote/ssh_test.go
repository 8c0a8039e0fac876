//go:build unix

package remote

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/amirotate/amirotate/internal/verify"
)

// replaceOver replaces a file on a host and reads it back.
func replaceOver(t *testing.T, h Host) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a cert.pem")
	write(t, path, oldText, 0o640)
	before, err := h.Replace(t.Context(), []verify.Change{change(path)})
	if err != nil {
		t.Fatal(err)
	}
	after, err := h.Read(t.Context(), []string{path})
	if err != nil {
		t.Fatal(err)
	}
	if change(path).Judge(before[0]) != verify.MatchOld || change(path).Judge(after[0]) != verify.MatchNew || content(t, path) != newText {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

// execute runs a command line in the user's login shell.
func execute(ctx context.Context, h *SSHHost, line string, stdin []byte) (streams, error) {
	ctx, cancel := h.limited(ctx)
	defer cancel()
	return h.run(ctx, request{command: line, stdin: stdin})
}

func TestSSHDirect(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	h := dialSSH(t, testDialer(t, DialerOptions{}, s.access()), s.target())
	replaceOver(t, h)
	out, err := execute(t.Context(), h, "cat; echo problem >&2; exit 3", []byte("input"))
	if err != nil || string(out.Stdout) != "input" || string(out.Stderr) != "problem\n" || out.Status != 3 {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := h.Read(t.Context(), []string{"/a\nb"}); err == nil || !strings.Contains(err.Error(), "line break") {
		t.Errorf("a path with a line break: %v", err)
	}
	if _, err := h.Read(t.Context(), []string{"etc/passwd"}); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("a relative path: %v", err)
	}
}

func TestSSHThroughBastion(t *testing.T) {
	t.Parallel()
	inner := startServer(t)
	bastion := startServer(t, "AllowTcpForwarding local", "PermitOpen "+inner.address, "ForceCommand /usr/sbin/nologin", "MaxSessions 0")
	d := testDialer(t, DialerOptions{Bastion: bastion.bastion()}, inner.access())
	if err := d.CheckBastion(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		replaceOver(t, dialSSH(t, d, inner.target()))
	}
	if n := strings.Count(bastion.log.String(), "Accepted publickey"); n != 1 {
		t.Errorf("%d logins to the bastion", n)
	}

	elsewhere := inner.access()
	elsewhere.Port = bastion.port
	elsewhere.KnownHosts = []string{bastion.known}
	_, err := testDialer(t, DialerOptions{Bastion: bastion.bastion()}, elsewhere).Dial(within(t, 20*time.Second), inner.target())
	mustFail(t, err, true, "PermitOpen", "i-0123456789abcdef0 at 127.0.0.1", "does not forward")
}

func TestSSHBastionComesBack(t *testing.T) {
	t.Parallel()
	inner, outer := startServer(t), startServer(t)
	r := startRelay(t, outer.address, 0)
	b := outer.bastion()
	b.Address = fmt.Sprintf("127.0.0.1:%d", r.port)
	b.HostKey = HostKeyAcceptNew
	d := testDialer(t, DialerOptions{Bastion: b}, inner.access())
	h := dialSSH(t, d, inner.target())
	r.cut()
	if _, err := h.Read(t.Context(), []string{"/etc/passwd"}); err == nil || IsFinal(err) {
		t.Errorf("a lost connection: %v", err)
	}
	replaceOver(t, dialSSH(t, d, inner.target()))
}

func TestSSHBastionRefuses(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	other := filepath.Join(t.TempDir(), "known_hosts")
	write(t, other, "# nobody\n"+knownhosts.Line([]string{s.address}, writeKey(t, other+".key", newKey(t), "").PublicKey())+"\n", 0o644)
	empty := filepath.Join(t.TempDir(), "known_hosts")
	write(t, empty, "\n", 0o644)
	stranger := filepath.Join(t.TempDir(), "stranger")
	writeKey(t, stranger, newKey(t), "")
	for _, c := range []struct {
		name  string
		edit  func(b *Bastion)
		final bool
		hint  string
		words []string
	}{
		{"unknown key", func(b *Bastion) { b.KnownHosts = []string{empty} }, true, "ssh-keyscan -p ", []string{"is unknown", empty}},
		{"changed key", func(b *Bastion) { b.KnownHosts = []string{other} }, true, "line 2 of " + other, []string{"has changed", other + ":2", ssh.FingerprintSHA256(s.hostKey)}},
		{"no known_hosts", func(b *Bastion) { b.KnownHosts = []string{"/nonexistent"} }, true, "ssh-keyscan", []string{"/nonexistent"}},
		{"login refused", func(b *Bastion) { b.IdentityFiles = []string{stranger} }, true, "authorized_keys", []string{"may not log in", "SHA256:"}},
		{"no key file", func(b *Bastion) { b.IdentityFiles = []string{"/nonexistent"} }, true, "", []string{"/nonexistent"}},
		{"no key at all", func(b *Bastion) { b.IdentityFiles = nil }, true, "ssh-add", []string{"no key to log in with"}},
		{"unreachable", func(b *Bastion) { b.Address = "127.0.0.1:1"; b.HostKey = HostKeyAcceptNew }, false, "address", []string{"refused"}},
		{"console", func(b *Bastion) { b.HostKey = HostKeyConsole }, true, "known_hosts", []string{"console"}},
	} {
		b := s.bastion()
		c.edit(b)
		d := testDialer(t, DialerOptions{Bastion: b}, Access{})
		t.Run(c.name, func(t *testing.T) {
			mustFail(t, d.CheckBastion(t.Context()), c.final, c.hint, append(c.words, "cannot connect to bastion")...)
		})
	}
}

// TestSSHLoginShells puts other shells and noise between sshd and the script.
func TestSSHLoginShells(t *testing.T) {
	t.Parallel()
	testenv.Program(t, "tcsh")
	testenv.Program(t, "fish")
	for name, force := range map[string]string{
		"tcsh":  `tcsh -c "$SSH_ORIGINAL_COMMAND"`,
		"fish":  `fish -c "$SSH_ORIGINAL_COMMAND"`,
		"noise": `echo 'amirotate: welcome'; echo problem >&2; printf 'no line end'; eval "$SSH_ORIGINAL_COMMAND"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, "ForceCommand "+force)
			replaceOver(t, dialSSH(t, testDialer(t, DialerOptions{}, s.access()), s.target()))
		})
	}
}

func TestSSHNoShell(t *testing.T) {
	t.Parallel()
	s := startServer(t, "ForceCommand echo This account is currently not available.; exit 1")
	h := dialSSH(t, testDialer(t, DialerOptions{}, s.access()), s.target())
	_, err := h.Read(t.Context(), []string{"/etc/passwd"})
	mustFail(t, err, false, "login shell", "This account is currently not available.", "exit status 1")
}

func TestSSHOneSessionAtATime(t *testing.T) {
	t.Parallel()
	s := startServer(t, "MaxSessions 1")
	h := dialSSH(t, testDialer(t, DialerOptions{}, s.access()), s.target())
	replaceOver(t, h)
	replaceOver(t, h)
}

// TestSSHRoundTrips: once logged in, a file is replaced and read back in two round
// trips, one each. What the computers need is known from a link without delay; a
// third round trip would show in spite of all noise.
func TestSSHRoundTrips(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	r := startRelay(t, s.address, 0)
	a := s.access()
	a.Port, a.HostKey = r.port, HostKeyAcceptNew
	var hosts []Host
	for range 3 {
		hosts = append(hosts, dialSSH(t, testDialer(t, DialerOptions{}, a), s.target()))
	}
	replaces := func(h Host) time.Duration {
		start := time.Now()
		replaceOver(t, h)
		return time.Since(start)
	}
	const roundTrip = 2 * time.Second
	near := replaces(hosts[0])
	r.delay.Store(int64(roundTrip / 2))
	far := min(replaces(hosts[1]), replaces(hosts[2]))
	testenv.Figure(t, "replace and read-back: %.2f round trips", float64(far-near)/float64(roundTrip))
	if far-near >= 3*roundTrip {
		t.Errorf("replace and read-back took %v, and %v with a round trip of %v", near, far, roundTrip)
	}
}

func TestSSHHostKeys(t *testing.T) {
	t.Parallel()
	s, other := startServer(t), startServer(t)
	target := s.target()
	dir := t.TempDir()
	hashed := filepath.Join(dir, "hashed")
	write(t, hashed, knownhosts.Line([]string{knownhosts.HashHostname(knownhosts.Normalize(s.address))}, s.hostKey)+"\n", 0o644)
	console := func(text string) DialerOptions {
		return DialerOptions{Console: func(_ context.Context, id string) (string, error) {
			if id != target.InstanceID {
				return "", errors.New("no such instance")
			}
			return text, nil
		}}
	}
	block := func(line string) string {
		return "[ 1.0] boot\nec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----\nec2: " + line + "\nec2: -----END SSH HOST KEY FINGERPRINTS-----\n"
	}
	for _, c := range []struct {
		name    string
		options DialerOptions
		edit    func(a *Access)
		words   string // of the error; "" for none
	}{
		{"hashed name", DialerOptions{}, func(a *Access) { a.KnownHosts = []string{hashed} }, ""},
		{"another's key", DialerOptions{}, func(a *Access) { a.KnownHosts = []string{other.known} }, "is unknown"},
		{"console SHA256", console(block("256 " + ssh.FingerprintSHA256(s.hostKey) + " root@x (ED25519)")), func(a *Access) { a.HostKey = "" }, ""},
		{"console MD5", console(block("256 " + ssh.FingerprintLegacyMD5(s.hostKey) + " root@x (ED25519)")), func(a *Access) { a.HostKey = HostKeyConsole }, ""},
		{"console wrong", console(block("256 " + ssh.FingerprintSHA256(other.hostKey) + " root@x (ED25519)")), func(a *Access) { a.HostKey = HostKeyConsole }, "is not one that the instance printed"},
		{"no console", DialerOptions{}, func(a *Access) { a.HostKey = HostKeyConsole }, "has no console"},
		{"unknown policy", DialerOptions{}, func(a *Access) { a.HostKey = "no" }, "unknown host_key"},
		{"accept new", DialerOptions{}, func(a *Access) { a.HostKey = HostKeyAcceptNew }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.access()
			c.edit(&a)
			h, err := testDialer(t, c.options, a).Dial(within(t, 20*time.Second), target)
			if c.words != "" {
				mustFail(t, err, true, "", c.words)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			h.Close()
		})
	}
}

func TestSSHConsoleIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	asked := 0
	a := s.access()
	a.HostKey = HostKeyConsole
	d := testDialer(t, DialerOptions{Console: func(context.Context, string) (string, error) {
		if asked++; asked < 4 {
			return "[ 0.0] booting\n-----BEGIN SSH HOST KEY FINGERPRINTS-----\n256 SHA256:cut", nil
		}
		return "-----BEGIN SSH HOST KEY KEYS-----\n" + string(ssh.MarshalAuthorizedKey(s.hostKey)) + "-----END SSH HOST KEY KEYS-----\n", nil
	}}, a)
	replaceOver(t, dialSSH(t, d, s.target()))
	dialSSH(t, d, s.target())
	if asked != 4 {
		t.Errorf("the console was asked %d times", asked)
	}
}

func TestSSHAcceptNewPins(t *testing.T) {
	t.Parallel()
	first, second := startServer(t), startServer(t)
	a := first.access()
	a.HostKey = HostKeyAcceptNew
	current := &a
	d := NewDialer(DialerOptions{Getenv: noEnv, Access: func(string) (Access, error) { return *current, nil }})
	defer d.Close()
	dialSSH(t, d, first.target())
	dialSSH(t, d, first.target())
	b := second.access()
	b.HostKey = HostKeyAcceptNew
	current = &b
	_, err := d.Dial(within(t, 20*time.Second), first.target())
	mustFail(t, err, true, "find out", "before, and now", ssh.FingerprintSHA256(second.hostKey))
}

func TestSSHCertificateAuthority(t *testing.T) {
	t.Parallel()
	authority := writeKey(t, filepath.Join(t.TempDir(), "ca"), newKey(t), "")
	dir := t.TempDir()
	hostKey := writeKey(t, filepath.Join(dir, "host"), newKey(t), "")
	cert := &ssh.Certificate{Key: hostKey.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{"127.0.0.1"}, ValidBefore: ssh.CertTimeInfinity}
	if err := cert.SignCert(deterministic{}, authority); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "host-cert.pub"), string(ssh.MarshalAuthorizedKey(cert)), 0o644)
	s := startServer(t, "HostKey "+filepath.Join(dir, "host"), "HostCertificate "+filepath.Join(dir, "host-cert.pub"))
	known := filepath.Join(dir, "known_hosts")
	write(t, known, "@cert-authority "+knownhosts.Normalize(s.address)+" "+string(ssh.MarshalAuthorizedKey(authority.PublicKey())), 0o644)
	a := s.access()
	a.KnownHosts = []string{known}
	dialSSH(t, testDialer(t, DialerOptions{}, a), s.target())
}

func TestSSHLegacy(t *testing.T) {
	t.Parallel()
	s := startServerWithKey(t, newRSAKey(t), "KexAlgorithms diffie-hellman-group1-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1",
		"HostKeyAlgorithms ssh-rsa")
	a := s.access()
	_, err := testDialer(t, DialerOptions{}, a).Dial(within(t, 20*time.Second), s.target())
	mustFail(t, err, true, "legacy", "no algorithm in common")
	a.Algorithms = AlgorithmsLegacy
	replaceOver(t, dialSSH(t, testDialer(t, DialerOptions{}, a), s.target()))
}

// deterministic is enough randomness for a certificate's serial nonce.
type deterministic struct{}

func (deterministic) Read(p []byte) (int, error) { return len(p), nil }
