package ui

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/term"
)

// screenVariable has the test binary play a run on its terminal instead of
// testing. It goes on to scene n once there is a file of that name, with n added.
const screenVariable = "AMIROTATE_TEST_SCREEN"

func TestMain(m *testing.M) {
	if os.Getenv(screenVariable) != "" {
		playScenes()
		return
	}
	flag.Parse()
	os.Exit(m.Run())
}

func playScenes() {
	now := began
	live := NewLive(os.Stdout, LiveOptions{Color: true, now: func() time.Time { return now },
		Size: func() (int, int) {
			columns, rows, _ := term.GetSize(int(os.Stdout.Fd()))
			return columns, rows
		}}, screenPlan())
	for n, play := range scenes(live, &now) {
		play()
		awaitScene(n + 1)
	}
	live.Close()
	fmt.Println("END")
	awaitScene(99)
}

func awaitScene(n int) {
	for {
		if _, err := os.Stat(os.Getenv(screenVariable) + fmt.Sprint(n)); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func screenPlan() *rotate.Plan {
	plan := &rotate.Plan{}
	for _, img := range []rotate.ImagePlan{
		{Source: "ami-7fd23e3b", Name: "rust-linux", Platform: "linux"},
		{Source: "ami-381e197d", Name: "rust-android", Platform: "linux"},
		{Source: "ami-0123456789abcdef0", Name: "rust-windows-with-a-long-name", Platform: "windows"},
		{Source: "ami-dbac5f9f", Name: "rust-centos5", Platform: "linux"},
		{Source: "ami-b74fa1f3", Name: "快照-linux", Platform: "linux"},
	} {
		img.Action = rotate.Replace
		plan.Images = append(plan.Images, &img)
	}
	return plan
}

// scenes play a run; between them the clock goes on.
func scenes(live *Live, now *time.Time) []func() {
	event := func(image string, step rotate.Step, status rotate.Status, took time.Duration, detail string) {
		live.Report(rotate.Event{Time: *now, Image: image, Step: step, Status: status, ElapsedMS: took.Milliseconds(), Detail: detail})
	}
	later := func(d time.Duration) {
		live.mu.Lock()
		*now = now.Add(d)
		live.mu.Unlock()
	}
	return []func(){
		func() {
			for _, id := range []string{"ami-7fd23e3b", "ami-381e197d", "ami-0123456789abcdef0"} {
				event(id, rotate.Launch, rotate.Start, 0, "")
			}
			later(16 * time.Second)
			event("ami-7fd23e3b", rotate.Launch, rotate.OK, 16*time.Second, "i-0267c9ee38291db03 runs at 10.0.0.7")
			event("ami-7fd23e3b", rotate.Bake, rotate.Start, 0, "")
			event("ami-381e197d", rotate.Patch, rotate.Failed, 2*time.Second, "cannot replace /home/rustbuild/cert.pem: it has md5 0cc175b9c0f1b6a831c399e269772661")
			event("ami-dbac5f9f", rotate.Prove, rotate.Skipped, 0, "done by an earlier run")
			later(83 * time.Second)
			live.mu.Lock()
			live.table.advance(map[string]float64{"ami-7fd23e3b": 0.46})
			live.mu.Unlock()
		},
		func() {
			event("ami-0123456789abcdef0", rotate.Launch, rotate.OK, 99*time.Second, "i-06b7c56fcbf7e14c2 runs at 10.0.0.6")
			event("ami-0123456789abcdef0", rotate.Connect, rotate.Start, 0, "")
		},
		func() {
			later(101 * time.Second)
			event("ami-7fd23e3b", rotate.Bake, rotate.OK, 184*time.Second, "ami-0f0340b27d292b07f is available")
			event("ami-7fd23e3b", rotate.Prove, rotate.OK, 45*time.Second, "proven")
			live.Report(rotate.Event{Time: *now, Step: rotate.Clean, Status: rotate.Start})
		},
	}
}

// tmux is a terminal that others wrote: it breaks lines anew when it is resized.
type tmux struct {
	*testing.T
	socket string
}

func (x tmux) goOn(scene int) {
	x.Helper()
	if err := os.WriteFile(x.socket+fmt.Sprint(scene), nil, 0o600); err != nil {
		x.Fatal(err)
	}
}

func (x tmux) run(args ...string) string {
	x.Helper()
	out, err := exec.Command("tmux", append([]string{"-S", x.socket}, args...)...).CombinedOutput()
	if err != nil {
		x.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// screen waits until the screen shows a text, and has come to rest.
func (x tmux) screen(until string) string {
	x.Helper()
	last := ""
	for range 100 {
		time.Sleep(200 * time.Millisecond)
		now := strings.TrimRight(x.run("capture-pane", "-p"), "\n") + "\n"
		if now == last && strings.Contains(now, until) {
			return now
		}
		last = now
	}
	x.Fatalf("%q never stood still on the screen:\n%s", until, last)
	return ""
}

// On a terminal of 80 columns that becomes one of 40 midway, and wide again,
// nothing is garbled and nothing is left behind.
func TestScreen(t *testing.T) {
	testenv.Program(t, "tmux")
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	x := tmux{t, filepath.Join(t.TempDir(), "s")}
	x.run("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "env", screenVariable+"="+x.socket, "TERM=screen", "LC_ALL=C.UTF-8", exe)
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", x.socket, "kill-server").Run() })
	var all strings.Builder
	show := func(title, screen string) { fmt.Fprintf(&all, "=== %s\n%s", title, screen) }

	show("80 columns", x.screen("46%"))
	x.run("resize-window", "-x", "40", "-y", "24")
	show("narrowed to 40", x.screen("TIME/OF"))
	x.goOn(1)
	show("goes on in 40", x.screen("connect"))
	x.run("resize-window", "-x", "100", "-y", "12")
	show("widened to 100, 12 high", x.screen("SNAPSHOT"))
	x.goOn(2)
	show("all but ended", x.screen("clean"))
	x.goOn(3)
	show("the end", x.screen("END"))
	checkScreens(t, "screens.txt", all.String())

	colored := x.run("capture-pane", "-p", "-e")
	for color, want := range map[string]string{"31m": "failed", "32m": "proven"} {
		if !strings.Contains(colored, "\x1b["+color) {
			t.Errorf("no row is in the colour of %s:\n%q", want, colored)
		}
	}
}

func checkScreens(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got, -update writes it):\n%s", path, diff)
	}
}
