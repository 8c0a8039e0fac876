//go:build unix

package remote

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/testenv"
)

// runner is what has Run.
type runner interface {
	Run(ctx context.Context, c command.Command) (command.Output, error)
}

// TestRunPOSIX runs the same commands on the local machine, over a real sshd and
// in all shells.
func TestRunPOSIX(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	hosts := map[string]runner{"local": Local{}, "sshd": dialSSH(t, testDialer(t, DialerOptions{}, s.access()), s.target())}
	for _, c := range []struct{ name, run, want string }{
		{"both outputs, in order", "echo one; echo two >&2; echo three", "one\ntwo\nthree\n"},
		{"no input", "cat; echo end", "end\n"},
		{"quotes", `printf '%s\n' "it's" '"$HOME"'`, "it's\n\"$HOME\"\n"},
		{"several lines", "a=1\nif [ $a = 1 ]\nthen echo yes # a comment\nfi", "yes\n"},
		{"a comment at the end", "echo yes # no", "yes\n"},
		{"a here-document", "cat <<END\ntext\nEND", "text\n"},
		{"what root has on its path", `case :$PATH: in *:/usr/sbin:*) echo yes ;; esac`, "yes\n"},
		{"nothing", "", ""},
	} {
		for name, h := range hosts {
			out, err := h.Run(t.Context(), command.Command{Run: c.run, Timeout: time.Minute})
			if err != nil || out != (command.Output{Text: c.want}) {
				t.Errorf("%s on %s: %+v, %v", c.name, name, out, err)
			}
		}
	}
	for _, shell := range shells {
		t.Run(shell[0], func(t *testing.T) {
			out, err := runShell(t.Context(), append(append([]string{testenv.Program(t, shell[0])}, shell[1:]...), "-s"),
				[]byte(posixRun("cat; echo out; echo err >&2; exit 7", "")), nil)
			if err != nil || string(out.Stdout) != "out\nerr\n" || out.Status != 7 {
				t.Errorf("%+v, %v", out, err)
			}
			text, status := runWatched(t, shell, "cat; echo out; exit 7", time.Minute)
			if text != "out\n" || status != 7 {
				t.Errorf("watched: %q, %d", text, status)
			}
			start := time.Now()
			text, status = runWatched(t, shell, "echo out; sleep 20; echo late", 300*time.Millisecond)
			if !strings.HasPrefix(text, "out\n") || strings.Contains(text, "late") || status == 0 || time.Since(start) > 10*time.Second {
				t.Errorf("ended: %q, %d, after %v", text, status, time.Since(start))
			}
		})
	}
}

// runWatched runs a command in a shell whose input ends after a while.
func runWatched(t *testing.T, shell []string, run string, after time.Duration) (string, int) {
	t.Helper()
	input, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	end := time.AfterFunc(after, func() { hold.Close() })
	defer end.Stop()
	if _, err := hold.WriteString(posixRun(run, "yes")); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd := exec.Command(shell[0], append(append([]string{}, shell[1:]...), "-s")...)
	cmd.Stdin, cmd.Stdout = input, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	_ = cmd.Run()
	return out.String(), cmd.ProcessState.ExitCode()
}

// TestRunEnds covers how a command may end.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for name, dial := range map[string]func() runner{
		"local": func() runner { return Local{} },
		"sshd":  func() runner { return dialSSH(t, testDialer(t, DialerOptions{}, s.access()), s.target()) },
	} {
		for _, c := range []struct {
			run    string
			status int
		}{{"exit 3", 3}, {"false; true", 0}, {"nosuchcommand", 127}, {"if", 2}} {
			out, err := dial().Run(t.Context(), command.Command{Run: c.run})
			if err != nil || out.Status != c.status && c.run != "if" || out.Status == 0 && c.status != 0 {
				t.Errorf("%s: %s: %+v, %v", name, c.run, out, err)
			}
		}
		out, err := dial().Run(t.Context(), command.Command{Run: "head -c 70000 /dev/zero | tr '\\0' x; echo end"})
		if err != nil || len(out.Text) != command.MaxOutput || out.Dropped != 70004-command.MaxOutput || !strings.HasSuffix(out.Text, "xend\n") {
			t.Errorf("%s: %d kept, %d dropped, %v", name, len(out.Text), out.Dropped, err)
		}

		start := time.Now()
		out, err = dial().Run(t.Context(), command.Command{Run: "echo started; sleep 50 & exit 4"})
		if err != nil || out.Text != "started\n" || out.Status != 4 || time.Since(start) > 5*time.Second {
			t.Errorf("%s: a service is left behind: %+v, %v, after %v", name, out, err, time.Since(start))
		}
	}
}

