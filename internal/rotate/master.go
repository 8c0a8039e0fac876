package rotate

import (
	"context"
	"errors"

	"github.com/amirotate/amirotate/internal/master"
)

// Master is the buildmaster. Prepare comes before the list is rewritten, and
// Carry last of all; both only do what is left to do.
type Master interface {
	Prepare(ctx context.Context) error
	// Carry returns a result in any case; its error is a *master.Error.
	Carry(ctx context.Context, order master.Order) (*master.Result, error)
}

// prepareMaster makes sure, before the list is touched, that the master can
// follow it.
func (r *run) prepareMaster(ctx context.Context) error {
	if r.Master == nil {
		return nil
	}
	return r.Master.Prepare(ctx)
}

// switchMaster switches the buildmaster once the list names what is proven. It
// is left alone where something failed before, unless a partial rotation is
// allowed, and where the plan has seen that all is done.
func (r *run) switchMaster(ctx context.Context, result *Result, soFar, listErr error) error {
	if r.Master == nil {
		return nil
	}
	skip := func(why string) error {
		r.reportStep(Install, Skipped, 0, why)
		return nil
	}
	switch {
	case ctx.Err() != nil:
		return skip("interrupted; the master is left alone")
	case listErr != nil:
		return skip("the list could not be rewritten; the master is left alone")
	case soFar != nil && !r.AllowPartial:
		return skip("not every image is proven; the master is left alone")
	case r.plan.Master != nil && r.plan.Master.Action == master.ActionNone && len(result.Edits) == 0:
		return skip("already installed, and the master presents it")
	}
	order := master.Order{ListRewritten: result.ListRewritten}
	if result.Overlap != nil && !result.Overlap.MaySwitch() {
		order.Hold = result.Overlap.Why
	}
	var err error
	result.Master, err = r.Master.Carry(ctx, order)
	var failed *master.Error
	if errors.As(err, &failed) && result.ListRewritten {
		path := r.plan.List.Path
		failed.Undo = append([]string{"put " + path + ".previous back as " + path}, failed.Undo...)
	}
	if err == nil && result.Master.Status == master.StatusSwitched {
		return r.lookAtStage(ctx, result, nil, nil) // what comes next
	}
	return err
}

// masterDue tells whether the plan wants anything of the master.
func (p *Plan) masterDue() bool {
	return p.Master != nil && (p.Master.Action == master.ActionInstall || p.Master.Action == master.ActionRestart)
}

// masterChanged tells whether a saved plan was for another master, or for other
// commands there.
func (p *Plan) masterChanged(saved *Plan) bool {
	was, is := saved.Master, p.Master
	if was == nil || is == nil {
		return was != is
	}
	if was.Address != is.Address || was.Certificate.Path != is.Certificate.Path || len(was.Commands) != len(is.Commands) {
		return true
	}
	for i := range was.Commands {
		if was.Commands[i] != is.Commands[i] {
			return true
		}
	}
	return (was.Key == nil) != (is.Key == nil) || was.Key != nil && was.Key.Path != is.Key.Path
}
