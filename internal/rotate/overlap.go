package rotate

import (
	"context"
	"fmt"
)

// lookAtStage finds out, once the list is rewritten, how far the overlap has
// come: what this run has changed counts, and so does who runs by now. The
// master may present the new certificate only if result.Overlap says so.
func (r *run) lookAtStage(ctx context.Context, result *Result, soFar error) error {
	if r.Stage == nil || soFar != nil {
		return nil
	}
	started := r.Now()
	progress, err := r.Stage(ctx)
	elapsed := r.Now().Sub(started)
	if err != nil {
		err = fmt.Errorf("cannot tell whether the master may switch: %w", err)
		r.reportStep("", Overlap, Failed, elapsed, err.Error())
		return err
	}
	result.Overlap = &progress
	r.reportStep("", Overlap, OK, elapsed, fmt.Sprintf("stage %s: %s", progress.Stage, progress.Why))
	return nil
}
