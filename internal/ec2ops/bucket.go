package ec2ops

import (
	"strings"
	"time"
)

// limit is the size of one of EC2's token buckets and its refill a second.
type limit struct{ size, refill float64 }

// requestLimit returns what EC2 allows of an action in one account and region.
// All that we describe is filtered, paged or by id, which has the larger bucket.
// Source: "Request throttling for the Amazon EC2 API", EC2 Developer Guide.
func requestLimit(action string) limit {
	switch action {
	case "RunInstances", "StartInstances":
		return limit{5, 2}
	case "TerminateInstances", "DeregisterImage", "ModifyImageAttribute":
		return limit{100, 5}
	case "CreateTags":
		return limit{100, 10}
	}
	if strings.HasPrefix(action, "Describe") || strings.HasPrefix(action, "Get") {
		return limit{100, 20}
	}
	return limit{50, 5}
}

// resourceLimit returns how many instances an action may start or end; none is
// limited otherwise.
func resourceLimit(action string) (limit, bool) {
	switch action {
	case "RunInstances", "StartInstances":
		return limit{1000, 2}, true
	case "TerminateInstances", "StopInstances":
		return limit{1000, 20}, true
	}
	return limit{}, false
}

const (
	// reserve is the part of a bucket that is not counted on, at least one
	// token: calls don't arrive at EC2 at the intervals at which they left.
	reserve = 0.1
	// leastShare is what is taken of the refill at least, however often EC2
	// refuses.
	leastShare = 1.0 / 16
)

// bucket is our own count of one of EC2's token buckets. It has no clock.
//
// Others of the same account draw on it as well. When they have emptied it, EC2
// refuses a call: then the count starts anew at nothing, with half of the
// refill, and takes its way back to all of it as calls are accepted.
type bucket struct {
	size, refill float64       // tokens; tokens per unit
	unit         time.Duration // a second of EC2's time
	share        float64       // of the refill that seems to be ours
	tokens       float64
	at           time.Time // when tokens was right
	emptied      time.Time // when a refusal was last heard
}

func newBucket(l limit, unit time.Duration) *bucket {
	size := l.size - max(1, reserve*l.size)
	return &bucket{size: size, refill: l.refill, unit: unit, share: 1, tokens: size}
}

// take takes n tokens, at most as many as the bucket holds, and returns 0; or
// takes none and returns how long it will be until they are there.
func (b *bucket) take(now time.Time, n float64) time.Duration {
	n = min(n, b.size)
	b.fill(now)
	if b.tokens >= n {
		b.tokens -= n
		return 0
	}
	rate := b.share * b.refill
	return max(time.Duration((n-b.tokens)/rate*float64(b.unit)), time.Microsecond)
}

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at); !b.at.IsZero() && passed > 0 {
		b.tokens = min(b.size, b.tokens+b.share*b.refill*float64(passed)/float64(b.unit))
	}
	if now.After(b.at) {
		b.at = now
	}
}

// keepBack counts only on what is left of a full bucket by calls that are late on
// their way: EC2's own count doesn't grow beyond its size meanwhile, and then
// they come all at once.
func (b *bucket) keepBack(late float64) { b.tokens = min(b.tokens, max(0, b.size-late)) }

// refused notes that EC2 refused, at now, a call that was sent at sent. Calls
// that were under way when the last refusal was heard say nothing new.
func (b *bucket) refused(sent, now time.Time) {
	if sent.Before(b.emptied) {
		return
	}
	b.fill(now)
	b.tokens, b.emptied = 0, now
	b.share = max(b.share/2, leastShare)
}

// accepted notes that EC2 took a call.
func (b *bucket) accepted() { b.share = min(1, b.share*1.1) }