// TestRunIsEnded: the end of its time or of the context frees the caller at once
// and ends the command with all that it started.
func TestRunIsEnded(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for name, dial := range map[string]func() runner{
		"local": func() runner { return Local{} },
		"sshd":  func() runner { return dialSSH(t, testDialer(t, DialerOptions{}, s.access()), s.target()) },
	} {
		mark := filepath.Join(t.TempDir(), "mark")
		run := "echo begun; (sleep 1.5; echo late >" + mark + ") & wait"
		h, start := dial(), time.Now()
		out, err := h.Run(t.Context(), command.Command{Run: run, Timeout: 300 * time.Millisecond})
		mustFail(t, err, false, "", "cannot run a command", "it has not ended within 300ms")
		if took := time.Since(start); took > 1300*time.Millisecond || out.Text != "begun\n" || out.Status != -1 {
			t.Errorf("%s: %+v after %v", name, out, took)
		}
		h = dial()
		freed(t, func(ctx context.Context) error { _, err := h.Run(ctx, command.Command{Run: run}); return err })
		time.Sleep(1700 * time.Millisecond)
		if _, err := os.Stat(mark); err == nil {
			t.Errorf("%s: it went on", name)
		}
	}
}

// TestRunSandbox runs commands on the sandbox's hosts, by all transports.
func TestRunSandbox(t *testing.T) {
	t.Parallel()
	plain, ssh := newSandbox(t, nil), newWindowsSSH(t, nil)
	for _, c := range []struct {
		name, run, timeout, want string
		host                     runner
	}{
		{"linux", "echo one; cat; echo two >&2; exit 3", "1m", "one\ntwo\n", plain.dial("linux")},
		{"linux: quotes", `x='it'\''s'; echo "$x" two\'s; exit 3`, "1m", "it's two's\n", plain.dial("linux")},
		{"winrm", "Write-Output 'it is'; exit 3", "1m", "it is\r\n", plain.dial("windows")},
		{"winrm: a file", `Set-Content 'C:\mark.txt' one; Add-Content -Path C:\mark.txt -Value 'two'` + "\nGet-Content C:\\mark.txt; exit 3",
			"1m", "one\r\ntwo\r\n", plain.dial("windows")},
		{"ssh to windows", "echo yes;exit 3", "1m", "yes\r\n", ssh.dial("windows")},
	} {
		limit, _ := time.ParseDuration(c.timeout)
		out, err := c.host.Run(t.Context(), command.Command{Run: c.run, Timeout: limit})
		if err != nil || out != (command.Output{Text: c.want, Status: 3}) {
			t.Errorf("%s: %+v, %v", c.name, out, err)
		}
	}
	windows := plain.dial("windows")
	out, err := windows.Run(t.Context(), command.Command{Run: "Get-Service | Where-Object Status"})
	if err != nil || out.Status != 1 || !strings.Contains(out.Text, "has no PowerShell") {
		t.Errorf("an unknown command: %+v, %v", out, err)
	}
	out, err = windows.Run(t.Context(), command.Command{Run: "echo begun; Start-Sleep -Seconds 100000", Timeout: time.Second})
	mustFail(t, err, false, "", "cannot run a command", "it has not ended within 1s")
	if !strings.HasPrefix(out.Text, "begun\r\n") || out.Status != -1 {
		t.Errorf("%+v", out)
	}
	for name, h := range map[string]runner{"winrm": windows, "ssh": ssh.dial("windows")} {
		t.Log(name)
		freed(t, func(ctx context.Context) error {
			_, err := h.Run(ctx, command.Command{Run: "Start-Sleep 100000"})
			return err
		})
	}
}
