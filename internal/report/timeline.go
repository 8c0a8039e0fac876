package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/runlog"
)

// timeline is every step of a run on one scale.
type timeline struct {
	Span     time.Duration
	Lanes    []*lane
	Critical []*bar        // what the run's length hung on, in order
	Waits    time.Duration // between those
	Ticks    []time.Duration
}

// lane is the way of one image, worker or master, or of the whole run.
type lane struct {
	Name string
	Bars []*bar
	Done []runlog.Step // what an earlier run had done
}

// bar is one step.
type bar struct {
	Lane       string
	Step       string
	Status     string // ok, failed, skipped after a while, or unfinished
	Detail     string
	Start, End time.Duration // since the run's begin
	Critical   bool
	X, W       int // in thousandths of the scale
	lane       int
}

// Class is that of its status.
func (b bar) Class() string {
	switch b.Status {
	case "ok":
		return "good"
	case "skipped":
		return ""
	}
	return "bad"
}

// Elapsed is how long the step took.
func (b bar) Elapsed() time.Duration { return b.End - b.Start }

const (
	scale    = 1000
	wholeRun = "whole run"
	// slack is by how much the end of a step and the begin of the next may seem to
	// overlap: a step's length is rounded to milliseconds.
	slack = 2 * time.Millisecond
)

func newTimeline(run *runlog.Run) timeline {
	end := endOf(run)
	t := timeline{Span: max(end.Sub(run.Header.Time), time.Millisecond)}
	lanes := newLanes(run)
	for _, s := range run.Steps {
		lanes.take(s, s.Time.Sub(run.Header.Time))
	}
	lanes.finish(t.Span)
	t.Lanes = lanes.inOrder()
	t.place()
	t.findCritical()
	for i := range 5 {
		t.Ticks = append(t.Ticks, t.Span*time.Duration(i)/4)
	}
	return t
}

// lanes collects steps by what they are of.
type lanes struct {
	names []string // in the plan's order, then as they come
	byKey map[string]*lane
	open  map[string]*bar
}

func newLanes(run *runlog.Run) *lanes {
	l := &lanes{byKey: map[string]*lane{}, open: map[string]*bar{}}
	if run.Plan != nil {
		for _, img := range run.Plan.Images {
			l.lane(img.Source).Name = strings.TrimSpace(img.Source + " " + img.Name)
		}
	}
	return l
}

func (l *lanes) lane(key string) *lane {
	if l.byKey[key] == nil {
		l.byKey[key] = &lane{Name: cmp.Or(key, wholeRun)}
		l.names = append(l.names, key)
	}
	return l.byKey[key]
}

func laneKey(s runlog.Step) string {
	master := s.Master
	if master != "" {
		master = "master " + master
	}
	return cmp.Or(s.Image, s.Worker, master)
}

// noticed is how long a step must have taken that was skipped then, to be drawn:
// one that found nothing to do takes a moment, a host that was waited for seconds.
const noticed = time.Second

// take takes in an event that happened at a time after the run's begin.
func (l *lanes) take(s runlog.Step, at time.Duration) {
	key := laneKey(s)
	in := l.lane(key)
	elapsed := time.Duration(s.ElapsedMS) * time.Millisecond
	b := &bar{Lane: in.Name, Step: s.Step, Status: s.Status, Detail: s.Detail, Start: max(at-elapsed, 0), End: at}
	switch {
	case s.Status == "start":
		if open := l.open[key]; open == nil || open.Step != s.Step {
			l.open[key] = b
		}
		return
	case s.Status == "skipped" && elapsed < noticed:
		in.Done = append(in.Done, s)
	default:
		in.Bars = append(in.Bars, b)
	}
	delete(l.open, key)
}

// finish draws what was still going on to the end.
func (l *lanes) finish(end time.Duration) {
	for key, b := range l.open {
		b.Status, b.End = "unfinished", end
		l.byKey[key].Bars = append(l.byKey[key].Bars, b)
	}
}

// inOrder returns the lanes that have something to show, the whole run last.
func (l *lanes) inOrder() []*lane {
	var all []*lane
	for _, key := range l.names {
		if in := l.byKey[key]; key != "" && len(in.Bars)+len(in.Done) > 0 {
			all = append(all, in)
		}
	}
	if in := l.byKey[""]; in != nil {
		all = append(all, in)
	}
	return all
}

// place gives every bar its place on the scale; none is too short to be seen.
func (t *timeline) place() {
	const least = 3
	for i, in := range t.Lanes {
		for _, b := range in.Bars {
			b.lane = i
			b.X = min(int(b.Start*scale/t.Span), scale-least)
			b.W = max(int(b.End*scale/t.Span)-b.X, least)
		}
	}
}

// findCritical goes back from the last step to end: each time to the one that
// ended last before it began, rather one of the same lane.
func (t *timeline) findCritical() {
	var all []*bar
	for _, in := range t.Lanes {
		all = append(all, in.Bars...)
	}
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b *bar) int { return cmp.Compare(b.End, a.End) })
	for at := all[0]; at != nil; at = before(at, all) {
		at.Critical = true
		t.Critical = append(t.Critical, at)
	}
	slices.Reverse(t.Critical)
	t.Waits = t.Span
	for _, b := range t.Critical {
		t.Waits -= b.Elapsed()
	}
	t.Waits = max(t.Waits, 0)
}

// before returns the step that ended last before another began, nil if none
// did. all is sorted by end, the last first.
func before(next *bar, all []*bar) *bar {
	var found *bar
	for _, b := range all {
		if b.Critical || b.End > next.Start+slack || b.Start >= next.Start {
			continue
		}
		if found == nil {
			found = b
		}
		if found.End-b.End > slack {
			break
		}
		if b.lane == next.lane {
			return b
		}
	}
	return found
}

// Says tells a lane's bars in words, for those who don't see them.
func (l lane) Says() string {
	var parts []string
	for _, b := range l.Bars {
		part := fmt.Sprintf("%s from %s to %s", b.Step, clock(b.Start), clock(b.End))
		if b.Status != "ok" {
			part += " (" + b.Status + ")"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

// Kinds are the steps that have bars, in the order in which an image goes
// through them.
func (t timeline) Kinds() []string {
	var kinds []string
	for _, in := range t.Lanes {
		for _, b := range in.Bars {
			if !slices.Contains(kinds, b.Step) {
				kinds = append(kinds, b.Step)
			}
		}
	}
	slices.SortStableFunc(kinds, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return kinds
}

// place is a step's place in the order; steps that are not known are last.
func place(step string) int {
	order := []string{"launch", "connect", "patch", "stop", "bake", "prove", "list", "overlap", "install", "command", "check", "clean"}
	if i := slices.Index(order, step); i >= 0 {
		return i
	}
	return len(order)
}
