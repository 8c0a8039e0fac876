package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/mattn/go-runewidth"
)

// table is what a Live shows. It is laid out anew for every drawing.
type table struct {
	rows    []*row
	byKey   map[string]*row
	learnt  experience
	color   bool
	started time.Time
	whole   string   // the step of the whole run that goes on, "" for none
	shown   []string // the lines of the last layout
}

func newTable(plan *rotate.Plan, color bool, now time.Time) *table {
	t := &table{byKey: map[string]*row{}, learnt: experience{}, color: color, started: now}
	for _, img := range plan.Images {
		if img.Action != rotate.None && img.Action != rotate.Blocked {
			t.add(img.Source, &row{id: visible(img.Source), name: visible(img.Name), platform: visible(img.Platform), last: rotate.Prove})
		}
	}
	for _, s := range plan.Static {
		if s.Action != rotate.Blocked {
			t.add(s.Worker(), &row{id: visible(s.Worker())})
		}
	}
	return t
}

func (t *table) add(key string, r *row) *row {
	t.rows = append(t.rows, r)
	t.byKey[key] = r
	return r
}

// take takes in an event. What the plan did not name gets a row as it comes.
func (t *table) take(e rotate.Event, now time.Time) {
	key := keyOf(e)
	if key == "" {
		t.whole = ""
		if e.Status == rotate.Start {
			t.whole = string(e.Step)
		}
		return
	}
	r := t.byKey[key]
	if r == nil {
		if e.Image != "" {
			return // nothing is done with it
		}
		r = t.add(key, &row{id: visible(key)})
	}
	r.take(e, now, t.learnt)
}

func keyOf(e rotate.Event) string {
	if e.Image != "" {
		return e.Image
	}
	return e.Worker
}

// baking tells whether an image is being made.
func (t *table) baking() bool {
	return slices.ContainsFunc(t.rows, func(r *row) bool { return r.step == rotate.Bake && r.active() })
}

// advance takes in which part of each bake is done.
func (t *table) advance(done map[string]float64) {
	for key, r := range t.byKey {
		r.done = done[key]
	}
}

// wideTable is how many columns the whole table needs. A terminal that has less
// shows ids without names, and no platforms.
const wideTable = 72

// lines lays the table out for a terminal, never wider nor higher than that; 0
// is a size that is not known. There is always one line.
func (t *table) lines(columns, rows int, now time.Time) []string {
	if columns <= 0 {
		columns = 80
	}
	if rows <= 0 {
		rows = 24
	}
	f := t.format(columns - 1) // a full line would make some terminals break it
	const around = 4           // header, summary, the line that the cursor is on, and one above; see regain
	shown, hidden := t.choose(rows - around)
	lines := []string{f.header()}
	for _, r := range shown {
		lines = append(lines, f.row(r, t.learnt, now))
	}
	if hidden > 0 {
		lines = append(lines, f.fit(fmt.Sprintf("… and %d more", hidden)))
	}
	lines = append(lines, f.fit(t.summary(now)))
	return lines[max(0, len(lines)-max(rows-2, 1)):]
}

// choose returns the rows that fit, in their order: first of all those that
// failed or go on, then those that wait, then those that are done.
func (t *table) choose(room int) (shown []*row, hidden int) {
	if len(t.rows) <= room {
		return t.rows, 0
	}
	room = max(room-1, 0) // a line tells of the others
	for _, wanted := range []rank{pressing, waiting, finished} {
		for _, r := range t.rows {
			if r.rank() == wanted && len(shown) < room {
				shown = append(shown, r)
			}
		}
	}
	slices.SortFunc(shown, func(a, b *row) int { return slices.Index(t.rows, a) - slices.Index(t.rows, b) })
	return shown, len(t.rows) - len(shown)
}

// summary counts the rows.
func (t *table) summary(now time.Time) string {
	var done, failed, under, idle int
	for _, r := range t.rows {
		switch {
		case r.failed():
			failed++
		case r.rank() == finished:
			done++
		case r.rank() == waiting:
			idle++
		default:
			under++
		}
	}
	parts := []string{fmt.Sprintf("%d of %d done", done, len(t.rows))}
	for _, c := range []struct {
		n    int
		what string
	}{{under, "under way"}, {idle, "waiting"}, {failed, "failed"}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	if t.whole != "" {
		parts = append(parts, t.whole)
	}
	return strings.Join(append(parts, compact(now.Sub(t.started))), ", ")
}

// fit cuts a line to a width.
func fit(line string, width int) string {
	return strings.TrimRight(runewidth.Truncate(line, max(width, 0), "…"), " ")
}
