package ec2ops

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// look asks for the resources with the ids; known are those of them that have
// been seen before. What is not to be seen is left out.
type look[T any] func(ctx context.Context, ids []string, known map[string]bool) (map[string]T, error)

// watch looks at one kind of resource for all who wait for any: one goroutine
// while there are waiters, one look at a time, all ids in it.
type watch[T any] struct {
	schedule schedule
	look     look[T]
	memory   *memory[T]
	forecast *forecast // nil where nothing can be foreseen
	log      func(string, ...any)

	mu      sync.Mutex
	waiters map[*waiter[T]]struct{}
	wake    chan struct{}      // a waiter has come
	stop    context.CancelFunc // ends the look under way; nil when nobody waits
	ended   chan struct{}      // closed when the goroutine has ended; nil before the first
	last    time.Time          // when the last look began; only the goroutine touches it
}

// waiter is one Await call. Its fields are guarded by watch.mu.
type waiter[T any] struct {
	id     string
	calm   bool // nothing waits for what it waits for
	began  time.Time
	looked time.Time        // when the last look that named it began; zero if none has ended
	seen   bool             // it was found
	latest chan sighting[T] // holds the newest one only
}

// sighting is what a look had to say to one waiter.
type sighting[T any] struct {
	value T
	found bool
	err   error
}

func newWatch[T any](s schedule, o Options, m *memory[T], l look[T]) *watch[T] {
	return &watch[T]{
		schedule: s, look: l, memory: m, log: o.Log,
		waiters: map[*waiter[T]]struct{}{},
		wake:    make(chan struct{}, 1),
	}
}

// add has the watch look for the id from now on, until remove. What a look has
// just shown of it counts as a look.
func (w *watch[T]) add(id string, calm bool) *waiter[T] {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := &waiter[T]{id: id, calm: calm, began: time.Now(), latest: make(chan sighting[T], 1)}
	if r, known := w.memory.of(id); known && time.Since(r.looked) < w.schedule.min {
		one.looked, one.seen = r.looked, true
		one.tell(sighting[T]{value: r.value, found: true})
	}
	w.waiters[one] = struct{}{}
	if w.stop == nil {
		ctx, stop := context.WithCancel(context.Background())
		before, ended := w.ended, make(chan struct{})
		w.stop, w.ended = stop, ended
		go w.run(ctx, before, ended)
	}
	w.nudge()
	return one
}

func (w *watch[T]) remove(one *waiter[T]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiters, one)
	if len(w.waiters) == 0 && w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// idle tells whether nobody waits.
func (w *watch[T]) idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.waiters) == 0
}

func (w *watch[T]) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run looks as the schedule says until ctx ends. It starts when the goroutine
// before it has ended, so that there are never two looks at a time.
func (w *watch[T]) run(ctx context.Context, before <-chan struct{}, ended chan<- struct{}) {
	defer close(ended)
	if before != nil {
		<-before
	}
	for {
		survey, err := w.pause(ctx)
		if err != nil {
			return
		}
		w.last = time.Now()
		if survey {
			w.survey(ctx)
		} else {
			w.once(ctx)
		}
	}
}

