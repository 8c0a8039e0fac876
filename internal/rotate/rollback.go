package rotate

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// Rollback is the previous image of each replacement that a list names, from
// the lineage tags.
type Rollback struct {
	Previous map[string]string // by replacement's id
	Rewrite  slavelist.Rewrite
	Problems []Problem // of severity error where a previous image can't be used
	Before   bool      // the list was put back by an earlier run: there is nothing to do
}

// PutBackBefore tells whether a list is what its previous bytes are with the
// images put back that theirs replaced: then a rollback wrote it, and another one
// would lead a generation too far. Of a list that names no replacement nobody
// need know.
func PutBackBefore(ctx context.Context, images Images, list, previous *slavelist.List) (bool, error) {
	undone, err := PlanRollback(ctx, images, previous)
	if err != nil {
		return false, err
	}
	rewrite, err := previous.Replace(undone.Narrow(list.Images()))
	return err == nil && len(rewrite.Edits) > 0 && bytes.Equal(rewrite.List.Pack(), list.Pack()), err
}

// PlanRollback finds the previous images. Images without a lineage stay.
func PlanRollback(ctx context.Context, images Images, list *slavelist.List) (*Rollback, error) {
	current, err := images.Images(ctx, list.Images())
	if err != nil {
		return nil, err
	}
	back := &Rollback{Previous: map[string]string{}}
	var sources []string
	for _, c := range current {
		if source := c.Tags[cloud.TagSourceImage]; c.Tags[cloud.TagRole] == cloud.RoleReplacement && source != "" {
			back.Previous[c.ID] = source
			sources = append(sources, source)
		}
	}
	if len(sources) == 0 {
		return back, nil
	}
	previous, err := images.Images(ctx, sources)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(back.Previous)) {
		back.judge(id, previous)
	}
	back.Rewrite, err = list.Replace(back.Previous)
	return back, err
}

func (b *Rollback) judge(id string, previous []cloud.Image) {
	source := b.Previous[id]
	i := slices.IndexFunc(previous, func(c cloud.Image) bool { return c.ID == source })
	problem := Problem{Code: "previous-image", Severity: Error, Image: id}
	switch {
	case i < 0:
		problem.Message = fmt.Sprintf("%s, which %s replaced, is gone", source, id)
		problem.Hint = "leave the list as it is, or edit it by hand"
	case previous[i].State != cloud.ImageAvailable:
		problem.Message = fmt.Sprintf("%s, which %s replaced, is %s", source, id, previous[i].State)
		problem.Hint = "make it available again first (aws ec2 enable-image for a disabled one)"
	default:
		return
	}
	b.Problems = append(b.Problems, problem)
}

// Narrow is the part of Previous that leads to images of a list as it was: those
// it named, by the replacements that it did not name yet.
func (b *Rollback) Narrow(was []string) map[string]string {
	narrow := map[string]string{}
	for replacement, source := range b.Previous {
		if slices.Contains(was, source) && !slices.Contains(was, replacement) {
			narrow[replacement] = source
		}
	}
	return narrow
}
