package ec2ops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

func TestBatcherMakesOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls [][]string
		bad := errors.New("bad")
		b := newBatcher(window{5 * time.Millisecond, time.Second}, func(_ context.Context, ids []string) map[string]error {
			calls = append(calls, ids)
			return map[string]error{"i-3": bad}
		})
		results := make(chan error, 100)
		for n := range 100 {
			go func() {
				id := fmt.Sprintf("i-%d", n)
				failures := b.do(context.Background(), "StopInstances", []string{id})
				if (failures[id] != nil) != (id == "i-3") {
					t.Errorf("%s: %v", id, failures[id])
				}
				results <- failures[id]
			}()
		}
		for range 100 {
			<-results
		}
		if len(calls) != 1 || len(calls[0]) != 100 {
			t.Errorf("%d calls, want one with 100 ids", len(calls))
		}
	})
}

func TestBatcherOutlivesOneOfItsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBatcher(window{5 * time.Millisecond, time.Second}, func(ctx context.Context, ids []string) map[string]error {
			if sleep(ctx, time.Second) != nil {
				return failEach(ids, func(string) error { return ctx.Err() })
			}
			return nil
		})
		first, cancel := context.WithCancel(context.Background())
		gaveUp := make(chan map[string]error)
		go func() { gaveUp <- b.do(first, "TerminateInstances", []string{"i-1"}) }()
		stayed := make(chan map[string]error)
		go func() { stayed <- b.do(context.Background(), "TerminateInstances", []string{"i-2"}) }()
		time.Sleep(100 * time.Millisecond)
		cancel()
		if err := (<-gaveUp)["i-1"]; cloud.KindOf(err) != cloud.InterruptedCall || !errors.Is(err, context.Canceled) {
			t.Errorf("the one that gave up got %v", err)
		}
		if failures := <-stayed; len(failures) != 0 {
			t.Errorf("the one that stayed got %v", failures)
		}
	})
}

func TestBatcherGivesUpWhenAllHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		b := newBatcher(window{5 * time.Millisecond, time.Second}, func(ctx context.Context, _ []string) map[string]error {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil
		})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		b.do(ctx, "StopInstances", []string{"i-1"})
		if err := <-ended; err == nil {
			t.Error("the call goes on with nobody waiting for it")
		}
	})
}

func TestEachOf(t *testing.T) {
	var ids []string
	for n := range 2500 {
		ids = append(ids, fmt.Sprintf("i-%04d", n))
	}
	missing := []string{"i-0007", "i-1234", "i-2499"}
	calls := 0
	refuse := func(kind cloud.Kind) func([]string) error {
		return func(part []string) error {
			calls++
			if len(part) > maxIDs {
				t.Fatalf("a call with %d ids", len(part))
			}
			for _, id := range part {
				if slices.Contains(missing, id) {
					return &cloud.Error{Kind: kind, ID: id}
				}
			}
			return nil
		}
	}
	failures := eachOf(ids, refuse(cloud.NotFound))
	if len(failures) != len(missing) {
		t.Errorf("%d failures, want %d", len(failures), len(missing))
	}
	for _, id := range missing {
		if cloud.KindOf(failures[id]) != cloud.NotFound {
			t.Errorf("%s: %v", id, failures[id])
		}
	}
	if calls > 70 {
		t.Errorf("%d calls to find three bad ids among 2500", calls)
	}
	calls = 0
	if failures := eachOf(ids, refuse(cloud.Credentials)); calls != 3 || len(failures) != 2500 {
		t.Errorf("expired credentials: %d calls, %d failures; want 3 calls and all of them failed", calls, len(failures))
	}
}

// TestBatchOfTheLast: where nobody else is to come the call is made at once, and
// only once.
func TestBatchOfTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		b := newBatcher(window{first: time.Minute, longest: time.Hour}, func(_ context.Context, ids []string) map[string]error {
			calls += len(ids)
			return nil
		})
		last := false
		b.last = func() bool { return last }
		began := time.Now()
		done := make(chan struct{})
		go func() {
			b.do(context.Background(), "CreateTags", []string{"ami-1"})
			close(done)
		}()
		time.Sleep(time.Second)
		last = true
		b.do(context.Background(), "CreateTags", []string{"ami-2"})
		<-done
		if took := time.Since(began); took != time.Second {
			t.Errorf("waited %v", took)
		}
		time.Sleep(2 * time.Minute)
		if calls != 2 {
			t.Errorf("%d ids in all calls, want 2", calls)
		}
	})
}
