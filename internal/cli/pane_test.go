package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
)

// pane is a terminal of tmux's, as somebody has it in front of him: a shell's
// command runs on it, keys are pressed, and the screen is looked at.
type pane struct {
	*testing.T
	socket string
	code   string // path of the file that gets the exit code
}

// newPane runs amirotate in a folder, with a farm's environment and a home
// folder whose keys open the farm's bastion.
func newPane(t *testing.T, f *farmtest.Farm, dir string, columns int, args string) *pane {
	t.Helper()
	path, err := exec.LookPath("amirotate")
	must(t, err)
	x := &pane{t, filepath.Join(t.TempDir(), "s"), filepath.Join(t.TempDir(), "code")}
	script := filepath.Join(t.TempDir(), "run")
	must(t, os.WriteFile(script, fmt.Appendf(nil, "trap : INT; set -a; . %s; HOME=%s; SSH_AUTH_SOCK=; XDG_STATE_HOME=%s; set +a\ncd %s\n%s %s\necho $? >%s\nsleep 60\n",
		filepath.Join(f.Dir, "env"), homeOf(t, f), t.TempDir(), dir, path, args, x.code), 0o600))
	x.tmux("-f", "/dev/null", "new-session", "-d", "-x", fmt.Sprint(columns), "-y", "24", "env", "TERM=screen", "LC_ALL=C.UTF-8", "sh", script)
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", x.socket, "kill-server").Run() })
	return x
}

func homeOf(t *testing.T, f *farmtest.Farm) string {
	t.Helper()
	home, bastion := t.TempDir(), f.Sandbox.Ready().Bastion
	must(t, os.Mkdir(filepath.Join(home, ".ssh"), 0o700))
	for from, to := range map[string]string{bastion.IdentityFile: "id_ed25519", bastion.KnownHosts: "known_hosts"} {
		data, err := os.ReadFile(from)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(home, ".ssh", to), data, 0o600))
	}
	return home
}

func (x *pane) tmux(args ...string) string {
	x.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", x.socket}, args...)...).CombinedOutput()
	if err != nil {
		x.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// answer waits for a question, by its last word, and types a line.
func (x *pane) answer(question, text string) {
	x.Helper()
	x.until(question + "\n>")
	x.tmux("send-keys", "-l", text)
	x.tmux("send-keys", "Enter")
}

// until waits until the screen's last words are those, and returns all of it,
// also what has scrolled by. A line that was broken is one.
func (x *pane) until(words string) string {
	x.Helper()
	last := ""
	for end := time.Now().Add(limitOnTerminal / 2); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		last = strings.TrimRight(x.tmux("capture-pane", "-p", "-J", "-S", "-"), "\n ")
		if strings.HasSuffix(last, strings.TrimRight(words, " ")) {
			return x.tmux("capture-pane", "-p", "-S", "-")
		}
	}
	x.Fatalf("the screen doesn't come to end with %q:\n%s", words, last)
	return ""
}

// exited waits for the exit code.
func (x *pane) exited() string {
	x.Helper()
	for end := time.Now().Add(limitOnTerminal); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if code, err := os.ReadFile(x.code); err == nil && strings.HasSuffix(string(code), "\n") {
			return strings.TrimSpace(string(code))
		}
	}
	x.Fatalf("it does not end:\n%s", x.tmux("capture-pane", "-p", "-S", "-"))
	return ""
}

var (
	ports = regexp.MustCompile(`:\d{5}\b`)
	days  = regexp.MustCompile(`20\d\d-\d\d-\d\d`)
)

// steady is a screen without what differs from one farm to the next.
func steady(screen string) string {
	screen = days.ReplaceAllString(ports.ReplaceAllString(screen, ":22222"), "2015-07-15")
	return strings.TrimRight(screen, "\n") + "\n"
}
