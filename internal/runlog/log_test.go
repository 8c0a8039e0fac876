package runlog

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var at = time.Date(2015, 7, 15, 3, 0, 0, 0, time.UTC)

func newLog(t *testing.T, folder string) *Log {
	t.Helper()
	l, err := New(folder, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	l.Write(KindRun, Header{Event: KindRun, Format: Format, Time: at, ID: "abc"})
	return l
}

func step(image string) map[string]any {
	return map[string]any{"event": KindStep, "time": at, "image": image, "step": "bake", "status": "ok", "elapsed_ms": 7, "detail": "<a> & b"}
}

// What is written is there at once, for its owner alone, and reads back the same
// from the file and from memory.
func TestKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "runs")
	l := newLog(t, folder)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() { l.Write(KindStep, step(fmt.Sprintf("ami-%d", i))) })
	}
	group.Wait()
	l.Write("of-the-future", map[string]any{"event": "of-the-future"})
	l.Write(KindPlan, map[string]any{"event": KindPlan, "plan": map[string]any{"region": "us-west-1"}})
	before, err := Open(l.Path())
	if err != nil || before.Ended() || len(before.Steps) != 20 || before.Plan.Region != "us-west-1" {
		t.Fatalf("read while it is written: %+v, %v", before, err)
	}
	l.Write(KindSummary, map[string]any{"event": KindSummary, "exit_code": 4})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := Open(l.Path())
	if err != nil {
		t.Fatal(err)
	}
	memory, err := l.Run()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(kept, memory); diff != "" {
		t.Errorf("file and memory differ: %s", diff)
	}
	if !kept.Ended() || kept.Summary.ExitCode != 4 || kept.Steps[0].Detail != "<a> & b" {
		t.Errorf("read %+v", kept)
	}
	for path, want := range map[string]os.FileMode{l.Path(): 0o600, folder: 0o700 | os.ModeDir} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want mode %v", path, info.Mode(), err, want)
		}
	}
}

// A full log leaves out steps, says so, and still takes what comes at the end.
func TestFull(t *testing.T) {
	l := newLog(t, t.TempDir())
	l.limit = 1000
	for range 100 {
		l.Write(KindStep, step("ami-1"))
	}
	l.Write(KindSummary, map[string]any{"event": KindSummary})
	run, err := Open(l.Path())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(run.Steps); !run.Truncated || n == 0 || n > 8 || !run.Ended() {
		t.Errorf("%d steps, truncated %v, ended %v", n, run.Truncated, run.Ended())
	}
}

// The log of a run that was killed ends anywhere.
func TestCutOff(t *testing.T) {
	l := newLog(t, "")
	l.Write(KindStep, step("ami-1"))
	l.Write(KindStep, step("ami-2"))
	all := l.all.String()
	head := strings.Index(all, "\n") + 1
	for n := range len(all) {
		run, err := Parse(strings.NewReader(all[:n]))
		if (err != nil) != (n < head) {
			t.Fatalf("cut off after %d bytes: %v", n, err)
		}
		if err == nil && (run.Ended() || len(run.Steps) > 1 || run.Header.ID != "abc") {
			t.Fatalf("cut off after %d bytes: %+v", n, run)
		}
	}
}

func TestForeign(t *testing.T) {
	for name, text := range map[string]string{
		"empty":      "",
		"events":     `{"event":"step"}` + "\n",
		"no JSON":    "hello\n",
		"newer":      `{"event":"run","format":99}` + "\n",
		"two begins": `{"event":"run"}` + "\n" + `{"event":"run"}` + "\n",
	} {
		if run, err := Parse(strings.NewReader(text)); err == nil {
			t.Errorf("%s: read as %+v", name, run)
		}
	}
}

// A folder that can't be written costs the log alone.
func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := New(file, at)
	if err == nil || !strings.HasPrefix(err.Error(), "cannot keep the event log: ") || l.Path() != "" {
		t.Fatalf("error %v, path %q", err, l.Path())
	}
	l.Write(KindRun, Header{Event: KindRun, Format: Format, ID: "abc"})
	if run, err := l.Run(); err != nil || run.Header.ID != "abc" {
		t.Errorf("read back %+v, %v", run, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// The newest logs stay; what is no log is never touched.
func TestPrune(t *testing.T) {
	folder := t.TempDir()
	others := []string{"notes.ndjson", "2015-deadbeef.ndjson", at.Format(timeInName) + "-xyz.ndjson", at.Format(timeInName) + "-abc.json"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var newest string
	for i := range Keep + 5 {
		l, err := New(folder, at.Add(time.Duration(i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		newest = l.Path()
		_ = l.Close()
	}
	logs, err := List(folder)
	if err != nil || len(logs) != Keep || logs[0] != newest || !strings.Contains(logs[Keep-1], "T030005") {
		t.Errorf("%d logs from %s to %s, %v", len(logs), logs[len(logs)-1], logs[0], err)
	}
	for _, name := range others {
		if !exists(filepath.Join(folder, name)) {
			t.Errorf("%s is gone", name)
		}
	}
}

func TestFind(t *testing.T) {
	folder := t.TempDir()
	first := filepath.Join(folder, "20150715T030000.000Z-00000001.ndjson")
	second := filepath.Join(folder, "20150716T030000.000Z-00000002.ndjson")
	for _, path := range []string{first, second} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"": second, "20150715": first, "00000001": first, "20150716T030000.000Z-00000002": second,
		"20150715T030000.000Z-00000001.ndjson": first, "/else/where.ndjson": "/else/where.ndjson",
		"2015": "", "99": "",
	} {
		got, err := Find(folder, name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("Find(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	if path, err := Find(filepath.Join(folder, "none"), ""); err == nil {
		t.Errorf("found %s", path)
	}
}

func TestDefaultFolder(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"HOME": "/root"}, "/root/.local/state/amirotate/runs"},
		{map[string]string{"HOME": "/root", "XDG_STATE_HOME": "/var/s"}, "/var/s/amirotate/runs"},
		{map[string]string{"HOME": "/root", "XDG_STATE_HOME": "relative"}, ""},
		{map[string]string{"STATE_DIRECTORY": "/var/lib/amirotate:/var/lib/b", "HOME": "/root"}, "/var/lib/amirotate/runs"},
		{nil, ""},
	} {
		if got := DefaultFolder(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %q, want %q", c.env, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"event":"run","format":1}` + "\n" + `{"event":"plan","plan":{}}` + "\n" + `{"event":"step","elapsed_ms":-1}` + "\n")
	f.Add(`{"event":"run"}` + "\n" + `{"event":"usage","calls":[{"count":1}]}` + "\n" + `{"event":"plan"}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		run, err := Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		if _, err := json.Marshal(run); err != nil {
			t.Error(err)
		}
	})
}
