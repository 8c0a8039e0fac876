package ec2ops

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/testenv"
)

// fakeSky is what looks see, on a bubble's clock.
type fakeSky struct {
	began     time.Time
	appears   map[string]time.Duration // since began; left out: at once
	available map[string]time.Duration // since began; left out: never
	fail      func(n int) error        // of the nth look, from 1
	takes     time.Duration            // a look
	stubborn  bool                     // a look takes so long even when its context ends
	looks     atomic.Int32
	inFlight  atomic.Int32
	largest   int
	t         *testing.T
}

func (f *fakeSky) look(ctx context.Context, ids []string, _ map[string]bool) (map[string]cloud.Image, error) {
	if f.inFlight.Add(1) > 1 {
		f.t.Error("two looks at a time")
	}
	defer f.inFlight.Add(-1)
	n := int(f.looks.Add(1))
	if f.stubborn {
		time.Sleep(f.takes)
	} else if sleep(ctx, f.takes) != nil {
		return nil, &cloud.Error{Kind: cloud.InterruptedCall, Err: ctx.Err()}
	}
	if f.fail != nil {
		if err := f.fail(n); err != nil {
			return nil, err
		}
	}
	f.largest = max(f.largest, len(ids))
	found := map[string]cloud.Image{}
	for _, id := range ids {
		now := time.Since(f.began)
		if now < f.appears[id] {
			continue
		}
		image := cloud.Image{ID: id, State: cloud.ImagePending}
		if at, ever := f.available[id]; ever && now >= at {
			image.State = cloud.ImageAvailable
		}
		found[id] = image
	}
	return found, nil
}

func (f *fakeSky) client(t *testing.T) *Client {
	f.t, f.began = t, time.Now()
	o := Options{}.withDefaults()
	c := &Client{options: o, ledger: newLedger()}
	c.images = newWatch(everyday, o, newMemory(imagePhase, newExperience(nil)), f.look)
	return c
}

func available(i cloud.Image) bool { return i.State == cloud.ImageAvailable }

func TestWatchThousands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3000
		f := &fakeSky{available: map[string]time.Duration{}}
		c := f.client(t)
		r := rand.New(rand.NewPCG(1, 2))
		lag := make(chan error, n)
		for i := range n {
			id := fmt.Sprintf("ami-%08x", i)
			start := time.Duration(r.Float64() * float64(5*time.Minute))
			took := time.Duration(r.Float64() * float64(10*time.Minute))
			f.available[id] = start + took
			go func() {
				time.Sleep(start)
				_, err := c.AwaitImage(context.Background(), id, available)
				late := time.Since(f.began) - start - took
				if err == nil && late > max(time.Second, took/20)+time.Millisecond {
					err = fmt.Errorf("a change after %v was noticed %v late", took, late)
				}
				lag <- err
			}()
		}
		for range n {
			if err := <-lag; err != nil {
				t.Fatal(err)
			}
		}
		looks, seconds := int(f.looks.Load()), int(time.Since(f.began).Seconds())
		testenv.Figure(t, "%d images, %d looks in %d s, at most %d ids in one", n, looks, seconds, f.largest)
		if looks > seconds+1 {
			t.Errorf("%d looks in %d s", looks, seconds)
		}
		if f.largest < n/3 {
			t.Errorf("at most %d ids in one look: they are not batched", f.largest)
		}
	})
}

func TestWatchWaitsForWhatWasJustMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSky{appears: map[string]time.Duration{"ami-1": 90 * time.Second}, available: map[string]time.Duration{"ami-1": 0}}
		if _, err := f.client(t).AwaitImage(context.Background(), "ami-1", available); err != nil {
			t.Error(err)
		}
	})
}

func TestWatchGraceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSky{appears: map[string]time.Duration{"ami-1": time.Hour}}
		_, err := f.client(t).AwaitImage(context.Background(), "ami-1", available)
		if cloud.KindOf(err) != cloud.NotFound {
			t.Errorf("got %v, want not-found", err)
		}
		if d := time.Since(f.began); d < 2*time.Minute || d > 2*time.Minute+10*time.Second {
			t.Errorf("gave up after %v, want 2m", d)
		}
	})
}

func TestWatchErrors(t *testing.T) {
	throttled := &cloud.Error{Kind: cloud.Throttled, Op: "DescribeImages", Code: "RequestLimitExceeded"}
	expired := &cloud.Error{Kind: cloud.Credentials, Op: "DescribeImages", Code: "ExpiredToken"}
	tests := []struct {
		name string
		fail func(n int) error
		want cloud.Kind // "" for success
	}{
		{"throttled looks are repeated", func(n int) error {
			if n < 10 {
				return throttled
			}
			return nil
		}, ""},
		{"expired credentials end it", func(n int) error {
			if n == 3 {
				return expired
			}
			return nil
		}, cloud.Credentials},
		{"denial ends it", func(int) error { return &cloud.Error{Kind: cloud.Denied} }, cloud.Denied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeSky{fail: tt.fail, available: map[string]time.Duration{"ami-1": time.Minute}}
				_, err := f.client(t).AwaitImage(context.Background(), "ami-1", available)
				if tt.want == "" && err != nil || tt.want != "" && cloud.KindOf(err) != tt.want {
					t.Errorf("got %v, want %q", err, tt.want)
				}
			})
		})
	}
}

