package ui

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
)

// Lines writes an event a line, for pipes, logs and dumb terminals. It may be
// used by several goroutines.
type Lines struct {
	mu      sync.Mutex
	w       io.Writer
	names   map[string]string // of images, by id
	width   int               // of the longest label
	started time.Time
	narrow  bool // images are called by their ids alone
	clip    int  // the terminal's width, beyond which details are cut off; 0 for no limit
	Quiet   bool // only failures
	Verbose bool // every step's start and whole digests too
}

// NewLines returns a Lines that writes to w and calls images by these names.
func NewLines(w io.Writer, plan *rotate.Plan) *Lines {
	l := &Lines{w: Printable(w), names: map[string]string{}, width: len(wholeRun)}
	for _, img := range plan.Images {
		l.names[img.Source] = img.Name
		l.width = min(max(l.width, len(label(img.Source, img.Name))), maxLabel)
	}
	for _, s := range plan.Static {
		l.width = min(max(l.width, len(s.Worker())), maxLabel)
	}
	return l
}

// resize fits the lines to a terminal of this many columns, 0 if that is not
// known: details are cut off there, and a narrow one has no room for names.
func (l *Lines) resize(columns int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clip, l.narrow = columns, columns > 0 && columns < wideTable
}

const (
	wholeRun = "all images" // what other events of no image are about
	maxLabel = 40           // longer labels don't push the columns of the others
)

// aboutWhole is what an event of no image and no worker is about.
func aboutWhole(step rotate.Step) string {
	switch step {
	case rotate.List:
		return "the list"
	case rotate.Install, rotate.Command, rotate.Check:
		return "the master"
	}
	return wholeRun
}

// Report writes an event.
func (l *Lines) Report(e rotate.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started.IsZero() {
		l.started = e.Time
	}
	if l.hides(e) {
		return
	}
	line := l.head(e)
	if detail := l.detail(e); detail != "" {
		line += "  " + detail
	}
	if l.clip > 0 && e.Status != rotate.Failed {
		line = clip(line, l.clip)
	}
	fmt.Fprintln(l.w, strings.TrimRight(line, " "))
}

// head is a line without the details.
func (l *Lines) head(e rotate.Event) string {
	what := aboutWhole(e.Step)
	switch {
	case e.Image != "" && l.narrow:
		what = e.Image
	case e.Image != "":
		what = label(e.Image, l.names[e.Image])
	case e.Worker != "":
		what = e.Worker
	}
	if l.narrow {
		return fmt.Sprintf("%s %s %s", what, e.Step, statusWord(e))
	}
	return fmt.Sprintf("%7s  %-*s  %-7s  %-9s", seconds(e.Time.Sub(l.started)), l.width, what, e.Step, statusWord(e))
}

// Note writes a line about the run.
func (l *Lines) Note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, "%7s  %s\n", "", text)
}

// detail keeps a failure's digests whole: they are what to look for.
func (l *Lines) detail(e rotate.Event) string {
	if l.Verbose || e.Status == rotate.Failed {
		return e.Detail
	}
	return shortenDigests(e.Detail)
}

func clip(line string, width int) string {
	runes := []rune(line)
	if len(runes) <= width {
		return line
	}
	return string(runes[:width-1]) + "…"
}

func (l *Lines) hides(e rotate.Event) bool {
	switch e.Status {
	case rotate.Failed:
		return false
	case rotate.Start:
		return l.Quiet || !l.Verbose && e.Detail == ""
	}
	return l.Quiet
}

func statusWord(e rotate.Event) string {
	switch {
	case e.Status == rotate.OK:
		return "ok " + seconds(time.Duration(e.ElapsedMS)*time.Millisecond)
	case e.Status == rotate.Start && e.Detail != "":
		return "goes on"
	}
	return string(e.Status)
}

func label(id, name string) string {
	if name == "" {
		return id
	}
	return id + " " + name
}

// seconds writes a duration in a width that lines up.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.2fs", d.Seconds())
	case d < 10*time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0fm", d.Minutes())
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}
