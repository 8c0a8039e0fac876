package remote

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/amirotate/amirotate/internal/verify"
)

// account is a user of a server, of no other process on this machine.
type account struct {
	name, shell string
	uid         int
}

var (
	ordinary = account{"ar-plain", "/bin/sh", 61001}
	inTcsh   = account{"ar-tcsh", "/usr/bin/tcsh", 61002}
	inFish   = account{"ar-fish", "/usr/bin/fish", 61003}
	inNone   = account{"ar-none", "/usr/sbin/nologin", 61004}
)

// startWithAccounts starts sshd where /etc knows the accounts and has these
// sudoers, in a mount namespace that ends with the test. Only programs that this
// test starts itself are in it.
func startWithAccounts(t *testing.T, sudoers string, lines ...string) *server {
	t.Helper()
	testenv.Root(t)
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		testenv.Missing(t, fmt.Errorf("no mount namespace: %w", err))
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	passwd, shadow := string(mustRead(t, "/etc/passwd")), string(mustRead(t, "/etc/shadow"))
	for _, a := range []account{ordinary, inTcsh, inFish, inNone} {
		passwd += fmt.Sprintf("%s:x:%d:%d::/:%s\n", a.name, a.uid, a.uid, a.shell)
		shadow += a.name + ":*:19000:0:99999:7:::\n"
	}
	overlay(t, "/etc/passwd", passwd, 0o644)
	overlay(t, "/etc/shadow", shadow, 0o600)
	if _, err := os.Stat("/etc/sudoers"); err == nil {
		overlay(t, "/etc/sudoers", sudoers, 0o440)
	}
	s := startServer(t, lines...)
	letIn(t, filepath.Dir(s.identity))
	return s
}

func mustRead(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// overlay puts a file of the test's own in the place of another, in this mount
// namespace.
func overlay(t *testing.T, file, content string, mode os.FileMode) {
	t.Helper()
	own := filepath.Join(t.TempDir(), filepath.Base(file))
	write(t, own, content, mode)
	if err := os.Chmod(own, mode); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(own, file, "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
}

// hostOf logs in as an account.
func hostOf(t *testing.T, s *server, a account) *SSHHost {
	t.Helper()
	access := s.access()
	access.User = a.name
	return dialSSH(t, testDialer(t, DialerOptions{}, access), s.target())
}

// certificateOf is a file in a folder of its own, both an account's.
func certificateOf(t *testing.T, a account, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "it's etc", "a cert.pem")
	write(t, path, oldText, mode)
	letIn(t, filepath.Dir(path))
	for _, p := range []string{path, filepath.Dir(path)} {
		if err := os.Chown(p, a.uid, a.uid); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSSHAccounts logs in to accounts with these login shells.
func TestSSHAccounts(t *testing.T) {
	t.Parallel()
	testenv.Program(t, "tcsh")
	testenv.Program(t, "fish")
	s := startWithAccounts(t, "")
	for _, a := range []account{ordinary, inTcsh, inFish} {
		path := certificateOf(t, a, 0o640)
		h := hostOf(t, s, a)
		if _, err := h.Replace(t.Context(), []verify.Change{change(path)}); err != nil {
			t.Errorf("%s: %v", a.shell, err)
			continue
		}
		after, err := h.Read(t.Context(), []string{path})
		if err != nil {
			t.Errorf("%s: %v", a.shell, err)
			continue
		}
		if want := fmt.Sprintf("%d:%d", a.uid, a.uid); string(after[0].Content) != newText || after[0].Owner != want || after[0].Mode != "0640" {
			t.Errorf("%s: %+v", a.shell, after[0])
		}
		if got := names(t, filepath.Dir(path)); !cmp.Equal(got, []string{"a cert.pem"}) {
			t.Errorf("%s: left behind: %q", a.shell, got)
		}
	}
	_, err := hostOf(t, s, inNone).Read(t.Context(), []string{"/etc/passwd"})
	mustFail(t, err, false, "login shell", "This account is currently not available.")

	// What runs no command may still be a bastion.
	bastion := s.bastion()
	bastion.User = inNone.name
	access := s.access()
	access.User = ordinary.name
	dialSSH(t, testDialer(t, DialerOptions{Bastion: bastion}, access), s.target())
}

// TestSSHSudo is an ordinary user and root's files, with the real sudo.
func TestSSHSudo(t *testing.T) {
	t.Parallel()
	testenv.Program(t, "sudo")
	for _, c := range []struct {
		name, sudoers, words, hint string
	}{
		{"without a password", "ar-plain ALL=(ALL) NOPASSWD: ALL\n", "", ""},
		{"with a password", "ar-plain ALL=(ALL) ALL\n", "a password is required", "without a password"},
		{"for others", "root ALL=(ALL) ALL\n", "a password is required", "without a password"},
		{"on a terminal", "Defaults requiretty\nar-plain ALL=(ALL) NOPASSWD: ALL\n", "must have a tty", "requiretty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := hostOf(t, startWithAccounts(t, c.sudoers), ordinary)
			root := account{uid: 0}
			for _, mode := range []os.FileMode{0o644, 0o600} { // it may be read, or not even that
				path := certificateOf(t, root, mode)
				_, err := h.Replace(t.Context(), []verify.Change{change(path)})
				f := readLocal(path)
				want := newText
				switch {
				case c.words == "" && err != nil:
					t.Error(err)
				case c.words != "" && mode == 0o644:
					want = oldText
					mustFail(t, err, false, c.hint, path, c.words)
				case c.words != "":
					want = oldText
					if outcomeOf(err) != verify.FileUnreadable {
						t.Errorf("what cannot be read: %v", err)
					}
				}
				if string(f.Content) != want || f.Owner != "0:0" || f.Mode != fmt.Sprintf("%04o", mode) {
					t.Errorf("%+v", f)
				}
				if got := names(t, filepath.Dir(path)); !cmp.Equal(got, []string{"a cert.pem"}) {
					t.Errorf("left behind: %q", got)
				}
			}
		})
	}
}

// TestSSHMaxStartups: a server that drops logins while others are under way
// lets all in, one after the other.
func TestSSHMaxStartups(t *testing.T) {
	t.Parallel()
	s := startServer(t, "MaxStartups 1:100:1")
	r := startRelay(t, s.address, 20*time.Millisecond)
	a := s.access()
	a.Port, a.HostKey = r.port, HostKeyAcceptNew
	const hosts = 6
	failed := make(chan error, hosts)
	for range hosts {
		d := testDialer(t, DialerOptions{LoginGrace: time.Minute}, a)
		go func() {
			h, err := d.Dial(within(t, 60*time.Second), s.target())
			if err == nil {
				err = h.Close()
			}
			failed <- err
		}()
	}
	for range hosts {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(s.log.String(), "MaxStartups") {
		t.Error("the server dropped nobody, so this shows nothing")
	}
}
