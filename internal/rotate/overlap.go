package rotate

import (
	"context"
	"fmt"
)

// lookAtStage finds out, once the list is rewritten, how far the overlap has
// come: what this run has changed counts, and so does who runs by now. The
// master may present the new certificate only if result.Overlap says so. soFar
// is the images' outcome: where not all of them are proven, the run ends before
// the master's turn, unless a partial rotation is allowed.
func (r *run) lookAtStage(ctx context.Context, result *Result, soFar, listErr error) error {
	if r.Stage == nil || listErr != nil || soFar != nil && !r.AllowPartial {
		return nil
	}
	started := r.Now()
	progress, err := r.Stage(ctx)
	elapsed := r.Now().Sub(started)
	if err != nil {
		err = fmt.Errorf("cannot tell whether the master may switch: %w", err)
		r.reportStep(Overlap, Failed, elapsed, err.Error())
		return err
	}
	result.Overlap = &progress
	r.reportStep(Overlap, OK, elapsed, fmt.Sprintf("stage %s: %s", progress.Stage, progress.Why))
	return nil
}
