package rotate

import (
	"fmt"
	"time"
)

// stepLog reports the steps of one image or of one static host. A step that is
// open when another begins, or that fails and is tried again, stays open until
// it ends.
type stepLog struct {
	reporter Reporter
	clock    func() time.Time
	image    string // source image, or
	worker   string // the first worker of a static host
	first    Step   // what failed if no step is open

	open    Step
	started time.Time
}

// begin opens a step, unless it is open already.
func (l *stepLog) begin(step Step) {
	if l.open == step {
		return
	}
	l.open, l.started = step, l.clock()
	l.report(step, Start, 0, "")
}

// done closes the open step.
func (l *stepLog) done(format string, args ...any) {
	l.report(l.open, OK, l.clock().Sub(l.started), fmt.Sprintf(format, args...))
	l.open = ""
}

// fail closes the open step, if there is one, with an error.
func (l *stepLog) fail(err error) {
	if l.open == "" {
		l.open, l.started = l.first, l.clock()
	}
	l.report(l.open, Failed, l.clock().Sub(l.started), err.Error())
	l.open = ""
}

// skip closes the open step as one that need not be done.
func (l *stepLog) skip(detail string) {
	l.report(l.open, Skipped, l.clock().Sub(l.started), detail)
	l.open = ""
}

// note tells something about the open step without closing it.
func (l *stepLog) note(format string, args ...any) {
	if l.open != "" {
		l.report(l.open, Start, l.clock().Sub(l.started), fmt.Sprintf(format, args...))
	}
}

func (l *stepLog) report(step Step, status Status, elapsed time.Duration, detail string) {
	l.reporter.Report(Event{Time: l.clock(), Event: "step", Image: l.image, Worker: l.worker, Step: step, Status: status,
		ElapsedMS: elapsed.Milliseconds(), Detail: detail})
}
