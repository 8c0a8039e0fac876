package ec2ops

import (
	"math/rand/v2"
	"testing"
	"time"
)

var everyday = newSchedule(time.Second)

func TestScheduleDue(t *testing.T) {
	t0 := time.Date(2015, 7, 14, 0, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return t0.Add(time.Duration(s * float64(time.Second))) }
	tests := []struct {
		name string
		last time.Time
		o    outlook
		want time.Time
	}{
		{"the first look is at once", time.Time{}, outlook{since: at(7), unseen: true}, at(7)},
		{"a new wait after a lull is looked at at once", at(0), outlook{since: at(100), unseen: true}, at(100)},
		{"a new wait right after a look has to be patient", at(100), outlook{since: at(100.2), unseen: true}, at(101)},
		{"a short wait is looked at every second", at(10), outlook{since: at(0)}, at(11)},
		{"a wait of a minute every three", at(60), outlook{since: at(0)}, at(63)},
		{"a long wait no less often than the cap", at(7200), outlook{since: at(0)}, at(7215)},
		{"a clock that went backwards", at(0), outlook{since: at(9)}, at(9)},
		{"nothing is expected yet", time.Time{}, outlook{since: at(0), from: 15 * time.Second}, at(15)},
		{"a look for another's sake changes nothing", at(12), outlook{since: at(0), from: 15 * time.Second}, at(15)},
		{"nor one just before", at(14.8), outlook{since: at(0), from: 15 * time.Second}, at(15.8)},
		{"many wait for one another", at(100), outlook{since: at(0), from: 180 * time.Second, crowded: true}, at(184.5)},
		{"also when it is due", at(185), outlook{since: at(0), from: 180 * time.Second, crowded: true}, at(189.5)},
		{"when it is due it is looked at closely", at(180), outlook{since: at(0), from: 180 * time.Second}, at(181)},
		{"less closely when it is overdue", at(186), outlook{since: at(0), from: 180 * time.Second}, at(189)},
		{"and at last as if nothing were known", at(300), outlook{since: at(0), from: 180 * time.Second}, at(315)},
		{"what stays is looked at rarely", at(10), outlook{since: at(5), steady: true}, at(70)},
		{"also if it began after the look", at(1), outlook{since: at(5), steady: true}, at(65)},
		{"what nothing waits for is looked at less closely", at(32), outlook{since: at(0), from: 27 * time.Second, patient: true}, at(36)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := everyday.due(tt.last, tt.o); !got.Equal(tt.want) {
				t.Errorf("due at %v, want %v", got.Sub(t0), tt.want.Sub(t0))
			}
		})
	}
}

// TestScheduleLag runs waits of every length, beginning at any time and in any
// order, some of them foreseen, through the schedule on a simulated clock: each
// change is noticed within 5 % of the time that it took, or a second, and looks
// are never less than a second apart.
func TestScheduleLag(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		waits := make([]*simulatedWait, 1+r.IntN(300))
		for i := range waits {
			began := time.Duration(r.Float64() * float64(10*time.Minute))
			waits[i] = &simulatedWait{began: began, ends: began + time.Duration(r.Float64()*float64(5*time.Minute))}
			if took := waits[i].ends - began; r.IntN(2) == 0 {
				waits[i].from = time.Duration(r.Float64() * float64(took))
			}
		}
		looks := simulate(t, everyday, waits)
		for _, w := range waits {
			took, lag := w.ends-w.began, w.noticed-w.ends
			if allowed := max(time.Second, took/20); lag < 0 || lag > allowed+time.Millisecond {
				t.Fatalf("seed %d: a change after %v was noticed %v later, want within %v", seed, took, lag, allowed)
			}
		}
		for i := 1; i < len(looks); i++ {
			if d := looks[i] - looks[i-1]; d < time.Second {
				t.Fatalf("seed %d: two looks %v apart", seed, d)
			}
		}
	}
}

// TestScheduleThrift: an image that takes three minutes is not asked for 180
// times, and hardly at all if that is known.
func TestScheduleThrift(t *testing.T) {
	tests := []struct {
		from time.Duration
		most int
	}{{0, 70}, {170 * time.Second, 8}, {179 * time.Second, 3}, {180 * time.Second, 1}}
	for _, tt := range tests {
		alone := &simulatedWait{ends: 3 * time.Minute, from: tt.from}
		if looks := simulate(t, everyday, []*simulatedWait{alone}); len(looks) > tt.most {
			t.Errorf("%d looks for a wait of three minutes that is expected after %v, want at most %d", len(looks), tt.from, tt.most)
		}
	}
}

// simulatedWait is times since the simulation's start; from is since began.
type simulatedWait struct {
	began, ends, from, noticed time.Duration
}

// simulate goes from event to event, an event being a look that is due or a wait
// that begins, and returns when the looks were.
func simulate(t *testing.T, s schedule, waits []*simulatedWait) (looks []time.Duration) {
	t.Helper()
	epoch := time.Date(2015, 7, 14, 0, 0, 0, 0, time.UTC)
	var now time.Duration
	var last time.Time
	for range 100_000 {
		due, begins := time.Duration(-1), time.Duration(-1)
		for _, w := range waits {
			switch {
			case w.noticed > 0:
			case w.began <= now:
				o := outlook{since: epoch.Add(w.began), from: w.from, crowded: len(waits) > crowd}
				d := max(now, s.due(last, o).Sub(epoch))
				if due < 0 || d < due {
					due = d
				}
			case begins < 0 || w.began < begins:
				begins = w.began
			}
		}
		if due < 0 && begins < 0 {
			return looks
		}
		if due < 0 || begins >= 0 && begins < due {
			now = begins
			continue
		}
		now, last = due, epoch.Add(due)
		looks = append(looks, now)
		for _, w := range waits {
			if w.noticed == 0 && w.began <= now && w.ends <= now {
				w.noticed = max(now, 1)
			}
		}
	}
	t.Fatal("waits were left over")
	return nil
}
