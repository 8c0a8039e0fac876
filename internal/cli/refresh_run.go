package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/ui"
)

// refreshing is one refresh. What it has found out stays, for those who are told.
type refreshing struct {
	*globals
	config       *config.Config
	flags        config.Flags
	allowPartial bool
	claim        string // see rotate.Runner
	report       string // path of the page to write, "" for none

	ensured  *keep.Result // nil if nothing is kept, or it could not be asked
	notAfter time.Time    // of the certificate to be put in place, zero if it is not known
	plan     *rotate.Plan // nil until it is made
	result   *rotate.Result
}

func (r *refreshing) run(ctx context.Context) error {
	kept, err := r.ensureKept(ctx)
	if err != nil {
		return r.notStarted(err)
	}
	in, err := r.readInputsWith(ctx, r.config, kept)
	if err != nil {
		return r.notStarted(err)
	}
	r.notAfter = in.notAfter
	ro, err := r.rotationOf(ctx, r.config, in)
	if err != nil {
		return r.notStarted(err)
	}
	defer ro.close()
	ro.byTags, ro.update, ro.claim = true, true, r.claim
	if r.plan, err = r.agreedPlan(ctx, ro, rotateOptions{}); err != nil {
		return r.notStarted(err)
	}
	if r.idle() {
		return r.lookAfterDeadRuns(ctx, ro)
	}
	err = r.carryOut(ctx, ro, r.plan, rotateOptions{flags: r.flags, allowPartial: r.allowPartial, command: "refresh", report: r.report})
	r.result = ro.result
	return err
}

// idle tells whether there is nothing to do.
func (r *refreshing) idle() bool { return !r.plan.Due() && len(r.plan.Errors()) == 0 }

// ensureKept ensures the certificate, if one is kept, and says so.
func (r *refreshing) ensureKept(ctx context.Context) (*keptItems, error) {
	k, err := r.newKeeper(ctx, r.config)
	if errors.Is(err, errNothingKept) {
		return &keptItems{load: func() (keep.Store, keep.Items, error) { return nil, nil, err }}, nil
	}
	if err != nil {
		return nil, err
	}
	defer k.close()
	result, err := keep.Ensure(ctx, k.store, k.policy, r.Now)
	if err != nil {
		return nil, storeError(err)
	}
	if k.file != "" {
		result.Store = k.file
	}
	r.ensured = &result
	if err := r.tellEnsured(k); err != nil {
		return nil, err
	}
	return &keptItems{store: k.store, items: result.Items}, nil
}

// ensuredLine is the line of --json that tells about the certificate.
type ensuredLine struct {
	Time  time.Time `json:"time"`
	Event string    `json:"event"` // always "certificate"
	keep.Result
	Certificates []cert.Info `json:"certificates"`
}

func (r *refreshing) tellEnsured(k *keeper) error {
	if r.quiet && !r.json && !r.ensured.Changed {
		return nil
	}
	infos, errs := k.inspect(r.ensured.Items, r.Now())
	r.reportEach(errs)
	if r.json {
		return ui.NewJSON(r.Stdout).Write(ensuredLine{r.Now(), "certificate", *r.ensured, infos})
	}
	if !r.quiet {
		r.showEnsured(*r.ensured)
	}
	return nil
}

// lookAfterDeadRuns ends what a run that died right after its work has left. If
// there is nothing, nothing is changed. Its log is not kept: those of the runs
// that did something would soon make way for it.
func (r *refreshing) lookAfterDeadRuns(ctx context.Context, ro *rotation) error {
	events := reporter{silence{}, func(string) {}}
	if r.json {
		events.Reporter = ui.NewJSON(r.Stdout)
	}
	log := r.unkeptLog(ro, r.plan, "refresh")
	runner := ro.runner(r.globals, both{events, log}, r.allowPartial)
	log.meter.on(runner)
	result, err := runner.Run(ctx, r.plan)
	r.result = result
	r.tellWarning(log.end(r.Now(), ro, result, err))
	r.tellWarning(r.reportOn(log, r.report))
	switch {
	case r.json:
		return r.summarize(result, err)
	case err == nil && !r.quiet:
		fmt.Fprintf(r.out(), "%s: %s; nothing to do\n", r.config.SlaveList, areCurrent(len(r.plan.Images)))
		r.warn(r.plan)
		ui.WriteStatic(r.out(), result)
		if result.Overlap != nil {
			ui.WriteStage(r.out(), result.Overlap)
		}
	}
	return err
}

func areCurrent(images int) string {
	switch images {
	case 0:
		return "none of its workers has an image"
	case 1:
		return "its image is current"
	}
	return fmt.Sprintf("its %d images are current", images)
}

// silence is a reporter for what nobody needs to know.
type silence struct{}

func (silence) Report(rotate.Event) {}
