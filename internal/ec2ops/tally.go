package ec2ops

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"sync"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/amirotate/amirotate/internal/cloud"
)

// tally counts the requests that went to EC2, repeated ones too. It may be used
// by many goroutines.
type tally struct {
	mu    sync.Mutex
	calls map[tallied]cloud.Calls
}

type tallied struct {
	action string
	dryRun bool
}

func newTally() *tally { return &tally{calls: map[tallied]cloud.Calls{}} }

// Calls returns how often each action has been called so far, by name.
func (c *Client) Calls() []cloud.Calls { return c.tally.all() }

func (t *tally) all() []cloud.Calls {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]cloud.Calls, 0, len(t.calls))
	for _, calls := range t.calls {
		all = append(all, calls)
	}
	slices.SortFunc(all, func(a, b cloud.Calls) int {
		if c := cmp.Compare(a.Action, b.Action); c != 0 || a.DryRun == b.DryRun {
			return c
		}
		if a.DryRun {
			return 1
		}
		return -1
	})
	return all
}

// add has every call of a client counted, each attempt for itself.
func (t *tally) add(stack *middleware.Stack) error {
	err := stack.Initialize.Add(middleware.InitializeMiddlewareFunc("AmirotateDryRun",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(middleware.WithStackValue(ctx, dryRunKey{}, isDryRun(in.Parameters)), in)
		}), middleware.Before)
	if err != nil {
		return err
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("AmirotateTally",
		func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleFinalize(ctx, in)
			t.count(ctx, err)
			return out, metadata, err
		}), "Retry", middleware.After)
}

// dryRunKey is where a call's context says that it only rehearses.
type dryRunKey struct{}

// isDryRun reads the field that every input of EC2's has.
func isDryRun(input any) bool {
	v := reflect.Indirect(reflect.ValueOf(input))
	if v.Kind() != reflect.Struct {
		return false
	}
	field := v.FieldByName("DryRun")
	if !field.IsValid() {
		return false
	}
	dryRun, ok := field.Interface().(*bool)
	return ok && dryRun != nil && *dryRun
}

func (t *tally) count(ctx context.Context, err error) {
	dryRun, _ := middleware.GetStackValue(ctx, dryRunKey{}).(bool)
	key := tallied{awsmiddleware.GetOperationName(ctx), dryRun}
	t.mu.Lock()
	defer t.mu.Unlock()
	calls := t.calls[key]
	calls.Action, calls.DryRun = key.action, key.dryRun
	calls.Count++
	if err != nil && !dryRun {
		calls.Failed++
	}
	t.calls[key] = calls
}
