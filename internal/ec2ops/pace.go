package ec2ops

import (
	"context"
	"sync"
	"time"
)

// paces holds a pace for each action, as EC2 has buckets for each.
type paces struct {
	unit time.Duration // a second of EC2's time
	mu   sync.Mutex
	by   map[string]*pace
}

func newPaces(unit time.Duration) *paces {
	return &paces{unit: unit, by: map[string]*pace{}}
}

func (p *paces) of(action string) *pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by[action] == nil {
		one := &pace{turn: make(chan struct{}, 1), requests: newBucket(requestLimit(action), p.unit)}
		if l, limited := resourceLimit(action); limited {
			one.resources = newBucket(l, p.unit)
		}
		p.by[action] = one
	}
	return p.by[action]
}

// pace lets calls of one action through, in the order in which they come, as
// fast as EC2's buckets allow.
type pace struct {
	turn      chan struct{} // held by the one that is next
	mu        sync.Mutex
	requests  *bucket
	resources *bucket       // nil where EC2 counts none
	flying    int           // calls that are not answered yet
	quickest  time.Duration // answer; 0 before the first
}

// late is how many of the calls under way may not have arrived yet: all but
// those that leave within the time that an answer takes at least. p.mu is held.
func (p *pace) late() float64 {
	return max(0, float64(p.flying)-p.requests.refill*float64(p.quickest)/float64(p.requests.unit))
}

// wait returns when a call about so many resources may be made, and that time.
func (p *pace) wait(ctx context.Context, resources int) (time.Time, error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
	defer func() { <-p.turn }()
	for {
		now := time.Now()
		left := p.take(now, resources)
		if left == 0 {
			return now, nil
		}
		if err := sleep(ctx, left); err != nil {
			return time.Time{}, err
		}
	}
}

// answered notes that a call is no longer under way.
func (p *pace) answered(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying--
	if took := time.Since(sent); p.quickest == 0 || took < p.quickest {
		p.quickest = took
	}
}

// take takes what the call costs from both buckets, or from none.
func (p *pace) take(now time.Time, resources int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.resources != nil {
		if left := p.resources.take(now, float64(resources)); left > 0 {
			return left
		}
	}
	p.requests.fill(now)
	p.requests.keepBack(p.late())
	left := p.requests.take(now, 1)
	if left == 0 {
		p.flying++
	}
	if left > 0 && p.resources != nil {
		p.resources.tokens += min(float64(resources), p.resources.size)
	}
	return left
}

func (p *pace) succeeded() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests.accepted()
}

func (p *pace) throttled(sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests.refused(sent, time.Now())
}

// resourcesKey marks a context with how many resources its call is about.
type resourcesKey struct{}

func withResources(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, resourcesKey{}, n)
}

func resourcesOf(ctx context.Context) int {
	if n, told := ctx.Value(resourcesKey{}).(int); told {
		return n
	}
	return 1
}

// sleep waits d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
