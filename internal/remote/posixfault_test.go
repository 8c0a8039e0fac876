//go:build unix

package remote

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/amirotate/amirotate/internal/verify"
)

// TestScriptCut cuts the stream after every byte under dash where CI is set. The
// other shells differ in how they read ahead and what they make of half a
// statement: for them, and elsewhere, it is every byte of the last lines and a
// grid before.
func TestScriptCut(t *testing.T) {
	for _, shell := range shells {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			testenv.Program(t, shell[0])
			dir := t.TempDir()
			path := filepath.Join(dir, "cert")
			write(t, path, oldText, 0o644)
			c := change(path)
			c.New = []byte("-----BEGIN CERTIFICATE-----\r\nMIIB\x00\xff'\n-----END CERTIFICATE-----\n")
			request := posixRequest([]verify.Change{c})
			stream := filepath.Join(t.TempDir(), "stream")
			write(t, stream, request, 0o600)
			all := shell[0] == "dash" && os.Getenv("CI") != ""
			head, tail := strings.Index(request, "\nar_say()"), len(request)-80
			cuts := 0
			// The last two bytes are the closing quote and the line end: without
			// the latter the script is whole.
			for n := len(request) - 2; n >= 0; n-- {
				if !all && (n > head && n < tail || n%5 != 0 && n <= head) && n%101 != 0 {
					continue
				}
				cuts++
				if err := os.Truncate(stream, int64(n)); err != nil {
					t.Fatal(err)
				}
				runFile(t, shell, stream)
				if content(t, path) != oldText || len(names(t, dir)) != 1 {
					t.Fatalf("cut after %d of %d bytes (…%q): %q holds %q", n, len(request),
						request[max(0, n-30):n], names(t, dir), content(t, path))
				}
			}
			write(t, stream, request, 0o600)
			runFile(t, shell, stream)
			if content(t, path) != string(c.New) {
				t.Error("the whole stream does not replace the file: the cuts prove nothing")
			}
			testenv.Figure(t, "%d cuts of %d bytes", cuts, len(request))
		})
	}
}

// runFile gives a stream to a shell as sshd would.
func runFile(t *testing.T, shell []string, stream string) {
	t.Helper()
	f, err := os.Open(stream)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command(shell[0], append(append([]string{}, shell[1:]...), "-s", "--", "replace", "0123")...)
	cmd.Stdin = f
	_ = cmd.Run() // most of them fail
}

// TestScriptDamagedPayload changes a byte of the payload on its way.
func TestScriptDamagedPayload(t *testing.T) {
	eachShell(t, func(t *testing.T, h *SSHHost) {
		dir := t.TempDir()
		good, path := filepath.Join(dir, "good"), filepath.Join(dir, "cert")
		write(t, good, oldText, 0o644)
		write(t, path, oldText, 0o644)
		c := change(path)
		c.New = []byte("PAYLOAD\n")
		run := h.run
		h.run = func(ctx context.Context, r request) (streams, error) {
			r.stdin = []byte(strings.Replace(string(r.stdin), "PAYLOAD", "PAYL0AD", 1))
			return run(ctx, r)
		}
		_, err := h.Replace(t.Context(), []verify.Change{change(good), c})
		mustFail(t, err, false, "", path, "arrived damaged")
		if content(t, path) != oldText || content(t, good) != oldText || len(names(t, dir)) != 2 {
			t.Errorf("%q: %q, %q", names(t, dir), content(t, good), content(t, path))
		}
	})
}

// fakes makes a folder of programs for the start of PATH.
func fakes(t *testing.T, programs map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, script := range programs {
		write(t, filepath.Join(dir, name), "#!/bin/sh\n"+script+"\n", 0o755)
	}
	return "PATH=" + dir + ":/usr/bin:/bin"
}

