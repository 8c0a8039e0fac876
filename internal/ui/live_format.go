package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// Colours say what words say too: done, failed, longer than expected.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

var colors = [...]string{red, green, yellow}

// format is how rows are written in a number of columns.
type format struct {
	width int
	id    int // columns of the first column
	wide  bool
	color bool
}

// The other columns of the wide table.
const (
	platformWidth = 8
	stepWidth     = 12
	timeWidth     = 8
	besideID      = 1 + platformWidth + 1 + stepWidth + 3*timeWidth
	// besideNarrowID is a step, or a bake with its progress, and two times.
	besideNarrowID = 18
)

func (t *table) format(width int) format {
	f := format{width: width, wide: width >= wideTable-1, color: t.color, id: len("IMAGE")}
	room := width - besideNarrowID
	if f.wide {
		room = width - besideID
	}
	for _, r := range t.rows {
		f.id = max(f.id, runewidth.StringWidth(f.label(r)))
	}
	f.id = max(min(f.id, room), 0)
	return f
}

func (f format) label(r *row) string {
	if f.wide {
		return label(r.id, r.name)
	}
	return r.id
}

func (f format) fit(line string) string { return fit(line, f.width) }

func (f format) header() string {
	if f.wide {
		return f.columns("IMAGE", "PLATFORM", "STEP", "ELAPSED", "EXPECTED", "SNAPSHOT")
	}
	return f.fit(pad("IMAGE", f.id) + " STEP     TIME/OF")
}

// columns writes the cells of the wide table.
func (f format) columns(id, platform, step, elapsed, expected, snapshot string) string {
	return f.fit(pad(id, f.id) + " " + pad(platform, platformWidth) + " " + pad(step, stepWidth-1) +
		fmt.Sprintf("%*s %*s %*s", timeWidth-1, elapsed, timeWidth, expected, timeWidth, snapshot))
}

func (f format) row(r *row, learnt experience, now time.Time) string {
	elapsed, expected := "", ""
	short := compact
	if !f.wide {
		short = brief
	}
	if took := r.took(now); took > 0 || r.active() {
		elapsed = short(took)
	}
	if e := r.expected(learnt, now); e > 0 {
		expected = short(e)
	}
	line := ""
	if f.wide {
		line = f.columns(f.label(r), r.platform, r.doing(), elapsed, expected, r.percent())
	} else {
		line = f.narrow(r, elapsed, expected)
	}
	return f.paint(line, r, learnt, now)
}

func (f format) narrow(r *row, elapsed, expected string) string {
	doing := r.doing()
	if p := r.percent(); p != "" {
		doing += " " + p
	}
	if expected != "" {
		elapsed += "/" + expected
	}
	return f.fit(pad(f.label(r), f.id) + " " + pad(doing, 8) + " " + elapsed)
}

// paint colours a whole row.
func (f format) paint(line string, r *row, learnt experience, now time.Time) string {
	color := ""
	switch {
	case !f.color:
	case r.failed():
		color = red
	case r.ended():
		color = green
	case r.overdue(learnt, now):
		color = yellow
	}
	if color == "" {
		return line
	}
	return color + line + plain
}

// pad brings a cell to a width.
func pad(cell string, width int) string {
	cell = runewidth.Truncate(cell, width, "…")
	return cell + strings.Repeat(" ", max(0, width-runewidth.StringWidth(cell)))
}

// brief is compact without tenths.
func brief(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	return compact(d)
}

// compact writes a duration in four characters or little more.
func compact(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 100*time.Second:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%dm%02d", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02d", int(d.Hours()), int(d.Minutes())%60)
}
