package ui

import (
	"fmt"
	"slices"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
)

// row is what a table shows of one image, static worker or master.
type row struct {
	id, name, platform string
	last               rotate.Step // the one that ends its way; "" if that is not known
	step               rotate.Step
	status             rotate.Status
	since              time.Time // when the step began; once it has ended, by the length of the step
	elapsed            time.Duration
	done               float64 // part of the bake, 0 if that is not known
	all                time.Duration
}

// take takes in an event that has just happened.
func (r *row) take(e rotate.Event, now time.Time, learnt experience) {
	if r.step != e.Step || e.Status != rotate.Start {
		r.done = 0
	}
	r.step, r.status = e.Step, e.Status
	r.elapsed = time.Duration(e.ElapsedMS) * time.Millisecond
	r.since = now.Add(-r.elapsed)
	switch e.Status {
	case rotate.OK:
		learnt.learn(r.platform, e.Step, r.elapsed)
		r.all += r.elapsed
	case rotate.Failed:
		r.all += r.elapsed
	}
}

func (r *row) active() bool { return r.status == rotate.Start }
func (r *row) failed() bool { return r.status == rotate.Failed }

// ended tells whether nothing more is to come. What a worker's last step is
// nobody says: then it is any that has ended, until another begins.
func (r *row) ended() bool {
	return (r.status == rotate.OK || r.status == rotate.Skipped) && (r.last == "" || r.step == r.last)
}

// rank is how much a row matters to who watches.
type rank int

const (
	pressing rank = iota // goes on, or has failed
	waiting              // has not begun
	finished
)

func (r *row) rank() rank {
	switch {
	case r.step == "":
		return waiting
	case r.ended():
		return finished
	}
	return pressing
}

// doing is the step in words.
func (r *row) doing() string {
	switch {
	case r.step == "":
		return "waiting"
	case r.failed():
		return "failed"
	case r.ended() && r.step == rotate.Prove:
		return "proven"
	case r.status == rotate.Skipped && r.last == "": // an optional worker that is down, say
		return "skipped"
	case r.status == rotate.OK, r.status == rotate.Skipped:
		return string(r.step) + " ok"
	}
	return string(r.step)
}

// took is how long the step has taken so far; that of all steps at the end.
func (r *row) took(now time.Time) time.Duration {
	switch {
	case r.active():
		return now.Sub(r.since)
	case r.ended() || r.failed():
		return r.all
	}
	return r.elapsed
}

// expected is how long the step is expected to take in all, 0 if that is not
// known: by how far the bake has got, else by what other rows took.
func (r *row) expected(learnt experience, now time.Time) time.Duration {
	if !r.active() {
		return 0
	}
	if r.done > 0 && r.step == rotate.Bake {
		return time.Duration(float64(r.took(now)) / r.done)
	}
	return learnt.of(r.platform, r.step)
}

// overdue tells whether a step takes much longer than expected.
func (r *row) overdue(learnt experience, now time.Time) bool {
	expected := learnt.of(r.platform, r.step)
	return r.active() && expected > 0 && r.took(now) > 3*expected/2
}

func (r *row) percent() string {
	if r.done <= 0 || !r.active() {
		return ""
	}
	return fmt.Sprintf("%d%%", int(r.done*100))
}

// experience is how long steps have taken in this run, by platform and step.
type experience map[[2]string][]time.Duration

func (x experience) learn(platform string, step rotate.Step, took time.Duration) {
	key := [2]string{platform, string(step)}
	x[key] = append(x[key], took)
}

// of is the median of what has been learnt, 0 if nothing has.
func (x experience) of(platform string, step rotate.Step) time.Duration {
	seen := slices.Sorted(slices.Values(x[[2]string{platform, string(step)}]))
	if len(seen) == 0 {
		return 0
	}
	return seen[len(seen)/2]
}
