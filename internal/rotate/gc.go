package rotate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/slavelist"
	"golang.org/x/sync/errgroup"
)

// Leftover is something that gc would remove, or has removed.
type Leftover struct {
	Kind   string    `json:"kind"` // instance, image or snapshot
	ID     string    `json:"id"`
	Image  string    `json:"image"` // the source image that it was made for
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	Error  string    `json:"error,omitempty"` // why it could not be removed
}

// Kinds of leftovers.
const (
	kindInstance = "instance"
	kindImage    = "image"
	kindSnapshot = "snapshot"
)

// GarbageCollector finds and removes what dead runs have left, and superseded
// replacements. It can't tell a dead run from one that is going on elsewhere:
// OlderThan, or the caller, must.
type GarbageCollector struct {
	Inventory Inventory
	Collector Collector
	Watcher   Watcher
	List      *slavelist.List // images that it names are never removed

	Keep      int           // superseded replacements to keep of each lineage; negative keeps all
	OlderThan time.Duration // leave alone what is younger
	Wait      time.Duration // for instances to be terminated
	Now       func() time.Time
}

// Find returns what is to be removed, in the order of removal.
func (gc *GarbageCollector) Find(ctx context.Context) ([]Leftover, error) {
	instances, err := gc.Inventory.AllTemporaries(ctx)
	if err != nil {
		return nil, err
	}
	images, err := gc.Inventory.AllReplacements(ctx)
	if err != nil {
		return nil, err
	}
	snapshots, err := gc.Inventory.AllSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	var found []Leftover
	for _, i := range instances {
		found = append(found, Leftover{Kind: kindInstance, ID: i.ID, Image: i.Tags[cloud.TagSourceImage], Since: i.LaunchTime,
			Reason: fmt.Sprintf("%s, %s", i.Tags[cloud.TagRole], i.State)})
	}
	for _, c := range images {
		if r := (&replacement{c}); !r.proven() && !gc.listed(c.ID) {
			found = append(found, leftImage(c, fmt.Sprintf("not proven, %s", c.State)))
		}
	}
	superseded, err := gc.superseded(ctx, images)
	if err != nil {
		return nil, err
	}
	found = append(found, superseded...)
	found = append(found, orphans(snapshots, images)...)
	return slices.DeleteFunc(found, gc.tooYoung), nil
}

func leftImage(c cloud.Image, reason string) Leftover {
	return Leftover{Kind: kindImage, ID: c.ID, Image: c.Tags[cloud.TagSourceImage], Since: c.CreationTime, Reason: reason}
}

func (gc *GarbageCollector) tooYoung(l Leftover) bool {
	return gc.OlderThan > 0 && gc.Now().Sub(l.Since) < gc.OlderThan
}

func (gc *GarbageCollector) listed(id string) bool {
	return slices.Contains(gc.List.Images(), id)
}

// superseded returns the proven replacements that nothing uses, but for the
// newest Keep of each lineage.
func (gc *GarbageCollector) superseded(ctx context.Context, images []cloud.Image) ([]Leftover, error) {
	if gc.Keep < 0 {
		return nil, nil
	}
	lineages := map[string][]cloud.Image{}
	var ids []string
	for _, c := range images {
		if r := (&replacement{c}); r.proven() && !gc.listed(c.ID) {
			root := lineageRoot(c, images)
			lineages[root] = append(lineages[root], c)
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	users, err := gc.Inventory.References(ctx, ids)
	if err != nil {
		return nil, err
	}
	var found []Leftover
	for _, root := range slices.Sorted(maps.Keys(lineages)) {
		line := lineages[root]
		slices.SortFunc(line, func(a, b cloud.Image) int { return b.CreationTime.Compare(a.CreationTime) })
		for i, c := range line {
			if i >= gc.Keep && len(users[c.ID]) == 0 {
				found = append(found, leftImage(c, "superseded, and nothing uses it"))
			}
		}
	}
	return found, nil
}

// lineageRoot follows an image back to the one that the first replacement was
// made of.
func lineageRoot(c cloud.Image, images []cloud.Image) string {
	root := c.Tags[cloud.TagSourceImage]
	for range images {
		i := slices.IndexFunc(images, func(other cloud.Image) bool { return other.ID == root })
		if i < 0 {
			return root
		}
		root = images[i].Tags[cloud.TagSourceImage]
	}
	return root
}

// orphans are snapshots that bear our tags and belong to no image.
func orphans(snapshots []cloud.Snapshot, images []cloud.Image) []Leftover {
	used := map[string]bool{}
	for _, c := range images {
		for _, d := range c.BlockDevices {
			used[d.SnapshotID] = true
		}
	}
	// A pending image doesn't name its snapshots yet; they bear its tags.
	pending := func(s cloud.Snapshot) bool {
		return slices.ContainsFunc(images, func(c cloud.Image) bool {
			return c.State == cloud.ImagePending && bears(c, s.Tags[cloud.TagSourceImage], s.Tags[cloud.TagPatch])
		})
	}
	var found []Leftover
	for _, s := range snapshots {
		if !used[s.ID] && !pending(s) {
			found = append(found, Leftover{Kind: kindSnapshot, ID: s.ID, Image: s.Tags[cloud.TagSourceImage], Since: s.StartTime,
				Reason: "belongs to no image"})
		}
	}
	return found
}

// Remove removes what Find has found and waits for the instances to be
// terminated. It goes on after an error; what it could not remove says why.
func (gc *GarbageCollector) Remove(ctx context.Context, found []Leftover) ([]Leftover, error) {
	var errs []error
	var terminating []string
	for i, l := range found {
		err := gc.remove(ctx, l)
		if err != nil {
			found[i].Error = err.Error()
			errs = append(errs, err)
			continue
		}
		if l.Kind == kindInstance {
			terminating = append(terminating, l.ID)
		}
	}
	err := within(ctx, gc.Wait, strings.Join(terminating, ", ")+" to be terminated", "waits.stop", func(ctx context.Context) error {
		return awaitTerminated(ctx, gc.Watcher, terminating)
	})
	return found, errors.Join(append(errs, err)...)
}

func (gc *GarbageCollector) remove(ctx context.Context, l Leftover) error {
	switch l.Kind {
	case kindInstance:
		return gc.Collector.Terminate(ctx, l.ID)
	case kindImage:
		return gc.Collector.Deregister(ctx, l.ID)
	}
	err := gc.Collector.DeleteSnapshot(ctx, l.ID)
	if cloud.KindOf(err) == cloud.NotFound {
		return nil
	}
	return err
}

// awaitTerminated waits until none of the instances is left.
func awaitTerminated(ctx context.Context, w Watcher, ids []string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, id := range ids {
		group.Go(func() error {
			_, err := w.AwaitInstance(ctx, id, func(i cloud.Instance) bool { return i.State == cloud.InstanceTerminated })
			if cloud.KindOf(err) == cloud.NotFound {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}
