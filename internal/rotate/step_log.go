package rotate

import (
	"fmt"
	"time"
)

// stepLog reports one image's steps. A step that is open when another begins,
// or that fails and is tried again, stays open until it ends.
type stepLog struct {
	open    Step
	started time.Time
}

// begin opens a step, unless it is open already.
func (ir *imageRun) begin(step Step) {
	if ir.steps.open == step {
		return
	}
	ir.steps = stepLog{open: step, started: ir.Now()}
	ir.report(step, Start, 0, "")
}

// done closes the open step.
func (ir *imageRun) done(format string, args ...any) {
	ir.report(ir.steps.open, OK, ir.Now().Sub(ir.steps.started), fmt.Sprintf(format, args...))
	ir.steps = stepLog{}
}

// fail closes the open step, if there is one, with an error.
func (ir *imageRun) fail(err error) {
	step := ir.steps.open
	if step == "" {
		step = Launch
		ir.steps.started = ir.Now()
	}
	ir.report(step, Failed, ir.Now().Sub(ir.steps.started), err.Error())
	ir.steps = stepLog{}
}

// note tells something about the open step without closing it.
func (ir *imageRun) note(format string, args ...any) {
	if ir.steps.open != "" {
		ir.report(ir.steps.open, Start, ir.Now().Sub(ir.steps.started), fmt.Sprintf(format, args...))
	}
}

func (ir *imageRun) report(step Step, status Status, elapsed time.Duration, detail string) {
	ir.reportStep(ir.plan.Source, step, status, elapsed, detail)
}
