//go:build unix

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/amirotate/amirotate/internal/verify"
)

// shells are those that the script promises to run under.
var shells = [][]string{
	{"dash"}, {"bash", "--posix"}, {"busybox", "sh"}, {"mksh"}, {"ksh93"},
}

// shellHost is an SSHHost whose commands run in a shell of this machine.
func shellHost(t testing.TB, shell []string, env ...string) *SSHHost {
	t.Helper()
	testenv.Program(t, shell[0])
	return &SSHHost{name: shell[0], close: func() error { return nil },
		run: func(ctx context.Context, r request) (streams, error) {
			words := strings.Fields(r.command)
			if words[0] != "exec" || words[1] != "/bin/sh" {
				return streams{}, fmt.Errorf("unexpected command %q", r.command)
			}
			return runShell(ctx, append(append([]string{}, shell...), words[2:]...), r.stdin, env)
		}}
}

func runShell(ctx context.Context, args []string, stdin []byte, env []string) (streams, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent"}, env...)
	cmd.Dir = "/"
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return streams{}, err
	}
	return streams{Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Status: cmd.ProcessState.ExitCode()}, nil
}

func eachShell(t *testing.T, test func(t *testing.T, h *SSHHost)) {
	for _, shell := range shells {
		t.Run(shell[0], func(t *testing.T) {
			t.Parallel()
			test(t, shellHost(t, shell))
		})
	}
}

const oldText, newText = "old certificate\n", "new certificate\n"

