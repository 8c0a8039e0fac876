package rotate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestRoom: launches are tried one at a time once there was no room, and at once
// when something has ended.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r room
		for range 3 {
			if err := r.enter(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		r.leave(true, time.Now(), time.Second)
		began := time.Now()
		entered := make(chan time.Duration)
		for range 3 {
			go func() {
				_ = r.enter(context.Background())
				entered <- time.Since(began)
			}()
		}
		if at := <-entered; at != time.Second {
			t.Errorf("the first attempt came after %v", at)
		}
		time.Sleep(time.Hour)
		select {
		case <-entered:
			t.Error("two launches were tried at a time")
		default:
		}
		r.leave(true, time.Now(), time.Second)
		at := time.Now()
		r.freed()
		if <-entered; !time.Now().Equal(at) {
			t.Errorf("after an end the next attempt came after %v", time.Since(at))
		}
		r.leave(false, time.Now(), time.Second)
		if <-entered; !time.Now().Equal(at) || !r.fullSince().IsZero() {
			t.Errorf("after a launch the next attempt came after %v", time.Since(at))
		}
		r.leave(true, time.Now(), time.Second)
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if r.enter(ended) == nil {
			t.Error("an interrupted wait went on")
		}
	})
}
