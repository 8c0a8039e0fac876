package ec2ops

import (
	"context"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// window is how long a batch stays open for others to join. It grows with each
// batch: many of them show that the things come one after the other, and that
// their number makes the whole take long.
type window struct{ first, longest time.Duration }

func (w window) after(batches int) time.Duration {
	return min(w.first*time.Duration(1+batches), w.longest)
}

// batcher makes one call of several that come close together.
type batcher struct {
	window window
	call   func(ctx context.Context, ids []string) map[string]error // the failures by id
	// last, if set, tells that nobody else is likely to join.
	last    func() bool
	mu      sync.Mutex
	open    *batch
	batches int // so far
}

// batch is a call that is gathering ids, then under way. It is given up when
// nobody waits for it any more.
type batch struct {
	ids      []string
	waiting  int
	started  bool
	start    func()
	giveUp   context.CancelFunc
	done     chan struct{} // closed when failures is set
	failures map[string]error
}

func newBatcher(w window, call func(context.Context, []string) map[string]error) *batcher {
	return &batcher{window: w, call: call}
}

// do has the ids join a batch and returns the failures by id; nil if ids is empty.
func (b *batcher) do(ctx context.Context, op string, ids []string) map[string]error {
	if len(ids) == 0 {
		return nil
	}
	if ctx.Err() != nil {
		return failEach(ids, func(id string) error { return interrupted(ctx, op, id, "") })
	}
	mine := b.join(ctx, ids)
	select {
	case <-mine.done:
		return mine.failures
	case <-ctx.Done():
		b.leave(mine)
		return failEach(ids, func(id string) error { return interrupted(ctx, op, id, "") })
	}
}

func (b *batcher) join(ctx context.Context, ids []string) *batch {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		callCtx, giveUp := context.WithCancel(context.WithoutCancel(ctx))
		opened := &batch{giveUp: giveUp, done: make(chan struct{})}
		b.open = opened
		defer func() { b.batches++ }()
		opened.start = func() { b.run(callCtx, opened) }
		time.AfterFunc(b.window.after(b.batches), opened.start)
	}
	mine := b.open
	mine.ids = append(mine.ids, ids...)
	mine.waiting++
	if b.last != nil && b.last() {
		go mine.start()
	}
	return mine
}

func (b *batcher) leave(left *batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	left.waiting--
	if left.waiting == 0 {
		left.giveUp()
		if b.open == left {
			b.open = nil // later ones must not join what is given up
		}
	}
}

func (b *batcher) run(ctx context.Context, closed *batch) {
	b.mu.Lock()
	if closed.started {
		b.mu.Unlock()
		return
	}
	closed.started = true
	if b.open == closed {
		b.open = nil
	}
	ids := distinct(closed.ids)
	b.mu.Unlock()
	defer closed.giveUp()
	if ctx.Err() == nil {
		closed.failures = b.call(ctx, ids)
	}
	close(closed.done)
}

// eachOf makes one call for up to 1,000 ids. EC2 refuses the whole call for a
// single bad id, so a refused call is made again in halves until each bad one
// stands alone. What would refuse any id is not tried again.
func eachOf(ids []string, call func([]string) error) map[string]error {
	failures := map[string]error{}
	var try func(part []string)
	try = func(part []string) {
		if len(part) > maxIDs {
			try(part[:maxIDs])
			try(part[maxIDs:])
			return
		}
		err := call(part)
		switch {
		case err == nil:
		case len(part) == 1 || !concernsOne(cloud.KindOf(err)):
			for _, id := range part {
				failures[id] = err
			}
		default:
			try(part[:len(part)/2])
			try(part[len(part)/2:])
		}
	}
	try(ids)
	return failures
}

// concernsOne tells whether an error may be about one of several ids.
func concernsOne(k cloud.Kind) bool {
	switch k {
	case cloud.Throttled, cloud.Unavailable, cloud.Credentials, cloud.InterruptedCall, cloud.UnknownRegion, cloud.UnsupportedCall:
		return false
	}
	return true
}

func failEach(ids []string, fail func(id string) error) map[string]error {
	failures := make(map[string]error, len(ids))
	for _, id := range ids {
		failures[id] = fail(id)
	}
	return failures
}
