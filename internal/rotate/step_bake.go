package rotate

import (
	"context"
	"fmt"

	"github.com/amirotate/amirotate/internal/cloud"
)

// stop stops the builder, so that its disks are at rest when they are copied.
func (ir *imageRun) stop(ctx context.Context) error {
	ir.begin(Stop)
	b := ir.seen.builder
	if b.State != cloud.InstanceStopping {
		if err := ir.Destroyer.Stop(ctx, b.ID); err != nil {
			return err
		}
	}
	var stopped cloud.Instance
	err := within(ctx, ir.Waits.Stop, b.ID+" to stop", "waits.stop", func(ctx context.Context) (err error) {
		stopped, err = ir.Watcher.AwaitInstance(ctx, b.ID, func(i cloud.Instance) bool {
			return i.State == cloud.InstanceStopped || i.State.Gone()
		})
		return err
	})
	if err != nil {
		return err
	}
	if stopped.State.Gone() {
		return fmt.Errorf("cannot bake %s: it is %s%s", b.ID, stopped.State, because(stopped.StateReason))
	}
	ir.seen.builder = &stopped
	ir.room.freed()
	ir.done("%s is stopped", b.ID)
	return nil
}

// bake asks for the image. The id is taken down the moment the call returns.
func (ir *imageRun) bake(ctx context.Context) error {
	ir.begin(Bake)
	spec := cloud.ImageSpec{
		InstanceID:  ir.seen.builder.ID,
		Name:        replacementName(ir.plan.image, ir.plan.Patch),
		Description: ir.plan.image.Description,
		Tags:        ir.plan.replacementTags(ir.id),
	}
	id, err := ir.Maker.CreateImage(ctx, spec)
	if cloud.KindOf(err) == cloud.NameTaken {
		return ir.adoptImage(ctx, spec.Name, err)
	}
	if err != nil {
		return err
	}
	ir.seen.replacement = &replacement{cloud.Image{ID: id, Name: spec.Name, State: cloud.ImagePending, Tags: spec.Tags}}
	ir.result.Replacement = id
	return nil
}

// adoptImage takes over the image that bears our name already: another run's,
// or our own whose answer was lost. A stranger's is not touched.
func (ir *imageRun) adoptImage(ctx context.Context, name string, taken error) error {
	images, err := ir.Images.ImagesNamed(ctx, []string{name})
	if err != nil {
		return err
	}
	for _, c := range images {
		if bears(c, ir.plan.Source, ir.plan.Patch) {
			ir.seen.replacement = &replacement{c}
			ir.result.Replacement = c.ID
			return nil
		}
		if !hasOurTags(c) {
			return &nameTakenError{name: name, id: c.ID}
		}
	}
	return taken // not to be seen yet
}

// hasOurTags tells whether amirotate made the image, for whatever patch.
func hasOurTags(c cloud.Image) bool { return c.Tags[cloud.TagRole] != "" }

// nameTakenError is a stranger's image with the name that a replacement needs.
type nameTakenError struct{ name, id string }

func (e *nameTakenError) Error() string { return strangersName(e.name, e.id).Message }

// Hint says what to do.
func (e *nameTakenError) Hint() string { return strangersName(e.name, e.id).Hint }

func (ir *imageRun) awaitImage(ctx context.Context) error {
	ir.begin(Bake)
	if _, err := ir.plan.readPermissions(ctx, ir.Images); err != nil {
		return err
	}
	r := ir.seen.replacement
	var image cloud.Image
	err := within(ctx, ir.Waits.Image, r.ID+" to become available", "waits.image", func(ctx context.Context) (err error) {
		image, err = ir.Watcher.AwaitImage(ctx, r.ID, func(c cloud.Image) bool {
			return c.State != cloud.ImagePending && c.State != cloud.ImageTransient
		})
		return err
	})
	if err != nil {
		return err
	}
	ir.seen.replacement = &replacement{image}
	if ir.seen.replacement.lost() {
		ir.note("%s is %s%s", image.ID, image.State, because(image.StateReason))
		return nil
	}
	if ir.seen.builder != nil {
		ir.endInBackground(ir.seen.builder.ID)
	}
	ir.result.Replacement = image.ID
	ir.done("%s is available", image.ID)
	return nil
}

// discardImage removes a replacement that came to nothing, and its prover. The
// builder is kept: another image can be made of it.
func (ir *imageRun) discardImage(ctx context.Context) error {
	r := ir.seen.replacement
	if ir.attempt["bake"]++; ir.attempt["bake"] > maxBakes {
		return &bakeError{id: r.ID, reason: because(r.StateReason)}
	}
	if ir.seen.prover != nil {
		ir.endInBackground(ir.seen.prover.ID)
		ir.seen.prover = nil
	}
	if err := ir.Destroyer.Deregister(ctx, r.ID); err != nil {
		return err
	}
	ir.seen.replacement, ir.result.Replacement = nil, ""
	return nil
}

// maxBakes is how many images one run makes of a builder before it gives up.
const maxBakes = 3

// bakeError is an image that failed time and again.
type bakeError struct{ id, reason string }

func (e *bakeError) Error() string {
	return fmt.Sprintf("cannot bake an image: %d attempts failed, the last was %s%s", maxBakes, e.id, e.reason)
}

// Hint says what to do.
func (*bakeError) Hint() string {
	return "run the same command again to have it tried anew; if it fails again, EC2's reason above is for AWS support"
}

func (ir *imageRun) discardBuilder(ctx context.Context) error {
	b := ir.seen.builder
	ir.patched, ir.seen.builder = false, nil
	if b == nil {
		return nil
	}
	ir.note("%s can't be used (%s%s); starting anew", b.ID, b.State, because(b.StateReason))
	ir.attempt[cloud.RoleBuilder]++
	return ir.Destroyer.Terminate(ctx, b.ID)
}

func (ir *imageRun) discardProver(ctx context.Context) error {
	p := ir.seen.prover
	ir.seen.prover = nil
	ir.attempt[cloud.RoleProver]++
	return ir.Destroyer.Terminate(ctx, p.ID)
}
