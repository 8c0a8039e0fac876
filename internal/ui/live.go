package ui

import (
	"cmp"
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// Live is a table on a terminal, a line an image, static worker or master,
// redrawn as things happen. What is done scrolls by above it.
type Live struct {
	options  LiveOptions
	w        io.Writer
	progress *mpb.Progress
	bar      *mpb.Bar
	history  *Lines
	stop     context.CancelFunc
	asking   sync.WaitGroup

	mu    sync.Mutex
	table *table
	drawn []int // columns that each line on the screen takes
	width int   // of the terminal, when they were drawn
}

// LiveOptions say what a Live draws on.
type LiveOptions struct {
	Size  func() (columns, rows int) // of the terminal, now; 0 if that is not known
	Color bool
	// Progress tells which part of each image's bake is done, from 0 to 1, by
	// source image. It is asked every AskEvery while something is baked; nil if
	// nobody knows.
	Progress func(context.Context) (map[string]float64, error)
	AskEvery time.Duration

	now func() time.Time
}

// NewLive draws on w, a terminal, until Close.
func NewLive(w io.Writer, o LiveOptions, plan *rotate.Plan) *Live {
	if o.now == nil {
		o.now = time.Now
	}
	columns, _ := o.Size()
	p := mpb.New(mpb.WithOutput(w), mpb.WithRefreshRate(150*time.Millisecond), mpb.WithWidth(columns), mpb.WithAutoRefresh())
	ctx, stop := context.WithCancel(context.Background())
	l := &Live{options: o, w: w, progress: p, stop: stop, table: newTable(plan, o.Color, o.now())}
	l.history = NewLines(above{l}, plan)
	l.bar = p.MustAdd(1, mpb.BarFillerFunc(l.drawFirst), mpb.BarFillerTrim(), mpb.BarExtender(mpb.BarFillerFunc(l.drawRest), false))
	if o.Progress != nil {
		l.asking.Go(func() { l.ask(ctx) })
	}
	return l
}

// drawFirst draws the table's first line, and lays out the others.
func (l *Live) drawFirst(w io.Writer, s decor.Statistics) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, rows := l.options.Size()
	again := l.regain(s.AvailableWidth, rows)
	lines := l.table.lines(s.AvailableWidth, rows, l.options.now())
	l.width, l.drawn = s.AvailableWidth, nil
	for _, line := range lines {
		l.drawn = append(l.drawn, columnsOf(line))
	}
	l.table.shown = lines
	_, err := io.WriteString(w, again+lines[0])
	return err
}

// drawRest draws the lines below the first.
func (l *Live) drawRest(w io.Writer, _ decor.Statistics) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := io.WriteString(w, strings.Join(append(l.table.shown[1:len(l.table.shown):len(l.table.shown)], ""), "\n"))
	return err
}

// above writes lines above the table.
type above struct{ live *Live }

func (a above) Write(b []byte) (int, error) {
	l := a.live
	l.mu.Lock()
	again := l.regain(l.options.Size())
	l.mu.Unlock()
	if _, err := l.progress.Write([]byte(again + string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Report takes an event into the table.
func (l *Live) Report(e rotate.Event) {
	l.mu.Lock()
	l.table.take(e, l.options.now())
	l.mu.Unlock()
	columns, _ := l.options.Size()
	l.history.resize(columns)
	l.history.Report(e)
}

// Note writes a line about the run above the table. It first goes back to the
// line's begin: what is noted is mostly that somebody pressed Ctrl-C, and the
// terminal has written ^C there.
func (l *Live) Note(text string) {
	_, _ = io.WriteString(l.w, "\r")
	l.history.Note(text)
}

// ask asks how far bakes have got, as long as there are any.
func (l *Live) ask(ctx context.Context) {
	every := time.NewTicker(cmp.Or(l.options.AskEvery, 15*time.Second))
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		l.mu.Lock()
		baking := l.table.baking()
		l.mu.Unlock()
		if !baking {
			continue
		}
		if done, err := l.options.Progress(ctx); err == nil { // else the next time
			l.mu.Lock()
			l.table.advance(done)
			l.mu.Unlock()
		}
	}
}

// Close ends the drawing and leaves the last state on the screen.
func (l *Live) Close() {
	l.stop()
	l.asking.Wait()
	l.bar.Abort(false)
	l.progress.Wait()
}
