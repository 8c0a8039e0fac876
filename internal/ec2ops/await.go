package ec2ops

import (
	"context"
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// AwaitInstance waits until an instance is as wanted, and returns it so. One
// that is not to be seen for as long as Options.Grace is an error of kind
// cloud.NotFound; denial and unusable credentials end the wait, a look that was
// throttled or not answered doesn't.
func (c *Client) AwaitInstance(ctx context.Context, id string, until func(cloud.Instance) bool) (cloud.Instance, error) {
	return await(ctx, c.instances, wait[cloud.Instance]{
		op: "DescribeInstances", id: id, what: "instance", grace: c.options.Grace, until: until,
		state: func(i cloud.Instance) string { return string(i.State) },
	})
}

// GuardInstance is AwaitInstance where nothing waits for the change, which is only
// to be heard of some day: looks are half a minute after the beginning and then a
// minute apart, unless others look meanwhile.
func (c *Client) GuardInstance(ctx context.Context, id string, until func(cloud.Instance) bool) (cloud.Instance, error) {
	return await(ctx, c.instances, wait[cloud.Instance]{
		op: "DescribeInstances", id: id, what: "instance", grace: c.options.Grace, until: until, calm: true,
		state: func(i cloud.Instance) string { return string(i.State) },
	})
}

// AwaitImage is AwaitInstance for images.
func (c *Client) AwaitImage(ctx context.Context, id string, until func(cloud.Image) bool) (cloud.Image, error) {
	return await(ctx, c.images, wait[cloud.Image]{
		op: "DescribeImages", id: id, what: "image", grace: c.options.Grace, until: until,
		state: func(i cloud.Image) string { return string(i.State) },
	})
}

type wait[T any] struct {
	op, id, what string
	grace        time.Duration
	calm         bool
	until        func(T) bool
	state        func(T) string
}

// await asks until at each sighting, in the caller's own goroutine.
func await[T any](ctx context.Context, w *watch[T], a wait[T]) (T, error) {
	var zero T
	if ctx.Err() != nil {
		return zero, interrupted(ctx, a.op, a.id, "")
	}
	one := w.add(a.id, a.calm)
	defer w.remove(one)
	lastSeen, doing := one.began, "before it was seen"
	for {
		var s sighting[T]
		select {
		case <-ctx.Done():
			return zero, interrupted(ctx, a.op, a.id, doing)
		case s = <-one.latest:
		}
		switch {
		case s.err != nil && passing(cloud.KindOf(s.err)):
			lastSeen, doing = time.Now(), fmt.Sprintf("after a look that failed: %v", s.err) // it says nothing of absence
		case s.err != nil:
			return zero, s.err
		case s.found:
			if a.until(s.value) {
				return s.value, nil
			}
			lastSeen, doing = time.Now(), fmt.Sprintf("while the %s was %s", a.what, a.state(s.value))
		case time.Since(lastSeen) >= a.grace:
			return zero, notFound(a.op, a.id, a.what)
		}
	}
}
