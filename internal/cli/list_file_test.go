package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/testenv"
)

// baseScenario is the one that scripts use.
func baseScenario(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/farm/scenario.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const crlfList = "# note\r\nlinux1  MARK-1\tami=ami-457cbc01 \r\n\r\ngnu1 MARK-2 ami=ami-0123456789abcdef0\r\nwin1 MARK-3 ami=ami-8743bdc3"

// Whatever a list's form, it and what is kept beside it have that form after.
func TestListKeepsItsForm(t *testing.T) {
	root := os.Getuid() == 0
	for name, mode := range map[string]os.FileMode{"group": 0o640, "readonly": 0o400, "open": 0o666} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := farmtest.Start(t, baseScenario(t), map[string]string{"list.txt": crlfList})
			list := filepath.Join(f.Dir, "slave-list.txt")
			must(t, os.Chmod(list, mode))
			if root {
				must(t, os.Chown(list, 12345, 23456))
			}
			f.MustRun(0, "rotate")
			if got := maskIDs(f.Read("slave-list.txt")); got != maskIDs([]byte(crlfList)) || got == crlfList {
				t.Errorf("the list is now %q", got)
			}
			if got := string(f.Read("slave-list.txt.previous")); got != crlfList {
				t.Errorf("what was kept is %q", got)
			}
			for _, file := range []string{list, list + ".previous"} {
				info, err := os.Stat(file)
				must(t, err)
				if info.Mode().Perm() != mode {
					t.Errorf("%s has mode %v, want %v", file, info.Mode(), mode)
				}
				if s := info.Sys().(*syscall.Stat_t); root && (s.Uid != 12345 || s.Gid != 23456) {
					t.Errorf("%s belongs to %d:%d", file, s.Uid, s.Gid)
				}
			}
			for _, name := range f.Folders(".") {
				if strings.Contains(name, "slave-list.txt.") && name != "slave-list.txt.previous" && name != "slave-list.txt.lock" {
					t.Errorf("%s was left beside the list", name)
				}
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A link to the list stays a link, and the file that it names is replaced.
func TestListBehindLink(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, baseScenario(t), map[string]string{"list.txt": crlfList})
	elsewhere := filepath.Join(t.TempDir(), "real.txt")
	must(t, os.Rename(filepath.Join(f.Dir, "slave-list.txt"), elsewhere))
	must(t, os.Symlink(elsewhere, filepath.Join(f.Dir, "slave-list.txt")))
	f.MustRun(0, "rotate", "--quiet")
	if target, err := os.Readlink(filepath.Join(f.Dir, "slave-list.txt")); err != nil || target != elsewhere {
		t.Errorf("the link names %q, %v", target, err)
	}
	now, err := os.ReadFile(elsewhere)
	must(t, err)
	if string(now) == crlfList || maskIDs(now) != maskIDs([]byte(crlfList)) {
		t.Errorf("behind the link is %q", now)
	}
	if kept := string(f.Read("slave-list.txt.previous")); kept != crlfList {
		t.Errorf("what was kept beside the link is %q", kept)
	}
}

// slowImages gives a test time to act while images are made.
func slowImages(scenario string) string {
	return strings.NewReplacer("scale: 0.001", "scale: 0.02", "image: 20s", "image: 150s").Replace(scenario)
}

// A list that somebody edits meanwhile keeps the edit, and the images are not
// lost: the next run reuses them.
func TestListEditedMeanwhile(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, slowImages(baseScenario(t)), map[string]string{"list.txt": crlfList})
	edited := crlfList + "\r\nmac9 MARK-9 snap=true"
	go func() {
		for f.CallsOf("CreateImage") == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		f.Write("slave-list.txt", edited)
	}()
	r := f.MustRun(4, "rotate")
	if got := string(f.Read("slave-list.txt")); got != edited {
		t.Errorf("the list is %q", got)
	}
	for _, want := range []string{"amirotate: cannot rewrite ", "changed", "\n  hint: "} {
		if !strings.Contains(r.Stderr, want) {
			t.Errorf("%q is missing in %s", want, r.Stderr)
		}
	}
	f.MustRun(0, "rotate")
	if got := f.Read("slave-list.txt"); maskIDs(got) != maskIDs([]byte(edited)) || bytes.Contains(got, []byte("ami-457cbc01")) {
		t.Errorf("after the next run the list is %q", got)
	}
	if n := f.CallsOf("CreateImage"); n != 3 {
		t.Errorf("%d images were made, want 3", n)
	}
}

// A list that is gone when it is to be rewritten is not made anew.
func TestListRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, slowImages(baseScenario(t)), map[string]string{"list.txt": crlfList})
	list := filepath.Join(f.Dir, "slave-list.txt")
	go func() {
		for f.CallsOf("CreateImage") == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		_ = os.Rename(list, list+".moved")
	}()
	r := f.MustRun(4, "rotate")
	if !strings.HasPrefix(r.Stderr, "amirotate: cannot ") || !strings.Contains(r.Stderr, "\n  hint: ") {
		t.Errorf("stderr is %s", r.Stderr)
	}
	if _, err := os.Stat(list); !os.IsNotExist(err) {
		t.Errorf("the list is there again: %v", err)
	}
}

