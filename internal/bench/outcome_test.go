package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
)

// outcome is what a rotation took; times are simulated.
type outcome struct {
	farmCase
	list      time.Duration // until the list was rewritten
	all       time.Duration // until everything was cleaned up
	available time.Duration // until the last replacement was available
	calls     map[string]int
	throttled int // calls refused for rate
	late      int // ... after the first second
	lags      map[string]time.Duration
	memory    int64         // peak, in bytes; 0 if it was not a process of its own
	cpu       time.Duration // real; 0 likewise
}

// runner runs the program on a farm until it ends, and returns what it printed.
type runner func(ctx context.Context, f *farmtest.Farm, o *outcome) string

// within runs it in this process.
func within(ctx context.Context, f *farmtest.Farm, _ *outcome) string {
	r := f.RunBare(ctx, "--config", f.Sandbox.Ready().Config, "--json", "rotate")
	if r.Code != 0 {
		f.T.Fatalf("exit code %d\n%s\n%s", r.Code, tail(r.Stdout), r.Stderr)
	}
	return r.Stdout
}

// rotate runs the program on a farm and measures it.
func (c farmCase) rotate(t testing.TB, f *farmtest.Farm, run runner) outcome {
	t.Helper()
	o := outcome{farmCase: c, calls: map[string]int{}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	before := len(f.Calls())
	began := time.Now()
	events := run(ctx, f, &o)
	ended := time.Now()
	watch := &stepTimes{t: t, ends: map[string]time.Time{}, launched: map[string]time.Time{}}
	watch.read(events)
	simulated := func(at time.Time) time.Duration { return time.Duration(float64(at.Sub(began)) / c.scale) }
	o.list, o.all, o.available = simulated(watch.ends["list"]), simulated(ended), simulated(watch.ends["bake"])
	calls := slices.DeleteFunc(f.Calls()[before:], func(call farmtest.Call) bool { return !isOurs(call) })
	for _, call := range calls {
		o.calls[call.Action]++
		if call.Error == "RequestLimitExceeded" {
			o.throttled++
			if call.T-calls[0].T > 1 {
				o.late++
			}
		}
	}
	o.lags = lagsOf(f, c, calls)
	o.lags["a builder answers"] = time.Duration(float64(watch.slowest)/c.scale) - c.pending - c.boot
	if c.slow > 0 {
		delete(o.lags, "a builder answers")
	}
	return o
}

// stepTimes are when the last step of each kind ended, and the longest time that
// a builder took from its launch to its first answer.
type stepTimes struct {
	t        testing.TB
	ends     map[string]time.Time
	launched map[string]time.Time // by image
	slowest  time.Duration
}

func (s *stepTimes) read(events string) {
	for line := range strings.Lines(events) {
		var e struct {
			Time   time.Time
			Event  string
			Image  string
			Step   string
			Status string
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Fatalf("%v: %s", err, line)
		}
		if e.Event != "step" || e.Status != "ok" {
			continue
		}
		if e.Time.After(s.ends[e.Step]) {
			s.ends[e.Step] = e.Time
		}
		switch e.Step {
		case "launch":
			s.launched[e.Image] = e.Time
		case "connect":
			s.slowest = max(s.slowest, e.Time.Sub(s.launched[e.Image]))
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

func (o outcome) ratio() float64 { return float64(o.list) / float64(o.bound()) }

func (o outcome) total() int {
	n := 0
	for _, count := range o.calls {
		n += count
	}
	return n
}

func (o outcome) perImage() float64 { return float64(o.total()) / float64(o.images) }

func (o outcome) String() string {
	var b strings.Builder
	round := func(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
	fmt.Fprintf(&b, "%d images, host keys by %s: list after %v, bound %v (critical path %v), ratio %.3f; available after %v, clean after %v\n",
		o.images, o.trust, round(o.list), round(o.bound()), round(o.criticalPath()), o.ratio(), round(o.available), round(o.all))
	fmt.Fprintf(&b, "  %d calls, %.2f an image; %d refused for rate, %d of them after the first second\n", o.total(), o.perImage(), o.throttled, o.late)
	if o.memory > 0 {
		fmt.Fprintf(&b, "  %d MB at most, %.1f s of CPU\n", o.memory>>20, o.cpu.Seconds())
	}
	for _, action := range slices.Sorted(maps.Keys(o.calls)) {
		fmt.Fprintf(&b, "    %-34s %5d  %.2f\n", action, o.calls[action], float64(o.calls[action])/float64(o.images))
	}
	for _, kind := range slices.Sorted(maps.Keys(o.lags)) {
		fmt.Fprintf(&b, "  noticed at most %v late: %s\n", o.lags[kind].Round(10*time.Millisecond), kind)
	}
	return b.String()
}
