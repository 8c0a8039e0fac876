// Package clock is the sandbox's time: simulated seconds that pass faster (or
// slower) than real ones. Every duration that a scenario names is simulated.
package clock

import (
	"context"
	"sync/atomic"
	"time"
)

// Clock tells simulated time, which starts at the real time of its making or
// where Set puts it.
type Clock struct {
	made    time.Time // real
	scale   float64   // real seconds per simulated second
	skipped atomic.Int64
}

// New returns a clock on which a simulated second lasts scale real seconds.
// A scale of 0 or less counts as 1.
func New(scale float64) *Clock {
	if scale <= 0 {
		scale = 1
	}
	return &Clock{made: time.Now(), scale: scale}
}

// Now returns the simulated time.
func (c *Clock) Now() time.Time { return c.made.Add(c.Elapsed()) }

// Elapsed returns the simulated time since the clock was made, what was skipped
// included.
func (c *Clock) Elapsed() time.Duration {
	return time.Duration(float64(time.Since(c.made))/c.scale) + time.Duration(c.skipped.Load())
}

// Set makes it that time. Sleeps and timers that have begun take no notice: what
// is going on takes as long as it would have.
func (c *Clock) Set(now time.Time) { c.skipped.Add(int64(now.Sub(c.Now()))) }

// Real converts a simulated duration to a real one.
func (c *Clock) Real(simulated time.Duration) time.Duration {
	return time.Duration(float64(simulated) * c.scale)
}

// Sleep waits a simulated duration, or until ctx ends.
func (c *Clock) Sleep(ctx context.Context, simulated time.Duration) error {
	t := time.NewTimer(c.Real(simulated))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// AfterFunc runs f after a simulated duration, in a goroutine of its own.
func (c *Clock) AfterFunc(simulated time.Duration, f func()) *time.Timer {
	return time.AfterFunc(c.Real(simulated), f)
}
