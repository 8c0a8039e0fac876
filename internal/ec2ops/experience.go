package ec2ops

import (
	"slices"
	"sync"
	"time"
)

// phase is what a thing is going through, such as an instance of Linux that is
// stopping: a class of waits that take about as long.
type phase struct {
	class   string // "" where nothing is to be learnt
	steady  bool   // it is expected to stay so
	patient bool   // nothing but the end of the run waits for its end
}

// experience is how long phases last, learnt from those that this process has
// seen through. It may be used by many goroutines.
type experience struct {
	usual map[string]time.Duration // expected where nothing has been learnt, by class
	mu    sync.Mutex
	seen  map[string][]time.Duration // the newest few, by class
}

const (
	// samples is how many of the newest durations count.
	samples = 16
	// margin is by how much a duration is corrected downwards when the first
	// look already showed the change, which may have come long before.
	margin = 0.04
)

func newExperience(usual map[string]time.Duration) *experience {
	return &experience{usual: usual, seen: map[string][]time.Duration{}}
}

// learn takes in that a phase was still to be seen after the time before, and
// over after the time after. before is 0 if no look had been made. Unless the
// phase was attended, so that its end was noticed soon, the time after tells
// only that phases are shorter than was thought.
func (e *experience) learn(class string, before, after time.Duration, attended bool) {
	if class == "" || after <= 0 {
		return
	}
	least := time.Duration((1 - margin) * float64(after))
	if !attended && least >= e.least(class) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	kept := append(e.seen[class], max(before, least))
	e.seen[class] = kept[max(0, len(kept)-samples):]
}

// least returns how long a phase lasts at least, as far as is known, else 0.
func (e *experience) least(class string) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if seen := e.seen[class]; len(seen) > 0 {
		return slices.Min(seen)
	}
	return e.usual[class]
}

// knows tells whether a phase has been seen through.
func (e *experience) knows(class string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.seen[class]) > 0
}
