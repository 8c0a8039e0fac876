package rotate_test

import (
	"context"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/google/go-cmp/cmp"
)

// interruptBaking runs refresh until it has asked for two images.
func interruptBaking(t *testing.T, f *farmtest.Farm) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	asked := f.CallsOf("CreateImage") + 2
	go func() {
		for ctx.Err() == nil && f.CallsOf("CreateImage") < asked {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	}()
	if r := f.RunContext(ctx, "refresh", "--json"); r.Code != 130 {
		t.Fatalf("exit code %d\n%s%s", r.Code, r.Stdout, r.Stderr)
	}
}

// What was begun in one epoch is finished in the next, once; then the next one
// has its own turn. A machine whose clock is behind does not undo that.
func TestRefreshAcrossEpochs(t *testing.T) {
	t.Parallel()
	f := farmtest.Start(t, smallWith("scale: 0.001", "scale: 0.02").String(), smallFiles)
	f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+"refresh: {epoch: month}\n")
	clock := f.Sandbox.Clock()
	f.Now = clock.Now
	clock.Set(time.Date(2030, 3, 31, 23, 30, 0, 0, time.UTC))
	interruptBaking(t, f)
	clock.Set(time.Date(2030, 4, 1, 0, 10, 0, 0, time.UTC))
	f.MustRun(0, "refresh")
	if made := f.CallsOf("CreateImage"); made != 2 {
		t.Errorf("%d images were made by a run that was interrupted and its successor, want 2", made)
	}
	march := listed(f)
	f.MustRun(0, "refresh")
	if made, april := f.CallsOf("CreateImage"), listed(f); made != 4 || march[0] == april[0] || march[1] == april[1] {
		t.Errorf("%d images were made, %v became %v", made, march, april)
	}
	before := mutations(f)
	behind := func() time.Time { return clock.Now().Add(-40 * time.Minute) }
	if at := behind(); at.Month() != time.March {
		t.Fatalf("the other machine thinks that it is %s", at)
	}
	f.Now = behind
	f.MustRun(0, "refresh")
	f.MustRun(0, "plan")
	f.Now = clock.Now
	f.MustRun(0, "rotate")
	if after := mutations(f); !cmp.Equal(before, after) {
		t.Errorf("a machine whose clock is behind, or rotate, did %v", after[len(before):])
	}
	// What is left of an epoch long gone is nobody's to finish.
	clock.Set(time.Date(2030, 5, 31, 23, 30, 0, 0, time.UTC))
	interruptBaking(t, f)
	clock.Set(time.Date(2030, 6, 2, 0, 10, 0, 0, time.UTC))
	made := f.CallsOf("CreateImage")
	f.MustRun(0, "refresh")
	if now := f.CallsOf("CreateImage"); now != made+2 {
		t.Errorf("%d images were made for June, want 2", now-made)
	}
	f.MustRun(0, "gc", "--yes", "--older-than", "0s")
	if images := f.Folders("images"); len(images) != 8 {
		t.Errorf("images %v are there, want the two sources and those of March, April and June", images)
	}
}
