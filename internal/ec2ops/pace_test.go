package ec2ops

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/amirotate/amirotate/internal/testenv"
)

func TestBackoff(t *testing.T) {
	tests := []struct {
		attempt int
		random  float64
		want    time.Duration
	}{
		{1, 1, time.Second},
		{1, 0, 0},
		{2, 0.5, time.Second},
		{5, 1, 16 * time.Second},
		{6, 1, 20 * time.Second},
		{60, 1, 20 * time.Second},
	}
	for _, tt := range tests {
		if got := backoff(time.Second, tt.attempt, tt.random); got != tt.want {
			t.Errorf("backoff(1s, %d, %v) = %v, want %v", tt.attempt, tt.random, got, tt.want)
		}
	}
}

// account is EC2's side of a bucket; others may draw on it.
type account struct {
	size, refill, tokens float64
	filled               time.Time
	refused              int
}

func (a *account) take(n float64) bool {
	now := time.Now()
	a.tokens = min(a.size, a.tokens+a.refill*now.Sub(a.filled).Seconds())
	a.filled = now
	if a.tokens < n {
		return false
	}
	a.tokens -= n
	return true
}

// pass makes a call that is answered at once.
func pass(t *testing.T, p *pace, resources int) {
	t.Helper()
	sent, err := p.wait(context.Background(), resources)
	if err != nil {
		t.Fatal(err)
	}
	p.answered(sent)
}

// launches makes n calls at once, each of which is on its way for as long as
// travel says, and returns how long they took.
func (a *account) launches(t *testing.T, p *pace, n int, travel func() time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	turn := make(chan struct{}, 1) // of the account
	done := make(chan error, n)
	for range n {
		go func() {
			for attempt := 1; ; attempt++ {
				sent, err := p.wait(context.Background(), 1)
				if err != nil {
					done <- err
					return
				}
				turn <- struct{}{}
				way := travel()
				<-turn
				time.Sleep(way)
				turn <- struct{}{}
				ok := a.take(1)
				<-turn
				p.answered(sent)
				if ok {
					p.succeeded()
					done <- nil
					return
				}
				a.refused++
				p.throttled(sent)
				if attempt == maxAttempts {
					done <- errors.New("out of attempts")
					return
				}
				time.Sleep(backoff(time.Second, attempt, 0.5))
			}
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(began)
}

// TestPaceKeepsWithinTheBucket: EC2 never refuses a thousand launches, and they
// take no longer than its bucket makes them take.
func TestPaceKeepsWithinTheBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{size: 5, refill: 2, tokens: 5, filled: time.Now()}
		took := a.launches(t, newPaces(time.Second).of("RunInstances"), 1000, atOnce)
		if a.refused > 0 {
			t.Errorf("%d calls were refused", a.refused)
		}
		if ideal := time.Duration(float64(1000-5) / 2 * float64(time.Second)); took > ideal+time.Second {
			t.Errorf("took %v where the bucket allows %v", took, ideal)
		}
	})
}

func atOnce() time.Duration { return 0 }

// TestPaceWithStragglers: now and then calls are held up on their way and arrive
// together with later ones, and yet none is one too many.
func TestPaceWithStragglers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{size: 5, refill: 2, tokens: 5, filled: time.Now()}
		n := 0
		took := a.launches(t, newPaces(time.Second).of("RunInstances"), 1000, func() time.Duration {
			if n++; n%50 < 8 {
				return 4*time.Second - time.Duration(n%50)*500*time.Millisecond
			}
			return 100 * time.Millisecond
		})
		t.Logf("took %v", took)
		if a.refused > 0 {
			t.Errorf("%d calls were refused", a.refused)
		}
		if ideal := time.Duration(float64(1000-5) / 2 * float64(time.Second)); took > ideal*5/4 {
			t.Errorf("took %v where the bucket allows %v", took, ideal)
		}
	})
}

// TestPaceOfSlowAnswers: where each answer takes its time, calls go out as fast
// all the same.
func TestPaceOfSlowAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPaces(time.Second).of("RunInstances")
		began := time.Now()
		var calls sync.WaitGroup
		for range 200 {
			calls.Go(func() {
				sent, err := p.wait(context.Background(), 1)
				if err != nil {
					t.Error(err)
				}
				time.Sleep(5 * time.Second)
				p.answered(sent)
			})
		}
		calls.Wait()
		if took, ideal := time.Since(began), 100*time.Second; took > ideal+10*time.Second {
			t.Errorf("took %v where the bucket allows %v", took, ideal)
		}
	})
}

// TestPaceWithOthers: somebody else has emptied the bucket and goes on taking
// half of what comes in.
func TestPaceWithOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &account{size: 5, refill: 1, filled: time.Now()}
		took := a.launches(t, newPaces(time.Second).of("RunInstances"), 200, atOnce)
		testenv.Figure(t, "200 calls took %v, %d refused", took, a.refused)
		if ideal := 200 * time.Second; took > ideal*5/4 {
			t.Errorf("took %v where %v would do", took, ideal)
		}
		if a.refused > 60 {
			t.Errorf("%d calls were refused", a.refused)
		}
	})
}

// TestPaceOfResources: instances are counted beside requests.
func TestPaceOfResources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := newPaces(time.Second).of("TerminateInstances"), time.Now()
		for range 3 {
			pass(t, p, 900)
		}
		if took := time.Since(began); took < 90*time.Second || took > 91*time.Second {
			t.Errorf("2,700 instances took %v, want 90s at 900 and then 20 a second", took)
		}
		pass(t, p, 100_000)
	})
}

func TestPaceKeepsActionsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := newPaces(time.Second), time.Now()
		p.of("RunInstances").throttled(time.Now())
		for range 90 {
			pass(t, p.of("DescribeImages"), 1)
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("waited %v with nothing refused", d)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if _, err := p.of("RunInstances").wait(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call that has to wait outlives its context: %v", err)
		}
	})
}

func TestPaceFollowsFasterTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := newPaces(10*time.Millisecond).of("RunInstances"), time.Now()
		for range 104 {
			pass(t, p, 1)
		}
		if took := time.Since(began); took < 490*time.Millisecond || took > 510*time.Millisecond {
			t.Errorf("a hundred took %v, want 50 units", took)
		}
	})
}

// TestBucketEases: a refusal halves the share once, however many calls were
// under way, and success brings it back.
func TestBucketEases(t *testing.T) {
	t0 := time.Date(2015, 7, 14, 0, 0, 0, 0, time.UTC)
	b := newBucket(limit{5, 2}, time.Second)
	b.refused(t0, t0.Add(time.Second))
	b.refused(t0, t0.Add(2*time.Second))
	if b.share != 0.5 {
		t.Fatalf("a call that was under way counted again: share %v", b.share)
	}
	for i := range 20 {
		at := t0.Add(time.Duration(i+3) * time.Second)
		b.refused(at, at)
	}
	if b.share != leastShare {
		t.Fatalf("after twenty refusals %v", b.share)
	}
	n := 0
	for ; b.share < 1; n++ {
		b.accepted()
	}
	if n < 10 || n > 40 {
		t.Errorf("back after %d successes, want a few dozen", n)
	}
}
