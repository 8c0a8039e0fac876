package cli_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// A session of questions, answered by keys, on a wide and on a narrow terminal:
// what cannot be used is asked for again, and plan wants what comes of it.
func TestInitOnTerminal(t *testing.T) {
	testenv.Program(t, "tmux")
	t.Parallel()
	f := farmtest.Start(t, "", nil)
	bastion := f.Sandbox.Ready().Bastion
	var all strings.Builder
	for _, columns := range []int{80, 40} {
		dir := folderWith(t, f, "slave-list.txt", "old-cert.pem", "new-cert.pem")
		must(t, os.Rename(filepath.Join(dir, "slave-list.txt"), filepath.Join(dir, "farm.txt")))
		x := newPane(t, f, dir, columns, "init")
		x.answer("ssh://user@host/path)?", "frm.txt")
		x.answer("ssh://user@host/path)?", "farm.txt")
		x.answer("none)?", "a b@c")
		x.answer("none)?", bastion.User+"@"+bastion.Address)
		x.answer("id)?", "rust-slave")
		x.answer("certificate?", "/home/rustbuild/rust-buildbot/rust-bot-cert.pem")
		x.answer("[rustbuild]", "")
		x.answer("certificate?", `C:\Program Files (x86)\stunnel\cert.pem`)
		fmt.Fprintf(&all, "=== %d columns\n%s", columns, steady(x.until("amirotate plan")))
		if code := x.exited(); code != "0" {
			t.Errorf("exit code %s", code)
		}
		if r := f.RunBare(context.Background(), "--config", filepath.Join(dir, "amirotate.yaml"), "--quiet", "plan", "--known-hosts", bastion.KnownHosts, "--identity-file", bastion.IdentityFile); r.Code != 0 {
			t.Errorf("plan: exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
		}
	}
	path := filepath.Join("testdata", "init_screens.txt")
	if *update {
		must(t, os.WriteFile(path, []byte(all.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Errorf("%s (-want +got, -update writes it):\n%s", path, diff)
	}
}

// Ctrl-C at a question ends init at once, and nothing is written.
func TestInitInterrupted(t *testing.T) {
	testenv.Program(t, "tmux")
	t.Parallel()
	f := farmtest.Start(t, "", nil)
	dir := folderWith(t, f, "slave-list.txt")
	x := newPane(t, f, dir, 80, "init")
	x.until("now?\n>")
	x.tmux("send-keys", "-l", "half an ans")
	x.tmux("send-keys", "C-c")
	if code := x.exited(); code != "130" {
		t.Errorf("exit code %s", code)
	}
	x.until("nothing was written; run init again, or give the answers as flags")
	left, err := os.ReadDir(dir)
	must(t, err)
	if len(left) != 1 {
		t.Errorf("it has left %v", left)
	}
}

// folderWith is a new folder with copies of these files of a farm.
func folderWith(t *testing.T, f *farmtest.Farm, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		must(t, os.WriteFile(filepath.Join(dir, name), f.Read(name), 0o600))
	}
	return dir
}