// On a full disk the list stays whole, and nothing is left beside it.
func TestListOnFullDisk(t *testing.T) {
	t.Parallel()
	disk := testenv.Tmpfs(t, "size=12k")
	f := farmtest.Start(t, baseScenario(t), map[string]string{"list.txt": strings.Repeat("# a long note\r\n", 300) + crlfList})
	was := f.Read("slave-list.txt")
	must(t, os.WriteFile(filepath.Join(disk, "list.txt"), was, 0o600))
	r := f.MustRun(4, "rotate", "--slave-list", filepath.Join(disk, "list.txt"))
	if !strings.Contains(r.Stderr, "no space left") {
		t.Errorf("stderr is %s", r.Stderr)
	}
	if now, err := os.ReadFile(filepath.Join(disk, "list.txt")); err != nil || !bytes.Equal(now, was) {
		t.Errorf("the list has %d bytes, had %d: %v", len(now), len(was), err)
	}
	entries, err := os.ReadDir(disk)
	must(t, err)
	for _, e := range entries {
		if e.Name() != "list.txt" && e.Name() != "list.txt.lock" {
			t.Errorf("%s is left", e.Name())
		}
	}
}

// unprivileged is the program as a user that is not root.
func unprivileged(t *testing.T, f *farmtest.Farm, args ...string) *exec.Cmd {
	t.Helper()
	cmd := program(t, f, args...)
	if os.Getuid() != 0 {
		return cmd
	}
	const nobody = 65534
	copied := filepath.Join(f.Dir, "amirotate")
	data, err := os.ReadFile(cmd.Path)
	must(t, err)
	must(t, os.WriteFile(copied, data, 0o755))
	cmd.Path = copied
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	for dir := f.Dir; dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode()&0o005 != 0o005 {
			must(t, os.Chmod(dir, info.Mode().Perm()|0o055))
		}
	}
	must(t, os.Chown(filepath.Join(f.Dir, "ssh"), nobody, nobody))
	for _, name := range f.Folders("ssh") {
		must(t, os.Chown(filepath.Join(f.Dir, "ssh", name), nobody, nobody))
	}
	must(t, os.Chown(filepath.Join(f.Dir, "new-key.pem"), nobody, nobody))
	return cmd
}

// What the user may not read, or the list's folder if it can't be written, is
// found before anything is launched.
func TestWithoutPermission(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, baseScenario(t), map[string]string{"list.txt": crlfList})
	secret := filepath.Join(f.Dir, "secret")
	must(t, os.WriteFile(secret, nil, 0o000))
	sealed := filepath.Join(f.Dir, "sealed")
	must(t, os.Mkdir(sealed, 0o755))
	must(t, os.WriteFile(filepath.Join(sealed, "list.txt"), []byte(crlfList), 0o644))
	must(t, os.Chmod(sealed, 0o555))
	t.Cleanup(func() { _ = os.Chmod(sealed, 0o755) })
	for name, args := range map[string][]string{
		"list":        {"--slave-list", secret},
		"certificate": {"--new-cert", secret},
		"identity":    {"--identity-file", secret},
		"folder":      {"--slave-list", filepath.Join(sealed, "list.txt")},
	} {
		cmd := unprivileged(t, f, append([]string{"rotate"}, args...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(stderr.String(), "permission denied") {
			t.Errorf("%s: exit code %d, %s", name, code, &stderr)
		}
	}
	cmd := unprivileged(t, f, "plan", "--config", secret)
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("configuration: exit code %d", cmd.ProcessState.ExitCode())
	}
	if n := f.CallsOf("RunInstances"); n != 0 {
		t.Errorf("%d instances were launched", n)
	}
}
