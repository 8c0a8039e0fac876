package ec2api

import (
	"net/url"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

// throttle holds EC2's token buckets for one account in one region: one for the
// requests of each action, and one for the instances that an action starts or
// ends. Rates are per simulated second.
// Source: "Request throttling for the Amazon EC2 API", EC2 Developer Guide.
type throttle struct {
	on    bool
	clock *clock.Clock

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newThrottle(on bool, c *clock.Clock) *throttle {
	return &throttle{on: on, clock: c, buckets: map[string]*rate.Limiter{}}
}

// limit is a bucket's size and its refill a second.
type limit struct {
	size   int
	refill rate.Limit
}

func (t *throttle) take(action string, params url.Values) error {
	if !t.on {
		return nil
	}
	name, l := requestLimit(action, params)
	if !t.allow(name, l, 1) {
		return limitExceeded()
	}
	if l, ok := resourceLimit(action); ok && !t.allow("resources of "+action, l, resources(action, params)) {
		return limitExceeded()
	}
	return nil
}

func (t *throttle) allow(name string, l limit, n int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.buckets[name]
	if b == nil {
		b = rate.NewLimiter(l.refill, l.size)
		t.buckets[name] = b
	}
	return b.AllowN(t.clock.Now(), n)
}

func limitExceeded() error {
	return &ec2state.Error{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: 503}
}

// requestLimit returns the bucket that a request draws on, and its limit.
func requestLimit(action string, params url.Values) (string, limit) {
	switch action {
	case "DescribeInstances", "DescribeSnapshots":
		if unbounded(params) {
			return action + " unfiltered and unpaginated", limit{50, 10}
		}
		return action, limit{100, 20}
	case "RunInstances", "StartInstances":
		return action, limit{5, 2}
	case "TerminateInstances", "DeregisterImage", "ModifyImageAttribute":
		return action, limit{100, 5}
	case "CreateTags":
		return action, limit{100, 10}
	}
	if strings.HasPrefix(action, "Describe") || strings.HasPrefix(action, "Get") {
		return action, limit{100, 20}
	}
	return action, limit{50, 5}
}

// unbounded tells whether a Describe asks for everything at once.
func unbounded(params url.Values) bool {
	for key := range params {
		switch name, _, _ := strings.Cut(key, "."); name {
		case "Filter", "MaxResults", "InstanceId", "SnapshotId":
			return false
		}
	}
	return true
}

func resourceLimit(action string) (limit, bool) {
	switch action {
	case "RunInstances", "StartInstances":
		return limit{1000, 2}, true
	case "TerminateInstances", "StopInstances":
		return limit{1000, 20}, true
	}
	return limit{}, false
}

func resources(action string, params url.Values) int {
	if action == "RunInstances" {
		if n, err := strconv.Atoi(params.Get("MaxCount")); err == nil && n > 0 {
			return n
		}
		return 1
	}
	n := 0
	for key := range params {
		if strings.HasPrefix(key, "InstanceId") {
			n++
		}
	}
	return n
}
