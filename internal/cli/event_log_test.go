package cli_test

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/runlog"
	"github.com/amirotate/amirotate/internal/sandbox"
	gocmp "github.com/google/go-cmp/cmp"
)

// exampleFarm is the small farm that the repository offers to try things on.
func exampleFarm(t *testing.T) *farmtest.Farm {
	t.Helper()
	path, err := filepath.Abs("../../testdata/farm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return farmtest.StartWith(t, "", nil, func(o *sandbox.Options) { o.Scenario = path })
}

// logs are the paths of a farm's event logs, the newest first.
func logs(t *testing.T, f *farmtest.Farm) []string {
	t.Helper()
	paths, err := runlog.List(filepath.Join(f.Dir, "state", "amirotate", "runs"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// The log holds each event that --json prints, word for word, and as many calls
// as EC2 has counted.
func TestEventLog(t *testing.T) {
	t.Parallel()
	f := exampleFarm(t)
	out := f.MustRun(0, "rotate", "--json")
	paths := logs(t, f)
	if len(paths) != 1 {
		t.Fatalf("event logs %v, want one", paths)
	}
	kept, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.Stdout) {
		if !strings.Contains(line, `"event":"summary"`) && !strings.Contains(string(kept), line) {
			t.Errorf("the log misses %s", line)
		}
	}
	run, err := runlog.Open(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(callsOf(f), run.Usage.Calls); diff != "" {
		t.Errorf("calls (-EC2's +the log's):\n%s", diff)
	}
	if n, m := len(run.Usage.Instances), len(run.Usage.Images); n != 4 || m != 2 {
		t.Errorf("%d instances and %d images were used, want 4 and 2", n, m)
	}
	for _, i := range run.Usage.Instances {
		if !i.Until.After(i.From) || i.Type == "" || i.Role == "" || i.Platform == "" {
			t.Errorf("instance %+v", i)
		}
	}
	if c := run.Header.Certificates; len(c) != 2 || !run.Ended() || run.Result.Diff == "" {
		t.Errorf("certificates %+v, ended %v, result %+v", c, run.Ended(), run.Result)
	}
}

// callsOf counts EC2's own record of its calls.
func callsOf(f *farmtest.Farm) []cloud.Calls {
	var all []cloud.Calls
	for _, c := range f.Calls() {
		i := slices.IndexFunc(all, func(a cloud.Calls) bool { return a.Action == c.Action && a.DryRun == c.DryRun })
		if i < 0 {
			i, all = len(all), append(all, cloud.Calls{Action: c.Action, DryRun: c.DryRun})
		}
		all[i].Count++
		if c.Status != 200 && !c.DryRun {
			all[i].Failed++
		}
	}
	slices.SortFunc(all, func(a, b cloud.Calls) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(len(jsonOf(a)), len(jsonOf(b))))
	})
	return all
}

func jsonOf(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}

// A log that can't be kept costs a warning, no more.
func TestNoEventLog(t *testing.T) {
	t.Parallel()
	f := exampleFarm(t)
	f.Write("file", "")
	r := f.MustRun(0, "rotate", "--log-dir", filepath.Join(f.Dir, "file"))
	if !strings.HasPrefix(r.Stderr, "amirotate: warning: cannot keep the event log: ") || strings.Count(r.Stderr, "\n") != 1 {
		t.Errorf("stderr: %s", r.Stderr)
	}
}