// pause returns when the next look is due, and whether a survey will do instead.
func (w *watch[T]) pause(ctx context.Context) (survey bool, err error) {
	for {
		due, survey := w.next()
		left := time.Until(due)
		if left <= 0 {
			return survey, ctx.Err()
		}
		t := time.NewTimer(left)
		select {
		case <-t.C:
		case <-w.wake:
		case <-ctx.Done():
		}
		t.Stop()
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
}

// next returns when to look next, and whether a survey will do. Who waits for
// nothing waits for the end of the context.
func (w *watch[T]) next() (due time.Time, survey bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	due = time.Now().Add(w.schedule.rest)
	crowded := w.eager() > crowd
	for one := range w.waiters {
		o, unforeseen := w.outlook(one)
		o.crowded = crowded
		if d := w.schedule.due(w.last, o); d.Before(due) {
			due, survey = d, unforeseen
		}
	}
	return due, survey
}

// crowd is how many waits look at a time without regard to each other.
const crowd = 12

// eager is how many waits are not calm; w.mu is held.
func (w *watch[T]) eager() int {
	n := 0
	for one := range w.waiters {
		if !one.calm {
			n++
		}
	}
	return n
}

// outlook returns what is known of one wait, and whether a survey would tell
// more; w.mu is held.
func (w *watch[T]) outlook(one *waiter[T]) (o outlook, unforeseen bool) {
	r, known := w.memory.of(one.id)
	switch {
	case one.calm:
		return outlook{since: later(one.began, one.looked), calm: true, unseen: one.looked.IsZero()}, false
	case !known || r.phase.steady && one.looked.IsZero():
		return outlook{since: one.began, unseen: one.looked.IsZero()}, false
	case r.phase.steady:
		return outlook{since: one.began, steady: true}, false
	case !r.known:
		return outlook{since: r.since, patient: r.phase.patient}, false
	case w.forecast == nil || w.memory.experience.knows(r.phase.class):
		return outlook{since: r.since, from: w.memory.experience.least(r.phase.class), patient: r.phase.patient}, false
	}
	from, settled := w.forecast.of(one.id)
	return outlook{since: r.since, from: from}, !settled
}

// survey asks how far things have got, and tells no waiter.
func (w *watch[T]) survey(ctx context.Context) {
	since := map[string]time.Time{}
	w.mu.Lock()
	for one := range w.waiters {
		if _, unforeseen := w.outlook(one); unforeseen {
			r, _ := w.memory.of(one.id)
			since[one.id] = r.since
		}
	}
	w.mu.Unlock()
	if err := w.forecast.survey(ctx, since, w.last); err != nil && ctx.Err() == nil {
		w.log("a survey of %d resources failed: %v", len(since), err)
	}
}

// once looks at all ids that are waited for and tells each waiter.
func (w *watch[T]) once(ctx context.Context) {
	asked, ids, known := w.asked()
	if len(ids) == 0 {
		return
	}
	attended := w.attended(asked)
	began := time.Now()
	found, err := w.look(ctx, ids, known)
	if ctx.Err() != nil {
		return
	}
	if err != nil && passing(cloud.KindOf(err)) {
		w.log("a look at %d resources failed and will be repeated: %v", len(ids), err)
	}
	for id, value := range found {
		w.memory.saw(id, value, began, attended[id])
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range asked {
		value, ok := found[one.id]
		one.looked = began
		one.seen = one.seen || ok
		one.tell(sighting[T]{value: value, found: ok, err: err})
	}
}

// asked returns whom this look is for: all, or where they are more than one call
// takes, those that may have changed by now and with them those that were looked
// at longest ago. When it is the turn of a calm one, which is seldom, all are
// asked for.
func (w *watch[T]) asked() (asked []*waiter[T], ids []string, known map[string]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known = map[string]bool{}
	for _, one := range w.chosen() {
		asked = append(asked, one)
		ids = append(ids, one.id)
		if one.seen {
			known[one.id] = true
		}
	}
	return asked, distinct(ids), known
}

// chosen needs w.mu.
func (w *watch[T]) chosen() []*waiter[T] {
	var due, others []*waiter[T]
	calm := false
	for one := range w.waiters {
		o, _ := w.outlook(one)
		if o.calm && w.schedule.due(w.last, o).After(w.last) || o.from > 0 && o.since.Add(o.from).After(w.last) {
			others = append(others, one)
			continue
		}
		due = append(due, one)
		calm = calm || one.calm
	}
	room := max(0, maxFilterValues-len(due))
	if calm || len(others) <= room {
		return append(due, others...)
	}
	slices.SortFunc(others, func(a, b *waiter[T]) int { return a.looked.Compare(b.looked) })
	return append(due, others[:room]...)
}

// attended returns the ids of which somebody has waited for a change ever since
// it may have come, so that a look which shows it came soon after it.
func (w *watch[T]) attended(asked []*waiter[T]) map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := map[string]bool{}
	for _, one := range asked {
		r, _ := w.memory.of(one.id)
		if !one.calm && (!one.looked.IsZero() || one.began.Sub(r.since) < w.schedule.min) {
			ids[one.id] = true
		}
	}
	return ids
}

// tell replaces a sighting that has not been taken up yet. Only the watch's
// goroutine calls it.
func (w *waiter[T]) tell(s sighting[T]) {
	select {
	case <-w.latest:
	default:
	}
	w.latest <- s
}

// passing tells whether an error of one look leaves hope for the next.
func passing(k cloud.Kind) bool {
	return k == cloud.Throttled || k == cloud.Unavailable || k == cloud.InterruptedCall
}
