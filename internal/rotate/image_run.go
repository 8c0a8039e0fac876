package rotate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
)

// imageRun is the rotation of one image: it looks, decides, does, looks again.
type imageRun struct {
	*run
	stepLog
	plan *ImagePlan

	seen    sight
	patched bool           // this process patched seen.builder and read it back
	claimed string         // what this process has written on seen.builder; see claim
	attempt map[string]int // next attempt by role; part of the client token
	place   int            // index of the subnet to launch in
	result  ImageResult

	scarceSince time.Time // when EC2 first had no room, zero if it had
	refusals    int       // ... and how often it had none since the last launch
}

// maxSetbacks is how many errors that may pass one image may meet.
const maxSetbacks = 6

// errLeft tells that an instance stopped running while it was worked on: it
// died, or another run has gone on with it.
var errLeft = errors.New("the instance is no longer running")

// goOn does deed after deed until the replacement is proven or an error is final.
func (ir *imageRun) goOn(ctx context.Context) error {
	ir.skipWhatIsDone()
	for setbacks := 0; ; {
		ir.seen.claim = ir.claimOn(ir.seen.builder)
		next := decide(ir.seen, ir.patched)
		if next == doFinish {
			ir.result.Replacement = ir.seen.replacement.ID
			return nil
		}
		err := ctx.Err()
		if err == nil {
			err = ir.do(ctx, next)
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch {
		case scarce(err):
			if err := ir.stillPatient(err); err != nil {
				return err
			}
		case isSpent(err): // by an earlier launch; there is an end to those
		default:
			if setbacks++; final(err) || setbacks > maxSetbacks {
				return err
			}
		}
		ir.note("trying again after: %v", err)
		if err := ir.pause(ctx, max(setbacks, ir.refusals, 1)); err != nil {
			return err
		}
		if lookErr := ir.lookAgain(ctx); lookErr != nil {
			return errors.Join(err, lookErr)
		}
	}
}

func (ir *imageRun) do(ctx context.Context, next deed) error {
	switch next {
	case doLaunch:
		return ir.launchBuilder(ctx)
	case doPatch:
		return ir.patch(ctx)
	case doAwaitOther:
		return ir.awaitOther(ctx)
	case doStop:
		return ir.stop(ctx)
	case doBake:
		return ir.bake(ctx)
	case doAwaitImage:
		return ir.awaitImage(ctx)
	case doDiscardImage:
		return ir.discardImage(ctx)
	case doDiscardBuilder:
		return ir.discardBuilder(ctx)
	case doLaunchProver:
		return ir.launchProver(ctx)
	case doProve:
		return ir.prove(ctx)
	case doDiscardProver:
		return ir.discardProver(ctx)
	}
	return fmt.Errorf("cannot rotate %s: no such deed %d", ir.plan.Source, next)
}

// final tells whether trying again can't help.
func final(err error) bool {
	var (
		refusal     *verify.Refusal
		stunnel     *StunnelError
		timeout     *TimeoutError
		stale       *staleError
		nameTaken   *nameTakenError
		bake        *bakeError
		command     *commandError
		unreachable *unreachableError
	)
	if errors.As(err, &unreachable) {
		return !errors.Is(err, errLeft)
	}
	for _, target := range []any{&refusal, &stunnel, &timeout, &stale, &nameTaken, &bake, &command} {
		if errors.As(err, target) {
			return true
		}
	}
	var answer *cloud.Error
	return errors.As(err, &answer) && answer.Final()
}

// scarce tells whether EC2 has no room just now. That slows a run down; it does
// not fail it before its time.
func scarce(err error) bool {
	kind := cloud.KindOf(err)
	return kind == cloud.Capacity || kind == cloud.Quota
}

// stillPatient returns an error once EC2 has had no room for too long: neither
// for this image nor, within that time, for any other of the run, whose end
// makes room.
func (ir *imageRun) stillPatient(err error) error {
	ir.refusals++
	now := ir.Now()
	if ir.scarceSince.IsZero() {
		ir.scarceSince = now
	}
	since := ir.scarceSince
	if full := ir.room.fullSince(); !full.IsZero() && full.Before(since) {
		since = full
	}
	if moved := ir.lastMove(); moved.After(since) {
		since = moved
	}
	if now.Sub(since) < ir.Waits.Launch {
		return nil
	}
	return &TimeoutError{What: "room for a " + ir.plan.InstanceType, Limit: ir.Waits.Launch, Setting: "waits.launch", Last: err}
}

// move notes that the run has got on: an instance was launched, or an image is done.
func (r *run) move() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moved = r.Now()
}

func (r *run) lastMove() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.moved
}

// lookAgain asks EC2 what there is of this image's rotation.
func (ir *imageRun) lookAgain(ctx context.Context) error {
	sources := []string{ir.plan.Source}
	images, err := ir.Images.Replacements(ctx, sources)
	if err != nil {
		return err
	}
	instances, err := ir.Instances.Temporaries(ctx, sources)
	if err != nil {
		return err
	}
	builder := ir.seen.builder
	ir.see(ir.plan.sight(images, instances, ir.plan.Source))
	if ir.seen.builder == nil || builder == nil || ir.seen.builder.ID != builder.ID {
		ir.patched = false
	}
	return nil
}

// see takes a new sight, and leaves nothing made unaccounted for.
func (ir *imageRun) see(s sight) {
	for _, i := range []*cloud.Instance{s.builder, s.prover} {
		if i != nil {
			ir.account(i.ID)
		}
	}
	for _, id := range s.spare {
		ir.account(id)
	}
	ir.seen = s
}

// pause waits a little longer after each setback.
func (r *run) pause(ctx context.Context, setbacks int) error {
	t := time.NewTimer(min(r.RetryPause<<min(setbacks-1, 10), 30*time.Second))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// skipWhatIsDone reports the steps that an earlier run has done.
func (ir *imageRun) skipWhatIsDone() {
	var done []Step
	switch next := decide(ir.seen, false); next {
	case doFinish:
		done = imageSteps[:]
	case doAwaitImage, doDiscardImage, doLaunchProver, doProve, doDiscardProver:
		done = []Step{Launch, Connect, Patch, Stop}
		if next != doAwaitImage && next != doDiscardImage {
			done = append(done, Bake)
		}
	case doBake:
		done = []Step{Launch, Connect, Patch, Stop}
	case doStop:
		done = []Step{Launch, Connect, Patch}
	}
	for _, step := range done {
		ir.report(step, Skipped, 0, "done by an earlier run")
	}
}
