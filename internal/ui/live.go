package ui

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Live is a table on a terminal, a line an image, redrawn as things happen.
// What is done scrolls by above it.
type Live struct {
	w        io.Writer
	progress *mpb.Progress
	rows     map[string]*row
	history  *Lines
}

// row is one image's line.
type row struct {
	mu      sync.Mutex
	bar     *mpb.Bar
	id      string
	label   string // id and name
	step    rotate.Step
	status  rotate.Status
	since   time.Time
	elapsed time.Duration
}

// steps are those of an image, in their order.
var steps = [...]rotate.Step{rotate.Launch, rotate.Connect, rotate.Patch, rotate.Stop, rotate.Bake, rotate.Prove}

// Widths of the table, in columns. A terminal that has less than wideRow shows
// ids without names, and no bars.
const (
	wideRow  = 72
	barWidth = 18
)

// NewLive draws on w, a terminal of this many columns (0 if that is not known),
// until Close.
func NewLive(w io.Writer, width int, plan *rotate.Plan) *Live {
	p := mpb.New(mpb.WithOutput(w), mpb.WithRefreshRate(150*time.Millisecond), mpb.WithWidth(barWidth), mpb.WithAutoRefresh())
	l := &Live{w: w, progress: p, rows: map[string]*row{}, history: NewLines(p, plan)}
	l.history.clip = width
	if width > 0 && width < wideRow {
		l.history.withoutNames()
	}
	for _, img := range plan.Images {
		if img.Action == rotate.None || img.Action == rotate.Blocked {
			continue
		}
		r := &row{id: visible(img.Source), label: visible(label(img.Source, img.Name))}
		r.bar = p.MustAdd(int64(len(steps)), narrowless(mpb.BarStyle().Rbound("]").Lbound("[").Build()),
			mpb.PrependDecorators(decor.Any(r.text)))
		l.rows[img.Source] = r
	}
	return l
}

// narrowless leaves the bar out where the line has no room for it.
func narrowless(bar mpb.BarFiller) mpb.BarFiller {
	return mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
		if s.AvailableWidth < barWidth {
			return nil
		}
		return bar.Fill(w, s)
	})
}

func (r *row) text(s decor.Statistics) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	elapsed := r.elapsed
	if r.status == rotate.Start {
		elapsed = time.Since(r.since)
	}
	if s.AvailableWidth < wideRow {
		return fmt.Sprintf("%-.*s", max(0, s.AvailableWidth-1), fmt.Sprintf("%-12s %-7s %-6s %s", r.id, r.step, word(r.status), seconds(elapsed)))
	}
	return fmt.Sprintf("%-32.32s %-7s %-6s %6s ", r.label, r.step, word(r.status), seconds(elapsed))
}

// word is a status in few letters.
func word(s rotate.Status) string {
	switch s {
	case rotate.Start:
		return "…"
	case rotate.Skipped:
		return "done"
	}
	return string(s)
}

// Report takes an event into the table.
func (l *Live) Report(e rotate.Event) {
	if r := l.rows[e.Image]; r != nil {
		r.take(e)
	}
	l.history.Report(e)
}

// Note writes a line about the run above the table. It first goes back to the
// line's begin: what is noted is mostly that somebody pressed Ctrl-C, and the
// terminal has written ^C there.
func (l *Live) Note(text string) {
	_, _ = io.WriteString(l.w, "\r")
	l.history.Note(text)
}

func (r *row) take(e rotate.Event) {
	r.mu.Lock()
	r.step, r.status = e.Step, e.Status
	r.elapsed = time.Duration(e.ElapsedMS) * time.Millisecond
	r.since = time.Now().Add(-r.elapsed)
	r.mu.Unlock()
	switch e.Status {
	case rotate.OK, rotate.Skipped:
		// A step that had to be done anew sets the bar back.
		r.bar.SetCurrent(int64(slices.Index(steps[:], e.Step) + 1))
	case rotate.Failed:
		r.bar.Abort(false)
	}
}

// Close ends the drawing and leaves the last state on the screen.
func (l *Live) Close() {
	for _, r := range l.rows {
		if !r.bar.Completed() {
			r.bar.Abort(false)
		}
	}
	l.progress.Wait()
}
