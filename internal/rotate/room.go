package rotate

import (
	"context"
	"sync"
	"time"
)

// room holds launches back once the account's quota has been full: then they are
// tried one at a time, as soon as something of ours has ended and else after
// growing pauses, so that a hundred images that wait for a place don't use up
// the launches that EC2 allows a second. The zero value has room for all.
type room struct {
	mu      sync.Mutex
	scarce  bool      // the quota has been full
	since   time.Time // ... and nothing was launched since; zero if something was
	probing bool      // a launch is being tried
	due     time.Time // for the next one
	pause   time.Duration
	wake    chan struct{} // closed when something changes; nil if nobody waits
}

// enter waits until a launch may be tried.
func (r *room) enter(ctx context.Context) error {
	for {
		wake, left := r.try()
		if wake == nil {
			return nil
		}
		t := time.NewTimer(left)
		select {
		case <-wake:
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// try returns nil if a launch may be tried now, else what to wait for, and for
// how long at most.
func (r *room) try() (<-chan struct{}, time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := time.Until(r.due)
	if !r.scarce || !r.probing && left <= 0 {
		r.probing = r.scarce
		return nil, 0
	}
	if r.wake == nil {
		r.wake = make(chan struct{})
	}
	if r.probing {
		left = longestPause
	}
	return r.wake, left
}

// longestPause is between two attempts for which there was no room.
const longestPause = 30 * time.Second

// leave notes what became of a launch, and that now is the time. first is the
// pause after the first refusal.
func (r *room) leave(full bool, now time.Time, first time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.probing = false
	if full {
		if r.since.IsZero() {
			r.since = now
		}
		r.scarce, r.pause = true, min(max(2*r.pause, first), longestPause)
		r.due = time.Now().Add(r.pause)
	} else {
		r.since, r.pause, r.due = time.Time{}, 0, time.Time{}
	}
	r.changed()
}

// freed notes that an instance of ours has ended or is about to.
func (r *room) freed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pause, r.due = 0, time.Time{}
	r.changed()
}

func (r *room) changed() {
	if r.wake != nil {
		close(r.wake)
		r.wake = nil
	}
}

// fullSince returns since when there has been no room for anybody, zero if there
// has been some.
func (r *room) fullSince() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.since
}
