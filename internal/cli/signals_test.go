package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
)

var imageID = regexp.MustCompile(`\bami-(?:[0-9a-f]{17}|[0-9a-f]{8})\b`)

func maskIDs(list []byte) string { return imageID.ReplaceAllString(string(list), "ami-*") }

// program is the real one, as a process of its own with the farm's environment.
func program(t *testing.T, f *farmtest.Farm, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("amirotate")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"--config", f.Sandbox.Ready().Config}, args...)...)
	cmd.Dir = f.Dir
	cmd.Env = []string{"HOME=" + f.Dir}
	for name, value := range f.Sandbox.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// interrupted starts a rotation, and once EC2 was called so, signals it; then
// again, if there is a second signal. It returns what it printed.
func interrupted(t *testing.T, f *farmtest.Farm, after string, args []string, signals ...syscall.Signal) (code int, stdout, stderr string, took time.Duration) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := program(t, f, append([]string{"rotate"}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	must(t, cmd.Start())
	for f.CallsOf(after) == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	for _, s := range signals {
		time.Sleep(100 * time.Millisecond)
		must(t, cmd.Process.Signal(s))
	}
	start := time.Now()
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode(), out.String(), errs.String(), time.Since(start)
}

// The first signal ends a run cleanly and says how to go on; the next run does.
func TestInterrupt(t *testing.T) {
	for name, tc := range map[string]struct {
		signal syscall.Signal
		after  string
	}{
		"SIGINT while builders start":    {syscall.SIGINT, "RunInstances"},
		"SIGTERM while images are made":  {syscall.SIGTERM, "CreateImage"},
		"SIGHUP while hosts are patched": {syscall.SIGHUP, "StopInstances"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := farmtest.Start(t, slowImages(baseScenario(t)), map[string]string{"list.txt": crlfList})
			code, stdout, stderr, _ := interrupted(t, f, tc.after, nil, tc.signal)
			if code != 130 {
				t.Errorf("exit code %d", code)
			}
			for _, want := range []string{"interrupt again to end at once", "amirotate: cannot finish: interrupted\n", "\n  hint: run the same command again to go on"} {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q is missing in %s", want, stderr)
				}
			}
			left := f.Folders("instances")
			if len(left) > 0 && !strings.Contains(stdout, "Left for the next run") {
				t.Errorf("%v are left, unsaid:\n%s", left, stdout)
			}
			for _, id := range left {
				if !strings.Contains(stdout, id+" (stopped builder") {
					t.Errorf("%s is left, unsaid:\n%s", id, stdout)
				}
			}
			if got := string(f.Read("slave-list.txt")); got != crlfList {
				t.Errorf("the list is %q", got)
			}
			finishes(t, f)
		})
	}
}

// finishes runs the same command again.
func finishes(t *testing.T, f *farmtest.Farm) {
	t.Helper()
	f.MustRun(0, "rotate")
	if n := f.CallsOf("CreateImage"); n != 3 {
		t.Errorf("%d images were made, want 3", n)
	}
	if left := f.Folders("instances"); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
	if got := f.Read("slave-list.txt"); maskIDs(got) != maskIDs([]byte(crlfList)) || string(got) == crlfList {
		t.Errorf("the list is %q", got)
	}
}

// With --json a run that is interrupted has a summary, too.
func TestInterruptJSON(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, slowImages(baseScenario(t)), map[string]string{"list.txt": crlfList})
	code, stdout, _, _ := interrupted(t, f, "RunInstances", []string{"--json"}, syscall.SIGTERM)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	last := lines[len(lines)-1]
	if code != 130 || !strings.Contains(last, `"event":"summary"`) || !strings.Contains(last, `"exit_code":130`) {
		t.Errorf("exit code %d, last line %s", code, last)
	}
}

// The second signal ends a run at once, and the next run cleans up.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	scenario := strings.Replace(slowImages(baseScenario(t)), "terminate: 5s", "terminate: 200s", 1)
	f := farmtest.Start(t, scenario, map[string]string{"list.txt": crlfList})
	code, _, stderr, took := interrupted(t, f, "RunInstances", nil, syscall.SIGINT, syscall.SIGINT)
	if code != 130 || took > time.Second {
		t.Errorf("exit code %d after %s", code, took)
	}
	if !strings.Contains(stderr, "amirotate: cannot finish: interrupted twice") {
		t.Errorf("stderr is %s", stderr)
	}
	if len(f.Folders("instances")) == 0 {
		t.Error("it waited for its instances to be terminated")
	}
	finishes(t, f)
}

// A run whose reader goes away is finished all the same.
func TestReaderGoesAway(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"--json", "--verbose"} {
		f := farmtest.Start(t, baseScenario(t), map[string]string{"list.txt": crlfList})
		cmd := program(t, f, "rotate", arg)
		stdout, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, err = stdout.Read(make([]byte, 10))
		must(t, err)
		must(t, stdout.Close())
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v", arg, err)
		}
		if got := string(f.Read("slave-list.txt.previous")); got != crlfList {
			t.Errorf("%s: the list was not rewritten", arg)
		}
	}
}

// A sandbox that gets SIGTERM ends in good order.
func TestSandboxEndsOnSIGTERM(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("amirotate")
	must(t, err)
	dir := t.TempDir()
	cmd := exec.Command(path, "sandbox", "--dir", dir+"/farm", "--ready-file", dir+"/ready")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	must(t, cmd.Start())
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(dir + "/ready"); err == nil {
			break
		}
	}
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil || errs.Len() > 0 {
		t.Errorf("%v: %s", err, &errs)
	}
}
