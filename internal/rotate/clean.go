package rotate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// account takes down an instance that must not outlive the run.
func (r *run) account(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.temporary[id]; !known {
		r.temporary[id] = false
	}
}

// terminationLimit bounds one attempt to have an instance terminated.
const terminationLimit = 2 * time.Minute

// endInBackground terminates an instance that is of no more use, without
// holding anything up. Clean waits for it, and tries again what failed.
func (r *run) endInBackground(id string) {
	r.background.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), terminationLimit)
		defer cancel()
		err := r.Destroyer.Terminate(ctx, id)
		r.room.freed()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.temporary[id] = err == nil
	})
}

// clean terminates every temporary instance that is left and waits until all
// are terminated. It works on when ctx has ended, within its own limit. A
// builder whose image is still being made is left alone, and said to be.
func (r *run) clean(ctx context.Context, images []*imageRun, result *Result) error {
	r.background.Wait()
	kept := keptBuilders(images)
	result.Left = append(result.Left, leftovers(images, kept)...)
	var ids, open []string
	for id, asked := range r.temporary {
		if slices.Contains(kept, id) {
			continue
		}
		ids = append(ids, id)
		if !asked {
			open = append(open, id)
		}
	}
	slices.Sort(ids)
	slices.Sort(open)
	started := r.Now()
	r.reportStep(Clean, Start, 0, "")
	if len(ids) == 0 {
		r.reportStep(Clean, Skipped, 0, "no temporary instance")
		return nil
	}
	err := within(context.WithoutCancel(ctx), r.Waits.Stop, strings.Join(ids, ", ")+" to be terminated", "waits.stop",
		func(ctx context.Context) error { return r.terminate(ctx, open, ids) })
	elapsed := r.Now().Sub(started)
	if err != nil {
		result.Left = append(result.Left, ids...)
		r.reportStep(Clean, Failed, elapsed, err.Error())
		return fmt.Errorf("cannot clean up: %w", err)
	}
	r.reportStep(Clean, OK, elapsed, fmt.Sprintf("%d temporary instances terminated", len(ids)))
	return nil
}

func (r *run) terminate(ctx context.Context, open, all []string) error {
	if len(open) > 0 {
		if err := r.terminateStubbornly(ctx, open); err != nil {
			return err
		}
	}
	return awaitTerminated(ctx, r.Watcher, all)
}

// terminateStubbornly tries a few times: an instance left behind costs money
// every hour.
func (r *run) terminateStubbornly(ctx context.Context, ids []string) (err error) {
	for try := range 4 {
		if try > 0 {
			select {
			case <-time.After(r.RetryPause << try):
			case <-ctx.Done():
				return err
			}
		}
		err = r.Destroyer.Terminate(ctx, ids...)
		kind := cloud.KindOf(err)
		if err == nil || kind == cloud.Denied || kind == cloud.Credentials || kind == cloud.ForeignResource {
			return err
		}
	}
	return err
}

// keptBuilders are the builders that an unfinished image is being made of.
func keptBuilders(images []*imageRun) []string {
	var kept []string
	for _, ir := range images {
		if ir.bakingStill() && ir.seen.builder != nil {
			kept = append(kept, ir.seen.builder.ID)
		}
	}
	return kept
}

func (ir *imageRun) bakingStill() bool {
	r := ir.seen.replacement
	return r != nil && !r.lost() && r.State != cloud.ImageAvailable
}

// leftovers are what the next run goes on with, in words.
func leftovers(images []*imageRun, kept []string) []string {
	var left []string
	for _, ir := range images {
		r := ir.seen.replacement
		if r == nil || r.proven() || r.lost() {
			continue
		}
		left = append(left, fmt.Sprintf("%s (%s, not proven) of %s", r.ID, r.State, ir.plan.Source))
	}
	for _, id := range kept {
		left = append(left, id+" (stopped builder, its image is being made)")
	}
	return left
}
