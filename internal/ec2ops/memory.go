package ec2ops

import (
	"slices"
	"sync"
	"time"
)

// memory holds what was last known of each thing that is or was waited for, and
// since when it has been so. It may be used by many goroutines.
type memory[T any] struct {
	phase      func(T) phase
	experience *experience
	mu         sync.Mutex
	things     map[string]remembered[T]
}

type remembered[T any] struct {
	value  T
	phase  phase
	since  time.Time // when the phase began
	known  bool      // ... to the moment: we began it
	looked time.Time // when the last look that showed it began; zero if none has
	past   []string  // classes of the phases before this one, which we began
}

func newMemory[T any](of func(T) phase, e *experience) *memory[T] {
	return &memory[T]{phase: of, experience: e, things: map[string]remembered[T]{}}
}

// began notes that a deed of ours put the thing into the state that value shows.
func (m *memory[T]) began(id string, value T) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.things[id]
	m.things[id] = remembered[T]{
		value: value, phase: m.phase(value), since: time.Now(), known: true, past: append(was.past, was.phase.class),
	}
}

// saw notes what a look, which began at the time at, showed of the thing.
// attended says that somebody was waiting for it to change, so that a change is
// not much older than the look.
func (m *memory[T]) saw(id string, value T, at time.Time, attended bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was, now := m.things[id], m.phase(value)
	switch {
	case was.phase == now && !was.since.IsZero():
		was.value, was.looked = value, at
	case was.known && (at.Before(was.since) || slices.Contains(was.past, now.class)):
		return // EC2 does not show everywhere yet what we did
	default:
		if was.known {
			var before time.Duration
			if !was.looked.IsZero() {
				before = was.looked.Sub(was.since)
			}
			m.experience.learn(was.phase.class, before, at.Sub(was.since), attended)
		}
		was = remembered[T]{value: value, phase: now, since: at, looked: at}
	}
	m.things[id] = was
}

// of returns what is remembered of a thing.
func (m *memory[T]) of(id string) (remembered[T], bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.things[id]
	return r, ok
}
