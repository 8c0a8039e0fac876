package crashtest

import (
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/amirotate/amirotate/internal/testenv"
)

// everyPointOfTheNight has each point of a night tried, EC2's among them; else it
// is some of those at static hosts and at the master.
const everyPointOfTheNight = "AMIROTATE_EVERY_POINT"

// deed is what is struck on a night, and what comes before and after it.
type deed struct {
	name    string
	samples map[syscall.Signal]int // how many points are tried
	prepare func(s *nightScene)
	check   func(s *nightScene)
}

// A night with static workers and a buildmaster, a refresh whose certificate is
// due, and the way back, struck at any point, are finished by running the same
// command again: the master holds and presents the old pair or the new one, with
// the old one kept, and nothing else is left.
func TestNightStruckAnywhere(t *testing.T) {
	t.Parallel()
	for _, d := range []deed{
		{"rotate", map[syscall.Signal]int{syscall.SIGKILL: 4, syscall.SIGINT: 2}, func(*nightScene) {}, (*nightScene).checkNight},
		{"refresh", map[syscall.Signal]int{syscall.SIGKILL: 2, syscall.SIGINT: 1}, (*nightScene).certificateIsDue, (*nightScene).checkNight},
		{"rollback", map[syscall.Signal]int{syscall.SIGKILL: 2}, (*nightScene).rotated, (*nightScene).checkAsItWas},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			whole := d.newNight(t)
			whole.finish()
			d.check(whole)
			for signal, samples := range d.samples {
				d.everyPoint(t, signal, whole.passed, samples)
			}
		})
	}
}

// rotated is a night that is over, so that there is something to roll back.
func (s *nightScene) rotated() {
	s.T.Helper()
	s.MustRun(0, "rotate", "--quiet")
	s.verb = "rollback"
}

func (d deed) newNight(t *testing.T) *nightScene {
	t.Helper()
	s := newNight(t)
	d.prepare(s)
	s.counts = beyondEC2
	if os.Getenv(everyPointOfTheNight) != "" {
		s.counts = func(point string) bool { return point != "master at boot" }
	}
	return s
}

// Whoever interrupts the look before a night is told that it was interrupted, and
// not that the master has a problem.
func TestInterruptedBeforeTheNight(t *testing.T) {
	t.Parallel()
	s := newNight(t)
	s.counts = func(point string) bool { return point == "master at read" }
	v := s.start(1, syscall.SIGINT)
	if code := s.wait(v); code != 130 || s.where() == "" || s.CallsOf("RunInstances") > 0 {
		t.Errorf("interrupted at %q, it ended with exit code %d and launched %d instances\n%s", s.where(), code, s.CallsOf("RunInstances"), v.output.String())
	}
}

// everyPoint strikes so many points of a run, evenly, or all of them.
func (d deed) everyPoint(t *testing.T, signal syscall.Signal, all, samples int) {
	if os.Getenv(everyPointOfTheNight) != "" {
		samples = all
	}
	var mu sync.Mutex
	struck := map[string]int{}
	t.Run(signal.String(), func(t *testing.T) {
		for i := range samples {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				point := d.strike(t, 1+(2*i+1)*all/(2*samples), signal)
				mu.Lock()
				defer mu.Unlock()
				struck[placeOf(point)]++
			})
		}
	})
	testenv.Figure(t, "%s of %s at %d of %d points: %v", signal, d.name, count(struck)-struck[""], all, struck)
	if struck[""] > samples/2 {
		t.Errorf("%d of %d points were not reached", struck[""], samples)
	}
}

// strike strikes at a point, lets the same command finish and returns which
// point it was, "" if it did not come to that.
func (d deed) strike(t *testing.T, target int, signal syscall.Signal) (point string) {
	s := d.newNight(t)
	v := s.start(target, signal)
	code := s.wait(v)
	if struck := map[syscall.Signal]int{syscall.SIGKILL: -1, syscall.SIGINT: 130}[signal]; code != struck && code != 0 {
		t.Errorf("the first run ended with %s\n%s", v.cmd.ProcessState, v.output.String())
	}
	point = s.where()
	s.settle()
	s.checkWhole()
	s.finish()
	d.check(s)
	if t.Failed() {
		t.Logf("struck at point %d: %s; the first run said\n%s", target, point, v.output.String())
	}
	return point
}

// placeOf is a point of the night; instances are one like the other.
func placeOf(point string) string {
	if beyondEC2(point) {
		return point
	}
	return kindOf(point)
}
