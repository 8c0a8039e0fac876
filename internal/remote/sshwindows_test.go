//go:build unix

package remote

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/verify"
)

// newWindowsSSH is a sandbox whose Windows host is reached over SSH.
func newWindowsSSH(t *testing.T, faults *strike) *sandbox {
	t.Helper()
	s := newSandbox(t, faults)
	a := s.access["windows"]
	a.Transport, a.HostKey, a.CAFile, a.IdentityFiles = TransportSSH, HostKeyAcceptNew, "", s.access["linux"].IdentityFiles
	s.access["windows"] = a
	return s
}

// TestWindowsOverSSH: the same scripts, whatever the size of the file, and
// nothing is left behind.
func TestWindowsOverSSH(t *testing.T) {
	t.Parallel()
	s := newWindowsSSH(t, nil)
	h := s.dial("windows")
	big := change(windowsPath)
	big.New = []byte(strings.Repeat("a line of a certificate\r\n", 4000))
	before, err := h.Replace(t.Context(), []verify.Change{big})
	if err != nil || big.Judge(before[0]) != verify.MatchOld {
		t.Fatalf("before %+v, %v", before, err)
	}
	after, err := h.Read(t.Context(), []string{windowsPath, windowsPath + ".none"})
	if err != nil || string(after[0].Content) != string(big.New) || after[0].Owner != before[0].Owner || after[1].Status != verify.Missing {
		t.Errorf("after %+v, %v", after, err)
	}
	if _, err := h.Replace(t.Context(), []verify.Change{change(windowsPath)}); outcomeOf(err) != verify.OtherContent {
		t.Errorf("an unexpected file: %v", err)
	}
	beside, err := os.ReadDir(filepath.Join(s.root["i-windows"], "C/Program Files (x86)/stunnel"))
	if err != nil || len(beside) != 1 {
		t.Errorf("beside the file: %v, %v", beside, err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// TestWindowsOverSSHFails: each error says what was wrong, and a cut passes.
func TestWindowsOverSSHFails(t *testing.T) {
	t.Parallel()
	t.Run("the console is to show the key", func(t *testing.T) {
		t.Parallel()
		s := newWindowsSSH(t, nil)
		a := s.access["windows"]
		a.HostKey = ""
		s.access["windows"] = a
		_, err := s.dialer.Dial(within(t, 20*time.Second), s.target("windows"))
		mustFail(t, err, true, "accept-new", "Windows prints no SSH host keys")
	})
	t.Run("cut while replacing", func(t *testing.T) {
		t.Parallel()
		s := newWindowsSSH(t, &strike{platform: "windows", at: machine.AtPatch, deed: machine.DropConnection})
		c := change(windowsPath)
		_, err := s.dial("windows").Replace(t.Context(), []verify.Change{c})
		mustFail(t, err, false, "", "cannot replace files on i-windows")
		before, err := s.dial("windows").Replace(t.Context(), []verify.Change{c})
		if err != nil || !c.Judge(before[0]).Passes() {
			t.Errorf("again: %+v, %v", before, err)
		}
	})
	t.Run("hangs", func(t *testing.T) {
		t.Parallel()
		s := newWindowsSSH(t, &strike{platform: "windows", at: machine.AtRead, deed: machine.Hang})
		h := s.dial("windows")
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := h.Read(ctx, []string{windowsPath})
		if err == nil || time.Since(began) > 1200*time.Millisecond {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}
