package rotate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
)

// unreachableError is a host that could not be connected to within its time, or
// whose answer was final, such as a wrong host key.
type unreachableError struct {
	instance string
	err      error
}

func (e *unreachableError) Error() string {
	if text := e.err.Error(); strings.HasPrefix(text, "cannot connect to "+e.instance) {
		return text
	}
	return fmt.Sprintf("cannot connect to %s: %v", e.instance, e.err)
}
func (e *unreachableError) Unwrap() error { return e.err }

// patch connects to the builder, replaces the files, and reads them back by a
// command of its own.
func (ir *imageRun) patch(ctx context.Context) error {
	b := ir.seen.builder
	if b.PrivateIP == "" {
		ir.begin(Launch)
		addressed, err := ir.awaitAddress(ctx, *b)
		if err != nil {
			return err
		}
		ir.seen.builder, b = &addressed, &addressed
		ir.done("%s starts at %s", b.ID, b.PrivateIP)
	}
	return ir.whileAlive(ctx, b.ID, func(ctx context.Context) error {
		ir.begin(Connect)
		host, err := ir.dial(ctx, b)
		if err != nil {
			return err
		}
		defer host.Close()
		ir.done("%s answers", b.ID)
		ir.begin(Patch)
		err = within(ctx, ir.Waits.Patch, "the files on "+b.ID, "waits.patch", func(ctx context.Context) error {
			return ir.replace(ctx, host)
		})
		if err == nil && len(ir.plan.commands) > 0 {
			err = ir.runCommands(ctx, host, b.ID)
		}
		ir.patched = err == nil
		return err
	})
}

func (ir *imageRun) dial(ctx context.Context, i *cloud.Instance) (host Host, err error) {
	err = within(ctx, ir.Waits.Connect, i.ID+" to answer", "waits.connect", func(ctx context.Context) error {
		host, err = ir.Dialer.Dial(ctx, Target{Source: ir.plan.Source, InstanceID: i.ID, Address: i.PrivateIP})
		return err
	})
	if err != nil && ctx.Err() == nil {
		err = &unreachableError{instance: i.ID, err: err}
	}
	return host, err
}

func (ir *imageRun) replace(ctx context.Context, host Host) error {
	changes := ir.plan.changes
	written, after, err := ir.replaceAndReadBack(ctx, host)
	ir.result.LookAlikes = ir.tellLookAlikes(ctx, host, ir.plan.inspection, changes, err)
	if err != nil {
		return err
	}
	ir.done("%s; read back: %s", replacedText(written, len(changes)), digestText(after))
	return nil
}

func (ir *imageRun) replaceAndReadBack(ctx context.Context, host Host) (written int, after []verify.File, err error) {
	written, err = patchFiles(ctx, host, ir.plan.inspection, ir.plan.changes, ir.result.Files)
	if err != nil {
		return 0, nil, err
	}
	after, err = readBack(ctx, host, ir.plan.changes, ir.result.Files)
	return written, after, err
}

// prove reads the files on the prover, and only then gives the replacement its
// launch permissions and the tag that says that it is proven.
func (ir *imageRun) prove(ctx context.Context) error {
	ir.begin(Prove)
	prover, err := ir.awaitAddress(ctx, *ir.seen.prover)
	if err != nil {
		return err
	}
	var proven []verify.File
	err = ir.whileAlive(ctx, prover.ID, func(ctx context.Context) error {
		host, err := ir.dial(ctx, &prover)
		if err != nil {
			return err
		}
		defer host.Close()
		return within(ctx, ir.Waits.Prove, "the files on "+prover.ID, "waits.prove", func(ctx context.Context) (err error) {
			if proven, err = readAndJudge(ctx, host, ir.plan.changes); err != nil {
				return err
			}
			return ir.plan.inspection.checkStunnel(ctx, host, ir.plan.changes)
		})
	})
	var refusal *verify.Refusal
	if errors.As(err, &refusal) {
		return ir.disproved(ctx, refusal)
	}
	if err != nil {
		return err
	}
	noteProven(ir.result.Files, proven)
	return ir.sealProof(ctx, proven)
}

// provenWithin is how exactly the time of a proof is told: images that are
// proven close together bear the same tag, which takes a single call.
const provenWithin = 10 * time.Second

// sealProof carries over what CreateImage does not, and tags the replacement as
// proven last: what bears that tag is complete.
func (ir *imageRun) sealProof(ctx context.Context, proven []verify.File) error {
	r := ir.seen.replacement
	permissions, err := ir.plan.readPermissions(ctx, ir.Images)
	if err != nil {
		return err
	}
	if err := ir.Maker.Carry(ctx, ir.plan.image, permissions, r.Image); err != nil {
		return err
	}
	at := ir.Now().UTC().Truncate(provenWithin).Format(time.RFC3339)
	if err := ir.Maker.Tag(ctx, r.ID, map[string]string{cloud.TagProvenAt: at}); err != nil {
		return err
	}
	tags := map[string]string{cloud.TagProvenAt: at}
	maps.Copy(tags, r.Tags)
	r.Tags = tags
	ir.endInBackground(ir.seen.prover.ID)
	ir.done("%s proven on %s: %s", r.ID, ir.seen.prover.ID, digestText(proven))
	return nil
}

// disproved removes a replacement that does not hold the new files. If it holds
// the old ones, its builder was never patched: the image is made anew, once.
func (ir *imageRun) disproved(ctx context.Context, refusal *verify.Refusal) error {
	ir.note("%s is not proven: %v", ir.seen.replacement.ID, refusal)
	if err := ir.discardImage(ctx); err != nil {
		return errors.Join(refusal, err)
	}
	if refusal.Outcome != verify.MatchOld || ir.attempt["disproved"] > 0 {
		return refusal
	}
	ir.attempt["disproved"]++
	return ir.discardBuilder(ctx)
}