// TestScriptOtherTools takes away the tools of GNU and puts those of others in
// their place.
func TestScriptOtherTools(t *testing.T) {
	testenv.Program(t, "openssl")
	const missing = "exit 127"
	for name, tools := range map[string]map[string]string{
		"openssl": {"md5sum": missing, "sha256sum": missing, "shasum": missing, "base64": missing},
		"macOS": {"md5sum": missing, "sha256sum": missing,
			"md5":    `[ "$1" = -q ] && exec openssl md5 -r | cut -c1-32`,
			"shasum": `[ "$1 $2" = "-a 256" ] && exec openssl sha256 -r`},
		"BSD": {"md5sum": missing, "sha256sum": missing, "shasum": missing, "openssl": missing, "base64": missing,
			"md5":    `[ $# -eq 0 ] && exec /usr/bin/openssl md5 -r | cut -c1-32`,
			"sha256": `[ "$1" = -q ] && exec /usr/bin/openssl sha256 -r | cut -c1-64`},
		"FIPS":       {"md5sum": missing, "openssl": missing},
		"no sha256":  {"sha256sum": missing, "shasum": missing, "openssl": missing},
		"no sync":    {"sync": missing, "readlink": missing},
		"no printf":  {"printf": missing},
		"SELinux on": {"selinuxenabled": "exit 0", "chcon": `case $1 in --reference=/*) exit 0;; esac; exit 1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, shell := range [][]string{{"dash"}, {"mksh"}} {
				h := shellHost(t, shell, fakes(t, tools))
				if name == "no printf" && shell[0] == "mksh" {
					continue // it has no printf of its own
				}
				dir := t.TempDir()
				path := filepath.Join(dir, "cert")
				write(t, path, oldText, 0o604)
				link(t, "cert", filepath.Join(dir, "link"))
				c := change(filepath.Join(dir, "link"))
				c.Old = []verify.Digests{verify.Of([]byte(oldText))}
				if _, err := h.Replace(t.Context(), []verify.Change{c}); err != nil {
					t.Fatalf("%s: %v", shell, err)
				}
				files, err := h.Read(t.Context(), []string{c.Path})
				if err != nil || c.Judge(files[0]) != verify.MatchNew || (files[0].MD5 == "") != (name == "FIPS") {
					t.Errorf("%s: %+v, %v", shell, files, err)
				}
			}
		})
	}
}

// TestScriptSudo runs as an ordinary user on a file of root's, with a sudo that
// lets, does not let, or cannot.
func TestScriptSudo(t *testing.T) {
	testenv.Root(t) // to become an ordinary user
	setpriv := testenv.Program(t, "setpriv")
	for _, c := range []struct {
		name, sudo string
		words      string // of the error; "" for success
		hint       string
	}{
		{"lets", `[ "$1" = -n ] && shift; exec "${0%/*}/become" --reuid=0 --regid=0 --clear-groups "$@"`, "", ""},
		{"wants a password", `echo "sudo: a password is required" >&2; exit 1`, "a password is required", "without a password"},
		{"wants a tty", `echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1`, "must have a tty", "requiretty"},
		{"is too old", `echo "sudo: illegal option '-n'" >&2; exit 1`, "illegal option", "without a password"},
		{"is not there", `exit 127`, "ermission denied", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "etc", "cert")
			write(t, path, oldText, 0o644)
			tools := fakes(t, map[string]string{"sudo": c.sudo})
			bin, _, _ := strings.Cut(strings.TrimPrefix(tools, "PATH="), ":")
			becomeRoot(t, setpriv, filepath.Join(bin, "become"))
			letIn(t, filepath.Dir(path))
			letIn(t, bin)
			h := shellHost(t, []string{setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "dash"}, tools)

			_, err := h.Replace(t.Context(), []verify.Change{change(path)})
			if c.words != "" {
				mustFail(t, err, false, c.hint, path, c.words)
			} else if err != nil {
				t.Fatal(err)
			}
			want := map[bool]string{true: newText, false: oldText}[c.words == ""]
			f := readLocal(path)
			if string(f.Content) != want || f.Mode != "0644" || f.Owner != "0:0" {
				t.Errorf("%+v", f)
			}
			if got := names(t, filepath.Dir(path)); !cmp.Equal(got, []string{"cert"}) {
				t.Errorf("left behind: %q", got)
			}
			if c.words != "" {
				return
			}
			// What an ordinary user may not even read.
			write(t, path, oldText, 0o600)
			letIn(t, filepath.Dir(path))
			if err := os.Chmod(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Replace(t.Context(), []verify.Change{change(path)}); err != nil {
				t.Error(err)
			}
			if f := readLocal(path); string(f.Content) != newText || f.Mode != "0600" || f.Owner != "0:0" {
				t.Errorf("%+v", f)
			}
		})
	}
}

// becomeRoot makes a program that runs another as root, as sudo's setuid bit
// would.
func becomeRoot(t *testing.T, setpriv, path string) {
	t.Helper()
	b, err := os.ReadFile(setpriv)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(b), 0o755|os.ModeSetuid)
}

// letIn opens a test's folder to all users.
func letIn(t *testing.T, folder string) {
	t.Helper()
	for ; len(folder) > len(os.TempDir()); folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestScriptKilled kills the script while it has a file staged: what is left is
// removed by the next run, and the old file stands.
func TestScriptKilled(t *testing.T) {
	eachShell(t, func(t *testing.T, h *SSHHost) {
		dir := t.TempDir()
		path := filepath.Join(dir, "cert")
		write(t, path, oldText, 0o644)
		stuck := filepath.Join(t.TempDir(), "stuck")
		env := fakes(t, map[string]string{"mv": "touch " + stuck + "; exec sleep 600"})
		args := append(strings.Fields(h.name), "-s", "--", "replace", "0123")
		if h.name == "busybox" {
			args = append([]string{"busybox", "sh"}, args[1:]...)
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = []string{env}
		cmd.Stdin = strings.NewReader(posixRequest([]verify.Change{change(path)}))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat(stuck); err == nil {
				break
			}
			if time.Since(start) > 20*time.Second {
				t.Fatal("mv was never run")
			}
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if got := names(t, dir); content(t, path) != oldText || len(got) != 2 || !strings.HasPrefix(got[0], ".amirotate-") {
			t.Fatalf("%q holds %q", got, content(t, path))
		}
		if _, err := h.Replace(t.Context(), []verify.Change{change(path)}); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); content(t, path) != newText || len(got) != 1 {
			t.Errorf("%q holds %q", got, content(t, path))
		}
	})
}

// TestScriptRaces changes the file between check and move.
func TestScriptRaces(t *testing.T) {
	eachShell(t, func(t *testing.T, h *SSHHost) {
		dir := t.TempDir()
		path := filepath.Join(dir, "cert")
		write(t, path, oldText, 0o644)
		env := fakes(t, map[string]string{"sync": fmt.Sprintf("echo by hand >%s", path)})
		h = shellHost(t, strings.Fields(strings.Replace(h.name, "busybox", "busybox sh", 1)), env)
		_, err := h.Replace(t.Context(), []verify.Change{change(path)})
		mustFail(t, err, false, "", path, "changed by somebody else")
		if got := names(t, dir); content(t, path) != "by hand\n" || len(got) != 1 {
			t.Errorf("%q holds %q", got, content(t, path))
		}
	})
}

func TestScriptIsSound(t *testing.T) {
	out, err := exec.Command(testenv.Program(t, "shellcheck"), "-s", "sh", "scripts/posix.sh").CombinedOutput()
	if err != nil {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}

// TestScriptKeepsOwner replaces root's file in an ordinary user's folder: that
// user may, but the file would become theirs.
func TestScriptKeepsOwner(t *testing.T) {
	testenv.Root(t) // to become an ordinary user
	setpriv := testenv.Program(t, "setpriv")
	dir := filepath.Join(t.TempDir(), "home")
	path := filepath.Join(dir, "cert")
	write(t, path, oldText, 0o644)
	letIn(t, dir)
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	tools := fakes(t, map[string]string{"sudo": "exit 127"})
	bin, _, _ := strings.Cut(strings.TrimPrefix(tools, "PATH="), ":")
	letIn(t, bin)
	for _, shell := range shells {
		h := shellHost(t, append([]string{setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"}, shell...), tools)
		_, err := h.Replace(t.Context(), []verify.Change{change(path)})
		mustFail(t, err, false, "", path, "owner and mode cannot be kept")
		if f := readLocal(path); string(f.Content) != oldText || f.Owner != "0:0" || len(names(t, dir)) != 1 {
			t.Errorf("%v: %+v, %q", shell, f, names(t, dir))
		}
	}
}
