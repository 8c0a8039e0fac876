package ec2ops

import (
	"context"
	"time"
)

// shieldedLimit bounds how long a call that must not be cut off goes on when its
// context has ended.
const shieldedLimit = 2 * time.Minute

// turnKey marks a shielded context with the one that it shields from.
type turnKey struct{}

// shielded makes a call that creates something, and hears its answer even when
// ctx ends meanwhile: an id that is not heard is a leak. A call that is still
// waiting for its turn when ctx ends is not made.
func shielded(ctx context.Context, call func(context.Context) error) error {
	shield, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), turnKey{}, ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if sleep(shield, shieldedLimit) == nil {
			cancel()
		}
	})
	defer stop()
	return call(shield)
}

// turnOf returns the context that bounds the wait for a call's turn.
func turnOf(ctx context.Context) context.Context {
	if turn, shielded := ctx.Value(turnKey{}).(context.Context); shielded {
		return turn
	}
	return ctx
}
