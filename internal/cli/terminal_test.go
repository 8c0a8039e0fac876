package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/testenv"
)

// onTerminal runs the program on a terminal of tmux's, and returns every byte
// that it sent there.
func onTerminal(t *testing.T, f *farmtest.Farm, env string, args string) string {
	t.Helper()
	path, err := exec.LookPath("amirotate")
	must(t, err)
	dir := t.TempDir()
	socket, raw, begin, end := filepath.Join(dir, "s"), filepath.Join(dir, "raw"), filepath.Join(dir, "begin"), filepath.Join(dir, "end")
	script := fmt.Sprintf("while [ ! -e %s ]; do sleep 0.02; done\nset -a; . %s; export XDG_STATE_HOME=%s\n%s %s --config %s %s\necho $? >%s\nsleep 60\n",
		begin, filepath.Join(f.Dir, "env"), dir, env, path, f.Sandbox.Ready().Config, args, end)
	must(t, os.WriteFile(filepath.Join(dir, "run"), []byte(script), 0o600))
	tmux := func(args ...string) {
		out, err := exec.Command("tmux", append([]string{"-S", socket}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v\n%s", args, err, out)
		}
	}
	tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "sh", filepath.Join(dir, "run"))
	defer tmux("kill-server")
	tmux("pipe-pane", "cat >"+raw)
	must(t, os.WriteFile(begin, nil, 0o600))
	for deadline := time.Now().Add(limitOnTerminal); ; time.Sleep(20 * time.Millisecond) {
		if code, _ := os.ReadFile(end); strings.HasSuffix(string(code), "\n") {
			if string(code) != "0\n" {
				t.Errorf("exit code %s", code)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not end")
		}
	}
	time.Sleep(200 * time.Millisecond) // for the pipe to be written
	data, err := os.ReadFile(raw)
	must(t, err)
	return string(data)
}

const limitOnTerminal = time.Minute

// Colours are left out where NO_COLOR says so, and all that moves the cursor on
// a dumb terminal.
func TestTerminal(t *testing.T) {
	testenv.Program(t, "tmux")
	t.Parallel()
	f := exampleFarm(t)
	for _, tc := range []struct {
		env           string
		moves, colors bool
	}{
		{"TERM=screen NO_COLOR=", true, true},
		{"TERM=screen NO_COLOR=1", true, false},
		{"TERM=dumb NO_COLOR=", false, false},
	} {
		got := onTerminal(t, f, tc.env, "rotate")
		if !strings.Contains(got, "2 workers of ") {
			t.Errorf("%s: no rotation is to be seen:\n%q", tc.env, got)
		}
		if moves := strings.Contains(got, "A\x1b[J"); moves != tc.moves {
			t.Errorf("%s: the cursor moves: %v, want %v", tc.env, moves, tc.moves)
		}
		if colors := strings.Contains(got, "\x1b[32m"); colors != tc.colors {
			t.Errorf("%s: it is coloured: %v, want %v", tc.env, colors, tc.colors)
		}
		if !tc.moves && strings.Contains(got, "\x1b") {
			t.Errorf("%s: an escape sequence is sent: %q", tc.env, got)
		}
		f.MustRun(0, "rollback")
	}
}
