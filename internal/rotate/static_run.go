package rotate

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/amirotate/amirotate/internal/verify"
)

// maxStaticAtOnce bounds the connections that are open at the same time.
const maxStaticAtOnce = 64

// staticRun is the patching of one static host.
type staticRun struct {
	*run
	stepLog
	plan   *StaticPlan
	result *StaticResult
}

// patchStatic begins to work on all static hosts at once, beside the images,
// and returns what waits until each has its result.
func (r *run) patchStatic(ctx context.Context, result *Result) (wait func()) {
	var group errgroup.Group
	group.SetLimit(maxStaticAtOnce)
	var all sync.WaitGroup
	all.Go(func() {
		for i, p := range r.plan.Static {
			if p.Action == Blocked {
				continue
			}
			sr := &staticRun{run: r, plan: p, result: &result.Static[i],
				stepLog: stepLog{reporter: r.Reporter, clock: r.Now, worker: p.Worker(), first: Connect}}
			group.Go(func() error {
				sr.conclude(sr.goOn(ctx))
				return nil
			})
		}
		_ = group.Wait() // each host's error is in its result
	})
	return all.Wait
}

// goOn visits the host until its files are proven or an error is final. What an
// earlier visit has done, the next one finds.
func (sr *staticRun) goOn(ctx context.Context) error {
	for setbacks := 1; ; setbacks++ {
		err := ctx.Err()
		if err == nil {
			err = sr.visit(ctx)
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case final(err) || setbacks > maxSetbacks:
			return err
		}
		sr.note("trying again after: %v", err)
		if err := sr.pause(ctx, setbacks); err != nil {
			return err
		}
	}
}

// visit connects to the host, replaces its files if they are the expected ones,
// and reads them back by a command of its own.
func (sr *staticRun) visit(ctx context.Context) error {
	sr.begin(Connect)
	host, err := sr.dial(ctx)
	if err != nil {
		return err
	}
	defer host.Close()
	sr.done("%s answers", sr.plan.Address)
	after, err := sr.replaceAndProve(ctx, host)
	sr.result.LookAlikes = sr.tellLookAlikes(ctx, host, sr.plan.inspection, sr.plan.changes, err)
	if err == nil {
		sr.done("read back: %s", digestText(after))
	}
	return err
}

func (sr *staticRun) replaceAndProve(ctx context.Context, host Host) (after []verify.File, err error) {
	changes, files, where := sr.plan.changes, sr.result.Files, "the files on "+sr.plan.Address
	sr.begin(Patch)
	err = within(ctx, sr.Waits.Patch, where, "waits.patch", func(ctx context.Context) error {
		written, err := patchFiles(ctx, host, sr.plan.inspection, changes, files)
		sr.result.Written += written
		if err == nil {
			sr.done("%s", replacedText(written, len(changes)))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	sr.begin(Prove)
	err = within(ctx, sr.Waits.Prove, where, "waits.prove", func(ctx context.Context) error {
		after, err = readBack(ctx, host, changes, files)
		return err
	})
	return after, err
}

func (sr *staticRun) dial(ctx context.Context) (host Host, err error) {
	err = within(ctx, sr.Waits.Static, sr.plan.Address+" to answer", "waits.static", func(ctx context.Context) error {
		host, err = sr.Static.DialStatic(ctx, sr.plan.Worker())
		return err
	})
	if err != nil && ctx.Err() == nil {
		err = &unreachableError{instance: sr.plan.Worker(), err: err}
	}
	return host, err
}

// conclude reports how the host's patching ended.
func (sr *staticRun) conclude(err error) {
	res := sr.result
	res.Err, res.Status = err, staticStatus(err, res.Written)
	switch {
	case err == nil:
	case res.excused():
		sr.skip("optional: " + err.Error())
	default:
		sr.fail(err)
	}
}

func staticStatus(err error, written int) string {
	var unreachable *unreachableError
	switch {
	case err == nil && written == 0:
		return StatusUnchanged
	case err == nil:
		return StatusReplaced
	case isRefusal(err):
		return StatusRefused
	case errors.Is(err, context.Canceled), errors.Is(err, ErrInterrupted):
		return StatusInterrupted
	case errors.As(err, &unreachable):
		return StatusUnreachable
	}
	return StatusFailed
}