func write(t testing.TB, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func link(t testing.TB, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// names lists a folder with all that is hidden in it.
func names(t testing.TB, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func change(path string) verify.Change {
	return verify.Change{Path: path, Old: []verify.Digests{{MD5: verify.Of([]byte(oldText)).MD5}}, New: []byte(newText)}
}

func outcomeOf(err error) verify.Outcome {
	var r *verify.Refusal
	if errors.As(err, &r) {
		return r.Outcome
	}
	return 0
}

func TestScriptReplaces(t *testing.T) {
	modes := map[string]os.FileMode{
		"with space": 0o644, "it's \"quoted\" $HOME `id` \\n *": 0o600, "-rf": 0o440, "żółć-証明書": 0o400,
		"a\ttab": 0o755, "~": 0o644, "#": 0o664, "!history!": 0o666,
	}
	eachShell(t, func(t *testing.T, h *SSHHost) {
		dir := t.TempDir()
		var changes []verify.Change
		var paths []string
		for name, mode := range modes {
			path := filepath.Join(dir, name)
			write(t, path, oldText, mode)
			changes, paths = append(changes, change(path)), append(paths, path)
		}
		entries := names(t, dir)
		before, err := h.Replace(t.Context(), changes)
		if err != nil {
			t.Fatal(err)
		}
		after, err := h.Read(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range changes {
			mode := fmt.Sprintf("%04o", modes[filepath.Base(c.Path)])
			if string(before[i].Content) != oldText || before[i].Mode != mode {
				t.Errorf("%q: before = %+v", c.Path, before[i])
			}
			if c.Judge(after[i]) != verify.MatchNew || after[i].Mode != mode || after[i].Owner != before[i].Owner {
				t.Errorf("%q: after = %+v", c.Path, after[i])
			}
		}
		if got := names(t, dir); !cmp.Equal(got, entries) {
			t.Errorf("left behind: %q", got)
		}
	})
}

func TestScriptReports(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	write(t, in("file"), oldText, 0o640)
	write(t, in("empty"), "", 0o644)
	write(t, in("special"), oldText, 0o644)
	if err := os.Chmod(in("special"), 0o751|os.ModeSetuid|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(in("dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(in("pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	link(t, "file", in("relative"))
	link(t, in("relative"), in("chain"))
	link(t, "../"+filepath.Base(dir)+"/file", in("dotted"))
	link(t, "nowhere", in("dangling"))
	link(t, "loop2", in("loop1"))
	link(t, "loop1", in("loop2"))
	link(t, "dir", in("dirlink"))
	owner := fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
	present := func(path, text, mode string) verify.File {
		return verify.File{Path: in(path), Status: verify.Present, Digests: verify.Of([]byte(text)), Size: int64(len(text)),
			Mode: mode, Owner: owner, Content: []byte(text)}
	}
	missing := func(path string) verify.File { return verify.File{Path: in(path), Status: verify.Missing} }
	bad := func(path, problem string) verify.File {
		return verify.File{Path: in(path), Status: verify.Unreadable, Problem: problem}
	}
	want := []verify.File{
		present("file", oldText, "0640"), present("empty", "", "0644"), present("special", oldText, "6751"),
		present("relative", oldText, "0640"), present("chain", oldText, "0640"), present("dotted", oldText, "0640"),
		missing("dangling"), missing("none"), missing("none/below"), missing("file/below"),
		bad("dir", "it is a directory"), bad("dirlink", "it is a directory"), bad("pipe", "it is not a regular file"),
		bad("loop1", "too many levels of symbolic links"),
	}
	var paths []string
	for _, f := range want {
		paths = append(paths, f.Path)
	}
	eachShell(t, func(t *testing.T, h *SSHHost) {
		got, err := h.Read(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestScriptRefuses(t *testing.T) {
	eachShell(t, func(t *testing.T, h *SSHHost) {
		dir := t.TempDir()
		good := filepath.Join(dir, "good")
		for _, c := range []struct {
			name string
			make func(path string)
			want verify.Outcome
		}{
			{"other", func(p string) { write(t, p, "something else", 0o644) }, verify.OtherContent},
			{"empty", func(p string) { write(t, p, "", 0o644) }, verify.OtherContent},
			{"missing", func(string) {}, verify.FileMissing},
			{"dangling", func(p string) { link(t, "nowhere", p) }, verify.FileMissing},
			{"directory", func(p string) { _ = os.Mkdir(p, 0o755) }, verify.FileUnreadable},
		} {
			write(t, good, oldText, 0o644)
			bad := filepath.Join(dir, c.name)
			c.make(bad)
			entries := names(t, dir)
			_, err := h.Replace(t.Context(), []verify.Change{change(good), change(bad), change(good)})
			if got := outcomeOf(err); got != c.want || !strings.Contains(fmt.Sprint(err), bad) {
				t.Errorf("%s: outcome %v, want %v: %v", c.name, got, c.want, err)
			}
			if content(t, good) != oldText {
				t.Errorf("%s: the good file was touched", c.name)
			}
			if got := names(t, dir); !cmp.Equal(got, entries) {
				t.Errorf("%s: left behind: %q", c.name, got)
			}
		}
	})
}

func TestScriptLeavesNewAlone(t *testing.T) {
	eachShell(t, func(t *testing.T, h *SSHHost) {
		dir := t.TempDir()
		path := filepath.Join(dir, "cert")
		write(t, path, newText, 0o644)
		longAgo := time.Date(2012, 7, 14, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(path, longAgo, longAgo); err != nil {
			t.Fatal(err)
		}
		info, _ := os.Stat(path)
		before, err := h.Replace(t.Context(), []verify.Change{change(path)})
		if err != nil || change(path).Judge(before[0]) != verify.MatchNew {
			t.Fatalf("%+v, %v", before, err)
		}
		now, _ := os.Stat(path)
		if !os.SameFile(info, now) || !now.ModTime().Equal(longAgo) {
			t.Error("a file that was already new was written")
		}
	})
}

func TestScriptFollowsLinks(t *testing.T) {
	eachShell(t, func(t *testing.T, h *SSHHost) {
		dir := t.TempDir()
		file := filepath.Join(dir, "real", "cert -> x.pem")
		write(t, file, oldText, 0o600)
		link(t, "real/cert -> x.pem", filepath.Join(dir, "one"))
		link(t, filepath.Join(dir, "one"), filepath.Join(dir, "two"))
		if _, err := h.Replace(t.Context(), []verify.Change{change(filepath.Join(dir, "two"))}); err != nil {
			t.Fatal(err)
		}
		if content(t, file) != newText {
			t.Error("the link's target was not replaced")
		}
		for _, l := range []string{"one", "two"} {
			if info, err := os.Lstat(filepath.Join(dir, l)); err != nil || info.Mode()&os.ModeSymlink == 0 {
				t.Errorf("%s is no link any more", l)
			}
		}
	})
}

func TestScriptReplacesSeveral(t *testing.T) {
	eachShell(t, func(t *testing.T, h *SSHHost) {
		dir := t.TempDir()
		texts := []string{oldText, newText, oldText}
		var changes []verify.Change
		for i, text := range texts {
			path := filepath.Join(dir, fmt.Sprint("d", i), "cert")
			write(t, path, text, 0o644)
			write(t, filepath.Join(dir, fmt.Sprint("d", i), ".amirotate-0123456789abcdef-0"), "left by a dead run", 0o600)
			changes = append(changes, change(path))
		}
		before, err := h.Replace(t.Context(), changes)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range changes {
			if string(before[i].Content) != texts[i] || content(t, c.Path) != newText {
				t.Errorf("file %d: before %q, after %q", i, before[i].Content, content(t, c.Path))
			}
			if got := names(t, filepath.Dir(c.Path)); !cmp.Equal(got, []string{"cert"}) {
				t.Errorf("file %d: left behind: %q", i, got)
			}
		}
	})
}

// TestScriptCarriesEveryByte sends each byte, line ends of every kind, what looks
// like the script's own words, and an empty file.
func TestScriptCarriesEveryByte(t *testing.T) {
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	payloads := map[string]string{
		"every byte":       string(all) + "0" + string(all) + "7\n",
		"no last line end": "a\nb",
		"CRLF":             "a\r\nb\r\n\r",
		"script":           "EOF\n}\nexit 1\n'\n'\\''\n$(id)`id`%s%d\\n\\0101\\\\\n_ar_main\n",
		"option":           "-n\n-e\n--\n",
		"long line":        strings.Repeat("x", 10_000),
		"empty":            "",
		"UTF-8":            "żółć 証明書\n",
	}
	eachShell(t, func(t *testing.T, h *SSHHost) {
		dir := t.TempDir()
		var changes []verify.Change
		var paths []string
		for name, payload := range payloads {
			c := change(filepath.Join(dir, name))
			c.New = []byte(payload)
			if payload == "" {
				c.New = nil
			}
			write(t, c.Path, oldText, 0o644)
			changes, paths = append(changes, c), append(paths, c.Path)
		}
		if _, err := h.Replace(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
		got, err := h.Read(t.Context(), paths)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range got {
			if want := payloads[filepath.Base(paths[i])]; string(f.Content) != want {
				t.Errorf("%s: read %q", paths[i], f.Content)
			}
		}
	})
}
