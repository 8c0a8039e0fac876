package remote

import (
	"context"
	"sync"
	"time"
)

// Pauses are the waits between attempts: First, then half as much again each
// time, up to Max.
type Pauses struct {
	First, Max time.Duration
}

// next returns the pause after d; the first one after 0.
func (p Pauses) next(d time.Duration) time.Duration {
	if d == 0 {
		return min(p.First, p.Max)
	}
	return min(d*3/2, p.Max)
}

// pace keeps calls apart by growing pauses. It may be shared.
type pace struct {
	pauses Pauses

	mu    sync.Mutex
	pause time.Duration
	due   time.Time // when the next call may be made; zero: at once
}

// wait returns when the next call may be made, or ctx's cause.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	delay := time.Until(p.due)
	p.pause = p.pauses.next(p.pause)
	p.due = time.Now().Add(max(delay, 0) + p.pause)
	p.mu.Unlock()
	return sleep(ctx, delay)
}

// sleep waits, or returns ctx's cause.
func sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
