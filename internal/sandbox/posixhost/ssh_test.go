package posixhost_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/testenv"
)

func (w *world) ssh(args ...string) (string, error) {
	w.t.Helper()
	w.run("true", "") // has booted
	cmd := exec.CommandContext(w.t.Context(), testenv.Program(w.t, "ssh"), append([]string{"-F", w.sshConfig()}, args...)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestOpenSSHThroughTheBastion(t *testing.T) {
	w := newWorld(t, nil)
	out, err := w.ssh("-J", "bastion", "rustbuild@127.66.1.20", "cat", certPath, "&& id -un && exit 7")
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 7 || out != "old certificate\nrustbuild\n" {
		t.Fatalf("ssh -J: %v\n%s", err, out)
	}
	out, err = w.ssh("bastion")
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || !strings.Contains(out, "no shell") {
		t.Fatalf("ssh bastion: %v\n%s", err, out)
	}
}
