package cli

import (
	"bytes"
	"context"
	"slices"

	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/ui"
)

// rollbackMaster puts the buildmaster's pair back, if there is one to look
// after, and tells what it does.
func (g *globals) rollbackMaster(ctx context.Context, sw *master.Switch, listRewritten bool) (*master.Result, error) {
	if sw == nil {
		return nil, nil
	}
	if !g.json {
		lines := ui.NewLines(g.Stderr, &rotate.Plan{})
		lines.Quiet, lines.Verbose = g.quiet, g.verbose
		reportTo(lines, sw)
	}
	return sw.Rollback(ctx, listRewritten)
}

// asBefore minds what the list held before it was last rewritten. If a rollback
// has written it, there is nothing to do. Else the way back leads to those very
// bytes; if they are not to be had, or somebody has changed the list otherwise
// since, every replacement goes back by its tags.
func asBefore(ctx context.Context, images rotate.Images, store listStore, list *slavelist.List, back *rotate.Rollback) (*rotate.Rollback, error) {
	if len(back.Previous) == 0 {
		return back, nil
	}
	previous := previousOf(ctx, store)
	if previous == nil {
		return back, nil
	}
	if before, err := rotate.PutBackBefore(ctx, images, list, previous); before || err != nil {
		return &rotate.Rollback{Before: true}, err
	}
	narrow := back.Narrow(previous.Images())
	rewrite, err := list.Replace(narrow)
	if err == nil && len(narrow) > 0 && bytes.Equal(rewrite.List.Pack(), previous.Pack()) {
		back.Previous, back.Rewrite = narrow, rewrite
		back.Problems = slices.DeleteFunc(back.Problems, func(p rotate.Problem) bool { return narrow[p.Image] == "" })
	}
	return back, nil
}

// previousOf is the list as it was before it was last rewritten, nil if it is not
// to be had.
func previousOf(ctx context.Context, store listStore) *slavelist.List {
	text, err := store.previous().Read(ctx)
	if err != nil {
		return nil
	}
	previous, err := slavelist.Parse("the previous list", text)
	if err != nil {
		return nil
	}
	return previous
}
