package rotate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/command"
)

// Two runs at once may apply a patch side by side, but not run commands: an
// update that one of them has ended with is none that the other may cut off by
// stopping the builder. So a run claims a builder by a tag before it runs
// commands there, if nobody has, gives others' claims the time to show, and goes
// on only if its own stands; and it stops the builder only if it still does. A
// claim names its end, after which nobody is at work there.

// claim is whose commands run on a builder.
type claim int

const (
	claimNone  claim = iota
	claimOurs        // this process's
	claimOther       // another run's, which may be at it
	claimDead        // a dead run's, or its time is over: what was done there is not known
)

// claimOn tells who has claimed a builder.
func (ir *imageRun) claimOn(builder *cloud.Instance) claim {
	if builder == nil || builder.Tags[cloud.TagClaim] == "" {
		return claimNone
	}
	value := builder.Tags[cloud.TagClaim]
	who, _, _ := strings.Cut(value, " ")
	switch {
	case value == ir.claimed:
		return claimOurs
	case who == ir.word || !ir.Now().Before(endOfClaim(value)):
		return claimDead
	}
	return claimOther
}

// endOfClaim is the zero time for a claim that is none.
func endOfClaim(value string) time.Time {
	_, until, _ := strings.Cut(value, " ")
	end, err := time.Parse(time.RFC3339, until)
	if err != nil {
		return time.Time{}
	}
	return end
}

// claimTime is how long another run may take from seeing that a builder is not
// claimed to having claimed it, with time to spare.
func (ir *imageRun) claimTime() time.Duration {
	const pauses, least = 10, 500 * time.Millisecond
	return max(pauses*ir.RetryPause, least)
}

// claimBuilder claims a builder until its commands must have ended. The error is
// errClaimed if another run was quicker. A claim that took too long may stand in
// the place of one that was found good: such a builder is of no use to anybody.
func (ir *imageRun) claimBuilder(ctx context.Context, id string) error {
	began := time.Now()
	now, err := ir.Instances.Instance(ctx, id)
	if err != nil {
		return err
	}
	if now.Tags[cloud.TagClaim] != "" {
		return fmt.Errorf("cannot use %s: %w", id, errClaimed)
	}
	limit := ir.Waits.Stop
	for _, c := range ir.plan.commands {
		limit += c.Timeout
	}
	ir.claimed = ir.word + " " + ir.Now().Add(limit).UTC().Format(time.RFC3339)
	if err := ir.Maker.Tag(ctx, id, map[string]string{cloud.TagClaim: ir.claimed}); err != nil {
		return err
	}
	if took := time.Since(began); took > ir.claimTime()/2 {
		return fmt.Errorf("cannot use %s: claiming it took %s", id, took.Round(time.Millisecond))
	}
	select {
	case <-time.After(ir.claimTime()):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return ir.stillOurs(ctx, id)
}

// stillOurs looks whose claim stands.
func (ir *imageRun) stillOurs(ctx context.Context, id string) error {
	now, err := ir.Instances.Instance(ctx, id)
	if err != nil {
		return err
	}
	if now.Tags[cloud.TagClaim] != ir.claimed {
		return fmt.Errorf("cannot use %s: %w", id, errClaimed)
	}
	return nil
}

// awaitOther leaves the builder to the run that has claimed it, until that is
// done with it or its time is over.
func (ir *imageRun) awaitOther(ctx context.Context) error {
	b := ir.seen.builder
	end := endOfClaim(b.Tags[cloud.TagClaim])
	ir.begin(Update)
	ir.note("another run is at it on %s, until %s at most", b.ID, end.Format(time.RFC3339))
	limited, cancel := context.WithTimeout(ctx, end.Sub(ir.Now())+time.Second)
	defer cancel()
	_, err := ir.Watcher.AwaitInstance(limited, b.ID, func(i cloud.Instance) bool { return !starting(i) })
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && limited.Err() == nil:
		return err
	}
	ir.done("%s is no longer worked on", b.ID)
	return ir.lookAgain(ctx)
}

// commandsID tells commands from others, "" for none.
func commandsID(commands []command.Command) string {
	var text strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&text, "%d %s", len(c.Run), c.Run)
	}
	if text.Len() == 0 {
		return ""
	}
	return digest16(text.String())
}

// tokenRole is what a client token says of an instance: the role and, of a
// builder, what is run there.
func (p *ImagePlan) tokenRole(role string) string {
	if id := commandsID(p.commands); id != "" && role == cloud.RoleBuilder {
		return role + " " + id
	}
	return role
}

// sight is sightOf with the builders on which the same commands are run. Others
// are spare, but for one that an image is being made of.
func (p *ImagePlan) sight(images []cloud.Image, instances []cloud.Instance, source string) sight {
	isOther := func(i cloud.Instance) bool {
		return i.Tags[cloud.TagRole] == cloud.RoleBuilder && i.Tags[cloud.TagCommands] != commandsID(p.commands)
	}
	s := sightOf(images, slices.DeleteFunc(slices.Clone(instances), isOther), source, p.Patch)
	isSame := func(i cloud.Instance) bool { return !isOther(i) }
	others := sightOf(images, slices.DeleteFunc(slices.Clone(instances), isSame), source, p.Patch)
	s.spare = append(s.spare, others.spare...)
	switch r := s.replacement; {
	case others.builder == nil:
	case s.builder == nil && r != nil && !r.lost() && r.State != cloud.ImageAvailable:
		s.builder = others.builder
	default:
		s.spare = append(s.spare, others.builder.ID)
	}
	return s
}
