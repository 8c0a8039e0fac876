package rotate

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/amirotate/amirotate/internal/slavelist"
)

// ErrListChanged means that the slave list no longer holds the bytes that the
// plan read.
var ErrListChanged = errors.New("the slave list has changed since it was read")

// rewriteList puts the proven replacements into the list: all of them, or with
// AllowPartial those that are proven. soFar is the images' outcome.
func (r *run) rewriteList(ctx context.Context, result *Result, soFar error) error {
	started := r.Now()
	report := func(status Status, detail string) {
		r.reportStep(List, status, r.Now().Sub(started), detail)
	}
	replaced := map[string]string{}
	for _, img := range result.Images {
		if img.Status == StatusReplaced || img.Status == StatusReused {
			replaced[img.Source] = img.Replacement
		}
	}
	report(Start, "")
	switch {
	case ctx.Err() != nil:
		report(Skipped, "interrupted; the list is untouched")
		return context.Cause(ctx)
	case soFar != nil && !r.AllowPartial:
		report(Skipped, "not every image is proven; the list is untouched")
		return nil
	case len(replaced) == 0:
		report(Skipped, "nothing to change")
		return nil
	}
	rewritten, err := r.replaceList(ctx, replaced, result)
	if err != nil {
		report(Failed, err.Error())
		return err
	}
	result.ListRewritten = rewritten
	if !rewritten {
		report(Skipped, "another run has rewritten it already")
		return nil
	}
	report(OK, fmt.Sprintf("%d workers of %s have another image", len(result.Edits), r.plan.List.Path))
	return nil
}

// replaceList rewrites the list if it still holds what the plan read. If it
// already holds what it is to hold, another run came first: that is success.
func (r *run) replaceList(ctx context.Context, replaced map[string]string, result *Result) (bool, error) {
	rewrite, err := r.plan.list.Replace(replaced)
	if err != nil {
		return false, err
	}
	old, wanted := r.plan.list.Pack(), rewrite.List.Pack()
	result.Edits, result.Diff = rewrite.Edits, slavelist.MaskedDiff(r.plan.list, rewrite.List)
	if err := r.prepareMaster(ctx); err != nil {
		return false, err
	}
	err = r.ListFile.Replace(ctx, old, wanted)
	if !errors.Is(err, ErrListChanged) {
		return err == nil, err
	}
	now, readErr := r.ListFile.Read(ctx)
	if readErr == nil && bytes.Equal(now, wanted) {
		return false, nil
	}
	return false, err
}
