package ec2ops_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// TestLaunchIsHeard: the id of an instance that EC2 was asked for is learnt even
// if the context ends while EC2 takes its time.
func TestLaunchIsHeard(t *testing.T) {
	answer := fleet(nil)
	short, cancel := context.WithTimeout(ctx(), 30*time.Millisecond)
	defer cancel()
	w := newWire(t, func(n int, q url.Values) reply {
		<-short.Done()
		time.Sleep(30 * time.Millisecond)
		return answer(n, q)
	})
	if i, err := w.client(t).Launch(short, launchSpec()); err != nil || i.ID != "i-made" {
		t.Errorf("got %q, %v", i.ID, err)
	}
}

// TestLaunchInLineIsNotMade: what waits for its turn when the context ends is
// not asked for any more.
func TestLaunchInLineIsNotMade(t *testing.T) {
	w := newWire(t, fleet(nil))
	c := w.client(t)
	short, cancel := context.WithTimeout(ctx(), 200*time.Millisecond)
	defer cancel()
	results := make(chan error, 500)
	for range cap(results) {
		go func() {
			_, err := c.Launch(short, launchSpec())
			results <- err
		}()
	}
	interrupted := 0
	for range cap(results) {
		if cloud.KindOf(<-results) == cloud.InterruptedCall {
			interrupted++
		}
	}
	calls := len(w.asked("RunInstances"))
	time.Sleep(50 * time.Millisecond)
	if later := len(w.asked("RunInstances")); interrupted == 0 || calls+interrupted != cap(results) || later != calls {
		t.Errorf("%d of %d were interrupted, %d asked for by then and %d later", interrupted, cap(results), calls, later)
	}
}
