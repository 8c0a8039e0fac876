package shell_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/shell"
	"github.com/amirotate/amirotate/internal/testenv"
)

// result is what a script did.
type result struct {
	Stdout string
	Status int
	Tree   string
}

// TestLikeDash runs every script of the corpus in dash, with the machine's own
// utilities, and in the sandbox's shell, each on its own copy of the same
// folder, and compares output, status and what the folder holds then.
func TestLikeDash(t *testing.T) {
	dash := testenv.Program(t, "dash")
	scripts, err := filepath.Glob("testdata/corpus/*.sh")
	if err != nil || len(scripts) < 20 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".sh"), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(script)
			if err != nil {
				t.Fatal(err)
			}
			want := runDash(t, dash, string(source))
			got, stderr := runOurs(t, string(source))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-dash +sandbox)\n%s\nstderr of the sandbox:\n%s", diff, stderr)
			}
		})
	}
}

// args are the parameters of every script.
var args = []string{"one", "two words", "", "*"}

func runDash(t *testing.T, dash, source string) result {
	dir := newFolder(t)
	cmd := exec.CommandContext(t.Context(), dash, append([]string{"-s", "--"}, args...)...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(source)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/home/user"}
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), cmd.ProcessState.ExitCode(), tree(t, dir)}
}

func runOurs(t *testing.T, source string) (result, string) {
	dir := newFolder(t)
	var out, errs bytes.Buffer
	p, s := newProcess(t, dir)
	p.Args = append([]string{"sh", "-s", "--"}, args...)
	p.Stdin, p.Stdout, p.Stderr = strings.NewReader(source), &out, &errs
	status := s.Run(p)
	return result{out.String(), status, tree(t, dir)}, errs.String()
}

// newProcess returns a process at the top of a folder, as the user who runs the
// test.
func newProcess(t *testing.T, dir string) (*commands.Process, *shell.Shell) {
	t.Helper()
	files, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	system := &commands.System{Hostname: "host", Clock: clock.New(0.001), Accounts: commands.LoadAccounts(files, "root")}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	return &commands.Process{
		Ctx: ctx, System: system, Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{},
		Env: []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=/home/user"},
		FS:  &rootfs.View{FS: files, Cred: rootfs.Cred{UID: os.Geteuid(), GID: os.Getegid()}, Dir: "/", Umask: 0o022},
	}, shell.New(system)
}

// newFolder makes the folder that every script finds.
func newFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"cert.pem":           "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUe\n-----END CERTIFICATE-----\n",
		"words":              "pear 3\napple 10\nfig 2\napple 10\nbanana 1\n",
		"passwd":             "root:x:0:0:root:/root:/bin/sh\nbot:x:1000:1000::/home/bot:/bin/sh\n",
		"dir/sub/deep.txt":   "deep\n",
		"dir/with space.txt": "spaced\n",
		"nonl":               "no newline",
		"bin.dat":            "\x00\x01\x02\xff\xfe\n\r\t\\ end",
		"empty":              "",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		stamp := time.Date(2015, 7, 14, 12, 0, 0, 0, time.UTC)
		if err := os.Chtimes(file, stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	for link, text := range map[string]string{"link.pem": "cert.pem", "dangling": "nowhere", "dirlink": "dir/sub"} {
		if err := os.Symlink(text, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func tree(t *testing.T, root string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		what := ""
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			what, _ = os.Readlink(path)
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what = fmt.Sprintf("%q", content)
		}
		uid, gid := rootfs.Owner(info)
		fmt.Fprintf(&out, "%s %d:%d %s %s\n", info.Mode(), uid, gid, rel, what)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
