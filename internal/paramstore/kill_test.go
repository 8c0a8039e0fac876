package paramstore

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/testenv"
)

func isWrite(action string) bool {
	return strings.HasPrefix(action, "Put") || strings.HasPrefix(action, "Delete")
}

// ensureUntil runs Ensure until its nth write, before or after which it ends as
// a killed process does: not another call goes out. It tells whether it got that
// far.
func (a *account) ensureUntil(at time.Time, n int, when string) (died bool) {
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	var mu sync.Mutex
	writes := 0
	strike := func(now string) func(string) {
		return func(action string) {
			mu.Lock()
			defer mu.Unlock()
			if !isWrite(action) {
				return
			}
			if now == "before" {
				writes++
			}
			if writes == n && now == when {
				died = true
				kill()
			}
			if died && now == "before" {
				panic(http.ErrAbortHandler) // the call never arrives
			}
		}
	}
	a.before, a.after = strike("before"), strike("after")
	_, err := keep.Ensure(ctx, a.store(), rack(), func() time.Time { return at })
	a.before, a.after = nil, nil
	if !died && err != nil {
		a.t.Fatal(err)
	}
	return died
}

// TestKilledAtEachWrite: whatever was under way, this package reads the old set
// or the new, and the next run leaves one whole set in plain sight.
func TestKilledAtEachWrite(t *testing.T) {
	points := 0
	for _, from := range []string{"nothing", "a set"} {
		for _, when := range []string{"before", "after"} {
			for n := 1; ; n++ {
				name := fmt.Sprintf("from %s, killed %s write %d", from, when, n)
				a := newAccount(t)
				a.t = t
				due := start
				var old keep.Items
				if from == "a set" {
					old = ensure(t, a.store(), start).Items
					due = start.Add(3600 * day)
				}
				if !a.ensureUntil(due, n, when) {
					break
				}
				points++
				seen, err := a.store().Load(context.Background())
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				isOld := seen.Items.Digest() == old.Digest()
				if err := consistent(seen.Items, due); err != nil && !isOld {
					t.Fatalf("%s: neither old nor new: %v", name, err)
				}
				r := ensure(t, a.store(), due)
				if isOld != r.Changed {
					t.Fatalf("%s: old was seen: %v, and the next run changed it: %v", name, isOld, r.Changed)
				}
				if !isOld && r.Items.Digest() != seen.Items.Digest() {
					t.Fatalf("%s: the next run made another set than the one that was committed", name)
				}
				if got := a.plainItems(); got.Digest() != r.Items.Digest() || consistent(got, due) != nil {
					t.Fatalf("%s: the parameters don't hold the set", name)
				}
				if err := a.backedUp(old, due); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				ensure(t, a.store(), due)
			}
		}
	}
	testenv.Figure(t, "killed at %d points", points)
	if points < 40 {
		t.Fatalf("only %d points were tried", points)
	}
}

func (a *account) backedUp(old keep.Items, at time.Time) error {
	for item, data := range old {
		v, found, err := a.store().get(context.Background(), "rack-docker-tls-"+item+"."+at.Format(stamp))
		if err != nil || !found || v.text != string(data) {
			return fmt.Errorf("the backup of %s: found %v, %v", item, found, err)
		}
	}
	return nil
}

// TestChangedAfterTheCommit: what somebody else put in place of an item while a
// replacement was not finished is not overwritten unseen.
func TestChangedAfterTheCommit(t *testing.T) {
	a := newAccount(t)
	const commit = 5 // after four staged items
	if !a.ensureUntil(start, commit, "after") {
		t.Fatal("not killed")
	}
	seen, err := a.store().Load(context.Background())
	if err != nil || consistent(seen.Items, start) != nil {
		t.Fatalf("what was committed is not seen: %v", err)
	}
	a.set("rack-docker-tls-cert", "theirs", types.ParameterTypeString)
	if seen, err = a.store().Load(context.Background()); err != nil || string(seen.Items[keep.Cert]) != "theirs" {
		t.Fatalf("their item is not seen: %v", err)
	}
	r := ensure(t, a.store(), start)
	if err := consistent(r.Items, start); err != nil {
		t.Error(err)
	}
	if err := a.backedUp(keep.Items{keep.Cert: []byte("theirs")}, start); err != nil {
		t.Error(err)
	}
}

// TestAbandonedStagesAreRemoved by the next replacement, when they are old.
func TestAbandonedStagesAreRemoved(t *testing.T) {
	a := newAccount(t)
	if !a.ensureUntil(start, 3, "before") {
		t.Fatal("not killed")
	}
	staged := func() int {
		return len(slices.DeleteFunc(a.names(), func(n string) bool { return !strings.Contains(n, stagedInfix) }))
	}
	if staged() != 2 {
		t.Fatalf("%d staged values", staged())
	}
	ensure(t, a.store(), time.Now().Add(time.Minute))
	if staged() != 2 {
		t.Error("what may be another writer's was deleted")
	}
	ensure(t, a.store(), time.Now().Add(3600*day))
	if staged() != 0 {
		t.Errorf("left: %v", a.names())
	}
}

// TestManyAtOnce: of all that find nothing one makes the set, and all return it.
func TestManyAtOnce(t *testing.T) {
	for round := range 5 {
		a := newAccount(t)
		at := start
		if round%2 == 1 {
			ensure(t, a.store(), start)
			at = start.Add(3600 * day)
		}
		const writers = 4
		var results [writers]keep.Result
		var errs [writers]error
		var all sync.WaitGroup
		for i := range writers {
			s := a.store()
			all.Go(func() {
				results[i], errs[i] = keep.Ensure(context.Background(), s, rack(), func() time.Time { return at })
			})
		}
		all.Wait()
		made := 0
		holds := a.plainItems()
		for i, r := range results {
			if errs[i] != nil {
				t.Fatal(errs[i])
			}
			if r.Changed {
				made++
			}
			if r.Items.Digest() != holds.Digest() {
				t.Errorf("writer %d returned another set than the parameters hold", i)
			}
		}
		if err := consistent(holds, at); err != nil || made != 1 {
			t.Errorf("%d sets were made, %v", made, err)
		}
		for _, name := range a.names() {
			if strings.Contains(name, stagedInfix) {
				t.Errorf("%s is left", name)
			}
		}
	}
}
