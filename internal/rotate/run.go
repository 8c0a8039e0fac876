package rotate

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"golang.org/x/sync/errgroup"
)

// Runner carries plans out. All its ports must be set.
type Runner struct {
	Images    Images
	Instances Instances
	Maker     Maker
	Destroyer Destroyer
	Watcher   Watcher
	Dialer    Dialer
	Static    StaticDialer // nil if the plan has no static hosts
	ListFile  ListFile
	Reporter  Reporter
	Master    Master // nil: nobody looks after it

	Waits       Waits
	RetryPause  time.Duration // before the first retry of an image; 0 is 1 s. It doubles, up to 30 s
	MaxParallel int           // images worked on at once; 0 is all of them
	// Claim is a word of this machine's own, by which it knows builders on which
	// a run of its own that died has run commands. Two runs at once must not have
	// the same; "" for a new one.
	Claim        string
	AllowPartial bool // rewrite the list for the images that are proven, even if others are not
	Now          func() time.Time

	// Stage looks how far an overlap of old and new has come; nil with strategy
	// cutover, when the master may switch at once.
	Stage func(ctx context.Context) (Progress, error)
}

// run is one plan being carried out.
type run struct {
	*Runner
	id   string
	plan *Plan
	word string // begins this run's claims

	mu         sync.Mutex
	temporary  map[string]bool // instances to be terminated; true once they have been asked to
	moved      time.Time       // when the run last got on; see move
	background sync.WaitGroup
	room       room
}

// Run carries the plan out. Its error is one of this package's (BlockedError,
// PartialError, ErrListChanged …), the context's cause, or an EC2 error that
// kept it from looking; the result is filled in either way.
func (r *Runner) Run(ctx context.Context, plan *Plan) (*Result, error) {
	result := newResult(plan)
	if blocked := r.blocked(plan); blocked != nil {
		return result, blocked
	}
	ru := &run{Runner: r, plan: plan, id: runID(plan.Images), temporary: map[string]bool{}, word: cmp.Or(r.Claim, rand.Text())}
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.RetryPause <= 0 {
		r.RetryPause = time.Second
	}
	r.Waits = r.Waits.OrDefault()
	images, err := ru.look(ctx)
	if err != nil {
		return result, err
	}
	awaitStatic := ru.patchStatic(ctx, result)
	ru.rotateAll(ctx, images, result)
	awaitStatic()
	err = ru.outcome(ctx, result)
	listErr := ru.rewriteList(ctx, result, err)
	stageErr := ru.lookAtStage(ctx, result, err, listErr)
	masterErr := ru.switchMaster(ctx, result, err, firstOf(listErr, stageErr))
	cleanErr := ru.clean(ctx, images, result)
	return result, errors.Join(firstOf(err, listErr, stageErr), ru.staticOutcome(ctx, result), masterErr, cleanErr)
}

// blocked returns the error that keeps anything from being launched.
func (r *Runner) blocked(plan *Plan) error {
	var standing []Problem
	for _, problem := range plan.Errors() {
		if problem.Image == "" && problem.Worker == "" || !r.AllowPartial {
			standing = append(standing, problem)
		}
	}
	if len(standing) == 0 {
		return nil
	}
	return &BlockedError{Problems: standing}
}

// look asks EC2, once for all images, what earlier or other runs have made.
func (r *run) look(ctx context.Context) ([]*imageRun, error) {
	var sources []string
	for _, p := range r.plan.Images {
		sources = append(sources, p.Source)
		if p.Action == None {
			sources = append(sources, p.image.Tags[cloud.TagSourceImage])
		}
	}
	if len(sources) == 0 {
		return nil, nil
	}
	made, err := r.Images.Replacements(ctx, sources)
	if err != nil {
		return nil, err
	}
	instances, err := r.Instances.Temporaries(ctx, sources)
	if err != nil {
		return nil, err
	}
	var images []*imageRun
	for i, p := range r.plan.Images {
		source := p.Source
		if p.Action == None { // what the run that made it may have left
			source = p.image.Tags[cloud.TagSourceImage]
		}
		ir := &imageRun{run: r, plan: p, attempt: map[string]int{}, result: newResult(r.plan).Images[i],
			stepLog: stepLog{reporter: r.Reporter, clock: r.Now, image: p.Source, first: Launch}}
		ir.see(p.sight(made, instances, source))
		images = append(images, ir)
	}
	return images, nil
}

// rotateAll works on all images at once, Windows first: it takes longest.
func (r *run) rotateAll(ctx context.Context, images []*imageRun, result *Result) {
	var due []*imageRun
	for _, ir := range images {
		if ir.plan.Action == Replace || ir.plan.Action == Reuse {
			due = append(due, ir)
		}
	}
	sort.SliceStable(due, func(i, j int) bool {
		return due[i].plan.Platform == cloud.Windows && due[j].plan.Platform != cloud.Windows
	})
	var group errgroup.Group
	if r.MaxParallel > 0 {
		group.SetLimit(r.MaxParallel)
	}
	for _, ir := range due {
		group.Go(func() error {
			err := ir.goOn(ctx)
			if err != nil {
				ir.fail(err)
			}
			ir.result.conclude(err, ir.plan)
			ir.move()
			return nil
		})
	}
	_ = group.Wait() // each image's error is in its result
	for i, ir := range images {
		result.Images[i] = ir.result
	}
}

// outcome turns the images' results into the run's error.
func (r *run) outcome(ctx context.Context, result *Result) error {
	partial := &PartialError{All: len(result.Images)}
	for _, img := range result.Images {
		switch {
		case img.Status == StatusReplaced || img.Status == StatusReused:
			partial.Done++
		case img.Status == StatusBlocked:
			partial.Causes = append(partial.Causes, &imageError{img.Source, errBlocked})
		case img.Err != nil:
			partial.Causes = append(partial.Causes, &imageError{img.Source, img.Err})
		}
		if img.Status == StatusRefused {
			partial.Refused++
		}
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case len(partial.Causes) == 0:
		return nil
	}
	return partial
}

func firstOf(errs ...error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

func (r *run) reportStep(step Step, status Status, elapsed time.Duration, detail string) {
	r.Reporter.Report(Event{Time: r.Now(), Event: "step", Step: step, Status: status,
		ElapsedMS: elapsed.Milliseconds(), Detail: detail})
}
