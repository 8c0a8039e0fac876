package rotate

import (
	"context"
	"errors"
	"fmt"

	"github.com/amirotate/amirotate/internal/cloud"
)

// launchSpec is what RunInstances is asked for: the image's own surroundings,
// no user data, so that it never joins the farm.
func (p *ImagePlan) launchSpec(run, role string, image cloud.Image, place int) cloud.LaunchSpec {
	spec := cloud.LaunchSpec{
		ImageID:         image.ID,
		Type:            p.InstanceType,
		GroupIDs:        p.Launch.SecurityGroups,
		KeyName:         p.Launch.KeyPair,
		InstanceProfile: p.Launch.InstanceProfile,
		RequireIMDSv2:   image.IMDSSupport == "v2.0",
		Spot:            p.Launch.Spot,
		Tags:            p.instanceTags(run, role),
	}
	if n := len(p.Launch.Subnets); n > 0 {
		spec.SubnetID = p.Launch.Subnets[place%n]
	}
	return spec
}

func (ir *imageRun) launchBuilder(ctx context.Context) error {
	ir.begin(Launch)
	ir.patched = false
	instance, err := ir.launch(ctx, cloud.RoleBuilder, ir.plan.image)
	if err != nil {
		return err
	}
	ir.seen.builder = &instance
	if instance, err = ir.awaitAddress(ctx, instance); err != nil {
		return err
	}
	ir.seen.builder = &instance
	ir.done("%s starts at %s", instance.ID, instance.PrivateIP)
	return nil
}

func (ir *imageRun) launchProver(ctx context.Context) error {
	ir.begin(Prove)
	instance, err := ir.launch(ctx, cloud.RoleProver, ir.seen.replacement.Image)
	if err != nil {
		return err
	}
	ir.seen.prover = &instance
	return nil
}

// launch starts an instance, or finds the one that the same launch started
// before. A token whose instance is gone is spent: before the next attempt the
// caller must look again, since the run that ended it may have finished.
func (ir *imageRun) launch(ctx context.Context, role string, image cloud.Image) (cloud.Instance, error) {
	if ir.plan.Action != Replace {
		return cloud.Instance{}, &staleError{source: ir.plan.Source, replacement: ir.plan.Replacement}
	}
	spec := ir.plan.launchSpec(ir.id, role, image, ir.place)
	// A prover belongs to one replacement: another one is another launch.
	spec.ClientToken = clientToken(ir.plan.Patch, image.ID, ir.plan.tokenRole(role), ir.attempt[role])
	instance, err := ir.launchWhenThereIsRoom(ctx, spec)
	switch cloud.KindOf(err) {
	case cloud.TokenMismatch:
		return ir.adopt(ctx, spec.ClientToken, role)
	case cloud.Capacity, cloud.Quota:
		ir.place++
		ir.attempt[role]++ // another subnet under the same token is a mismatch
		return instance, err
	}
	if err != nil {
		return instance, err
	}
	if instance.State.Gone() {
		ir.attempt[role]++
		return instance, &spentTokenError{role: role, instance: instance.ID}
	}
	ir.account(instance.ID)
	ir.refusals = 0
	ir.move()
	return instance, nil
}

// staleError is a plan to reuse a replacement that is no longer there: where to
// launch was not looked at, so nothing is.
type staleError struct{ source, replacement string }

func (e *staleError) Error() string {
	return fmt.Sprintf("cannot reuse %s for %s: it was proven when the plan was made, and is no longer", e.replacement, e.source)
}

// Hint says what to do.
func (*staleError) Hint() string { return "run the same command again: it makes a new plan" }

// spentTokenError is a client token that launches nothing more: what an earlier
// launch made with it is gone. EC2 remembers it for at least a day after that.
type spentTokenError struct {
	role     string
	instance string // "" if it is not to be seen
}

func (e *spentTokenError) Error() string {
	if e.instance == "" {
		return fmt.Sprintf("cannot launch a %s: its client token is spent", e.role)
	}
	return fmt.Sprintf("cannot launch a %s: its client token is spent on %s, which is gone", e.role, e.instance)
}

func isSpent(err error) bool {
	var spent *spentTokenError
	return errors.As(err, &spent)
}

// adopt takes over what another run launched with our token and other words.
func (ir *imageRun) adopt(ctx context.Context, token, role string) (cloud.Instance, error) {
	found, err := ir.Instances.InstanceWithToken(ctx, token)
	if err != nil {
		return cloud.Instance{}, err
	}
	if found == nil || found.State.Gone() || found.Tags[cloud.TagRole] != role {
		ir.attempt[role]++
		return cloud.Instance{}, &spentTokenError{role: role}
	}
	ir.account(found.ID)
	return *found, nil
}

// launchWhenThereIsRoom waits as long as the account's quota is full, which what
// ends makes room in, or fails when it has been so for too long.
func (ir *imageRun) launchWhenThereIsRoom(ctx context.Context, spec cloud.LaunchSpec) (cloud.Instance, error) {
	for {
		if err := ir.room.enter(ctx); err != nil {
			return cloud.Instance{}, err
		}
		instance, err := ir.Maker.Launch(ctx, spec)
		full := cloud.KindOf(err) == cloud.Quota
		ir.room.leave(full, ir.Now(), ir.RetryPause)
		if !full {
			return instance, err
		}
		if spent := ir.stillPatient(err); spent != nil {
			return instance, spent
		}
		ir.note("waiting for room: %v", err)
	}
}
