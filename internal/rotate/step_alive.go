package rotate

import (
	"context"
	"errors"
	"fmt"

	"github.com/amirotate/amirotate/internal/cloud"
)

// awaitAddress waits until the instance has an address. EC2 gives it with the
// launch, long before the instance runs: connecting is tried from then on, and
// whether it runs is nothing to wait for.
func (ir *imageRun) awaitAddress(ctx context.Context, instance cloud.Instance) (cloud.Instance, error) {
	if instance.PrivateIP != "" && starting(instance) {
		return instance, nil
	}
	err := within(ctx, ir.Waits.Launch, instance.ID+" to run", "waits.launch", func(ctx context.Context) (err error) {
		instance, err = ir.Watcher.AwaitInstance(ctx, instance.ID, func(i cloud.Instance) bool {
			return i.PrivateIP != "" || !starting(i)
		})
		return err
	})
	if err != nil {
		return instance, err
	}
	if !starting(instance) {
		return instance, leftError(instance)
	}
	return instance, nil
}

// starting tells whether an instance runs or is about to.
func starting(i cloud.Instance) bool {
	return i.State == cloud.InstancePending || i.State == cloud.InstanceRunning
}

func leftError(i cloud.Instance) error {
	return fmt.Errorf("cannot use %s: it is %s%s: %w", i.ID, i.State, because(i.StateReason), errLeft)
}

// whileAlive runs f, and ends it when the instance stops running meanwhile, with
// errLeft as the cause, or has not come to run within its time.
func (ir *imageRun) whileAlive(ctx context.Context, id string, f func(context.Context) error) error {
	alive, cancel := context.WithCancelCause(ctx)
	guarded := make(chan struct{})
	go func() {
		defer close(guarded)
		if err := ir.guard(alive, id); err != nil {
			cancel(err)
		}
	}()
	err := f(alive)
	cause := context.Cause(alive)
	cancel(nil)
	<-guarded
	var timeout *TimeoutError
	switch {
	case err == nil || ctx.Err() != nil:
		return err
	case errors.Is(cause, errLeft):
		return fmt.Errorf("%w (%w)", cause, err)
	case errors.As(cause, &timeout):
		return cause
	}
	return err
}

// guard returns why the instance is of no use any more, or nil when it cannot
// tell or ctx has ended.
func (ir *imageRun) guard(ctx context.Context, id string) error {
	var now cloud.Instance
	err := within(ctx, ir.Waits.Launch, id+" to run", "waits.launch", func(ctx context.Context) (err error) {
		now, err = ir.Watcher.GuardInstance(ctx, id, func(i cloud.Instance) bool { return i.State != cloud.InstancePending })
		return err
	})
	if late := err; errors.As(late, new(*TimeoutError)) { // though nobody may have looked
		if now, err = ir.Instances.Instance(ctx, id); err == nil && now.State == cloud.InstancePending {
			return late
		}
	}
	if err == nil && now.State == cloud.InstanceRunning {
		now, err = ir.Watcher.GuardInstance(ctx, id, func(i cloud.Instance) bool { return !starting(i) })
	}
	if err != nil || starting(now) {
		return nil
	}
	return leftError(now)
}
