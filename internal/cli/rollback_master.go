package cli

import (
	"bytes"
	"context"

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

// narrowToPrevious keeps of a way back what leads to the very bytes that the list
// held before it was last rewritten. If those are not to be had, or somebody has
// changed the list otherwise since, every replacement goes back by its tags.
func narrowToPrevious(ctx context.Context, store listStore, list *slavelist.List, back *rotate.Rollback) {
	before, err := store.previous().Read(ctx)
	if err != nil || len(back.Previous) == 0 {
		return
	}
	previous, err := slavelist.Parse("the previous list", before)
	if err != nil {
		return
	}
	narrow := back.Narrow(previous.Images())
	rewrite, err := list.Replace(narrow)
	if err == nil && bytes.Equal(rewrite.List.Pack(), before) {
		back.Previous, back.Rewrite = narrow, rewrite
	}
}
