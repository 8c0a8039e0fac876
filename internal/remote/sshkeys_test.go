//go:build unix

package remote

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/testenv"
)

// keygen runs OpenSSH's ssh-keygen.
func keygen(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command(testenv.Program(t, "ssh-keygen"), append([]string{"-q"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen %v: %v\n%s", args, err, out)
	}
}

// authorize lets the public halves of keys in, and no others.
func (s *server) authorize(t *testing.T, keys ...string) {
	t.Helper()
	var all strings.Builder
	for _, k := range keys {
		b, err := os.ReadFile(k + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	write(t, filepath.Join(filepath.Dir(s.identity), "authorized_keys"), all.String(), 0o644)
}

// TestSSHKinds logs in with keys of each kind that OpenSSH makes, as files and
// by OpenSSH's own agent.
func TestSSHKinds(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t), t.TempDir()
	var files []string
	for name, args := range map[string][]string{
		"ed25519":        {"-t", "ed25519"},
		"ecdsa-256":      {"-t", "ecdsa", "-b", "256"},
		"ecdsa-384":      {"-t", "ecdsa", "-b", "384"},
		"ecdsa-521":      {"-t", "ecdsa", "-b", "521"},
		"rsa-2048":       {"-t", "rsa", "-b", "2048"},
		"rsa-3072 PEM":   {"-t", "rsa", "-b", "3072", "-m", "PEM"},
		"ecdsa PKCS8":    {"-t", "ecdsa", "-m", "PKCS8"},
		"a name's space": {"-t", "ed25519"},
	} {
		file := filepath.Join(dir, name)
		keygen(t, append(args, "-N", "", "-f", file)...)
		files = append(files, file)
	}
	socket := openSSHAgent(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s.authorize(t, file)
			a := s.access()
			a.IdentityFiles = []string{file}
			dialSSH(t, testDialer(t, DialerOptions{}, a), s.target())

			a.IdentityFiles = nil
			agentOnly := func(name string) string { return map[string]string{"SSH_AUTH_SOCK": socket}[name] }
			add(t, socket, file)
			dialSSH(t, testDialer(t, DialerOptions{Getenv: agentOnly}, a), s.target())
			add(t, socket, "-D")
		})
	}
}

// openSSHAgent starts ssh-agent.
func openSSHAgent(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "agent")
	cmd := exec.Command(testenv.Program(t, "ssh-agent"), "-D", "-a", socket)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(socket); err == nil {
			return socket
		}
		if time.Now().After(end) {
			t.Fatal("ssh-agent does not start")
		}
	}
}

func add(t *testing.T, socket string, args ...string) {
	t.Helper()
	cmd := exec.Command(testenv.Program(t, "ssh-add"), append([]string{"-q"}, args...)...)
	cmd.Env = []string{"SSH_AUTH_SOCK=" + socket}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ssh-add: %v\n%s", err, out)
	}
}

// TestSSHUserCertificates: a certificate beside its key, and one in the agent,
// open what the key alone does not.
func TestSSHUserCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	authority, key := filepath.Join(dir, "ca"), filepath.Join(dir, "id")
	keygen(t, "-t", "ed25519", "-N", "", "-f", authority)
	keygen(t, "-t", "ecdsa", "-N", "", "-f", key)
	s := startServer(t, "TrustedUserCAKeys "+authority+".pub", "AuthorizedKeysFile none")
	a := s.access()
	a.IdentityFiles = []string{key}
	sign := func(validity string) {
		keygen(t, "-s", authority, "-I", "test", "-n", s.user, "-V", validity, key+".pub")
	}
	_, err := testDialer(t, DialerOptions{}, a).Dial(within(t, 20*time.Second), s.target())
	mustFail(t, err, true, "authorized_keys", "may not log in")

	sign("-2h:-1h")
	_, err = testDialer(t, DialerOptions{}, a).Dial(within(t, 20*time.Second), s.target())
	mustFail(t, err, true, "authorized_keys", "may not log in", "ecdsa-sha2-nistp256-cert-v01@openssh.com")

	sign("-1h:+1h")
	dialSSH(t, testDialer(t, DialerOptions{}, a), s.target())

	socket := openSSHAgent(t)
	add(t, socket, key)
	a.IdentityFiles = nil
	dialSSH(t, testDialer(t, DialerOptions{Getenv: func(name string) string {
		return map[string]string{"SSH_AUTH_SOCK": socket}[name]
	}}, a), s.target())
}

// TestSSHForcedCommands: an account that may do something else alone says so.
func TestSSHForcedCommands(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ force, words string }{
		"sftp alone":   {"internal-sftp", "did not run to its end"},
		"backup alone": {"echo only backups here >&2; exit 77", "only backups here"},
		"silent":       {"false", "exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, "ForceCommand "+c.force)
			h := dialSSH(t, testDialer(t, DialerOptions{Patience: 3 * time.Second}, s.access()), s.target())
			_, err := h.Read(within(t, 20*time.Second), []string{"/etc/passwd"})
			mustFail(t, err, false, "", "cannot read files on", c.words)
		})
	}
}
