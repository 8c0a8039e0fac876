//go:build unix

package notify

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/command"
)

var message = Message{JSON: []byte(`{"event":"summary"}`), Variables: map[string]string{
	"AMIROTATE_EVENT": "failure", "AMIROTATE_ERROR": "a 'b' \"c\"\n$(d)\x00" + strings.Repeat("é", maxValue),
}}

func TestSend(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	environ := []string{"PATH=" + os.Getenv("PATH"), "OUT=" + out, "AMIROTATE_EVENT=stale"}
	err := Send(t.Context(), command.Command{Run: `cat >"$OUT"; printf '\n%s\n%s' "$AMIROTATE_EVENT" "$AMIROTATE_ERROR" >>"$OUT"`}, message, environ)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want := "{\"event\":\"summary\"}\nfailure\na 'b' \"c\"\n$(d)é"
	if !strings.HasPrefix(string(text), want) || len(text) > len(want)+maxValue || strings.ContainsRune(string(text), '\uFFFD') {
		t.Errorf("the command was told %d bytes, %.80q", len(text), text)
	}
}

func TestSendFails(t *testing.T) {
	for run, want := range map[string]string{
		"echo first; echo 'no such host' >&2; exit 7": "exit status 7: no such host",
		"kill -9 $$":          "killed",
		"no-such-command-xyz": "no-such-command-xyz",
	} {
		err := Send(t.Context(), command.Command{Run: run}, message, os.Environ())
		if err == nil || !strings.HasPrefix(err.Error(), "cannot notify by ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", run, err, want)
		}
	}
}

// A command need not read what it is told, however much that is.
func TestSendUnread(t *testing.T) {
	m := Message{JSON: make([]byte, 1<<20)}
	if err := Send(t.Context(), command.Command{Run: "exec 0<&-; true"}, m, os.Environ()); err != nil {
		t.Error(err)
	}
}

// What takes too long is ended with all that it has started.
func TestSendInTime(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	began := time.Now()
	err := Send(t.Context(), command.Command{Run: "trap '' TERM; sleep 60 & echo $! >" + pid + "; echo asleep; wait; wait", Timeout: 300 * time.Millisecond}, message, os.Environ())
	if err == nil || !strings.Contains(err.Error(), "longer than 300ms: asleep") || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	sleeper, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	cmdline := filepath.Join("/proc", strings.TrimSpace(string(sleeper)), "cmdline")
	for range 50 {
		if text, err := os.ReadFile(cmdline); err != nil || len(text) == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("what it has started goes on")
}

// A service that goes on in the background holds nothing up.
func TestSendBackground(t *testing.T) {
	began := time.Now()
	if err := Send(t.Context(), command.Command{Run: "sleep 5 & exit 0"}, message, os.Environ()); err != nil || time.Since(began) > 4*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

func TestSendInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted")
	cancel(cause)
	if err := Send(ctx, command.Command{Run: "true"}, message, os.Environ()); !errors.Is(err, cause) {
		t.Errorf("error %v", err)
	}
}