// TestWatchOutage: an outage longer than the grace says nothing of absence.
func TestWatchOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSky{appears: map[string]time.Duration{"ami-1": 6 * time.Minute}, available: map[string]time.Duration{"ami-1": 0}}
		f.fail = func(int) error {
			if time.Since(f.began) < 5*time.Minute {
				return &cloud.Error{Kind: cloud.Unavailable}
			}
			return nil
		}
		if _, err := f.client(t).AwaitImage(context.Background(), "ami-1", available); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

// TestWatchNeverLooksTwiceAtATime: a look that nobody waits for any more, but
// that takes its time to end, is not overtaken by the next.
func TestWatchNeverLooksTwiceAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSky{takes: 10 * time.Second, stubborn: true, available: map[string]time.Duration{"ami-1": 0}}
		c := f.client(t)
		short, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := c.AwaitImage(short, "ami-1", available); cloud.KindOf(err) != cloud.InterruptedCall {
			t.Errorf("got %v", err)
		}
		if _, err := c.AwaitImage(context.Background(), "ami-1", available); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) // the last look ends
	})
}

func TestWatchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSky{takes: 10 * time.Second}
		c := f.client(t)
		ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
		defer cancel()
		_, err := c.AwaitImage(ctx, "ami-1", available)
		if cloud.KindOf(err) != cloud.InterruptedCall || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if want := "cannot DescribeImages ami-1: time is up while the image was pending"; err == nil || err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
		if d := time.Since(f.began); d != 25*time.Second {
			t.Errorf("returned after %v, want 25s", d)
		}
		synctest.Wait()
		looks := f.looks.Load()
		time.Sleep(time.Hour)
		if f.looks.Load() != looks {
			t.Error("it goes on looking with nobody waiting")
		}
		f.available = map[string]time.Duration{"ami-1": 0}
		if _, err := c.AwaitImage(context.Background(), "ami-1", available); err != nil {
			t.Errorf("a wait after a lull: %v", err)
		}
	})
}

func TestLookAt(t *testing.T) {
	exists := func(n int) bool { return n%500 != 0 }
	var calls int
	describe := func(ids []string, filters ...types.Filter) ([]cloud.Image, error) {
		calls++
		var asked []string
		if len(ids) > 0 {
			asked = ids
		} else {
			asked = filters[0].Values
		}
		if len(ids) > maxIDs || len(ids) == 0 && len(asked) > maxFilterValues {
			t.Fatalf("%d ids, %d filter values in one call", len(ids), len(asked))
		}
		var found []cloud.Image
		for _, id := range asked {
			var n int
			fmt.Sscanf(id, "ami-%d", &n)
			if exists(n) {
				found = append(found, cloud.Image{ID: id})
			} else if len(ids) > 0 {
				return nil, &cloud.Error{Kind: cloud.NotFound, ID: id}
			}
		}
		return found, nil
	}
	tests := []struct {
		name  string
		n     int
		known func(int) bool
		calls int
	}{
		{"few go by filter", 200, exists, 1},
		{"many known go by id", 1000, func(n int) bool { return exists(n) }, 2},
		{"one that vanished is asked for by filter", 1000, func(int) bool { return true }, 1 + 5},
		{"unknown ones go by filter", 1000, func(int) bool { return false }, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls = 0
			var ids []string
			known := map[string]bool{}
			for n := range tt.n {
				id := fmt.Sprintf("ami-%06d", n)
				ids = append(ids, id)
				known[id] = tt.known(n)
			}
			found, err := lookAt(ids, known, "image-id", describe, func(i cloud.Image) string { return i.ID })
			if err != nil {
				t.Fatal(err)
			}
			for n, id := range ids {
				if _, ok := found[id]; ok != exists(n) {
					t.Errorf("%s: found %v", id, ok)
				}
			}
			if calls != tt.calls {
				t.Errorf("%d calls, want %d", calls, tt.calls)
			}
		})
	}
}

// TestGuard: what nothing waits for is looked at now and then, all of it in one
// look, and without holding up or hurrying what is waited for.
func TestGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 500
		f := &fakeSky{available: map[string]time.Duration{}}
		c := f.client(t)
		done := make(chan time.Duration, n)
		for i := range n {
			id := fmt.Sprintf("ami-%08x", i)
			f.available[id] = 5 * time.Minute
			go func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				one := c.images.add(id, true)
				defer c.images.remove(one)
				for s := range one.latest {
					if s.found && available(s.value) {
						break
					}
				}
				done <- time.Since(f.began)
			}()
		}
		for range n {
			if at := <-done; at > 6*time.Minute+time.Second {
				t.Fatalf("a change after 5m was noticed after %v", at)
			}
		}
		if looks := f.looks.Load(); looks > 12 {
			t.Errorf("%d looks in six minutes", looks)
		}
	})
}

// TestGuardIsNotLearntFrom: a change that nobody was waiting for tells nothing
// of how long it took.
func TestGuardIsNotLearntFrom(t *testing.T) {
	e := newExperience(map[string]time.Duration{"stopping": 27 * time.Second})
	e.learn("stopping", 0, 10*time.Minute, false)
	if got := e.least("stopping"); got != 27*time.Second {
		t.Errorf("a change that was noticed after 10m made the expectation %v", got)
	}
	e.learn("stopping", 0, 10*time.Second, false)
	if got := e.least("stopping"); got != 9600*time.Millisecond {
		t.Errorf("one that was over after 10s made it %v", got)
	}
}
