package cli

import (
	"bytes"
	"context"
	"slices"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/ui"
)

// masterWay is what a rollback means for the buildmaster.
type masterWay struct {
	*master.Switch      // nil: nobody looks after it
	stays          bool // with its pair, since all images that the list is to name hold the new certificate
	listToo        bool // the list is put back, too
}

func masterWayOf(ctx context.Context, farm *farm, back *rotate.Rollback, sw *master.Switch) (way masterWay, err error) {
	way = masterWay{Switch: sw, listToo: len(back.Previous) > 0}
	if sw == nil {
		return way, nil
	}
	target := farm.list
	if way.listToo {
		target = back.Rewrite.List
	}
	images, err := farm.cloud.Images(ctx, target.Images())
	if err != nil {
		return way, beforeStart(err)
	}
	way.stays = len(images) > 0 && !slices.ContainsFunc(images, func(c cloud.Image) bool { return c.Tags[cloud.TagCertSHA256] != sw.New.SHA256 })
	return way, nil
}

// prepare comes before the list is put back.
func (w masterWay) prepare(ctx context.Context) error {
	switch {
	case w.Switch == nil || w.stays && !w.listToo:
		return nil
	case w.stays:
		return w.Prepare(ctx)
	}
	return w.PrepareRollback(ctx, w.listToo)
}

// rollbackMaster puts the buildmaster's pair back, or restarts it, if there is one
// to look after, and tells what it does.
func (g *globals) rollbackMaster(ctx context.Context, way masterWay) (*master.Result, error) {
	if way.Switch == nil {
		return nil, nil
	}
	if !g.json {
		lines := ui.NewLines(g.Stderr, &rotate.Plan{})
		lines.Quiet, lines.Verbose = g.quiet, g.verbose
		reportTo(lines, way.Switch)
	}
	if way.stays {
		return way.Carry(ctx, master.Order{ListRewritten: way.listToo})
	}
	return way.Rollback(ctx, way.listToo)
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
