package crashtest

import (
	"syscall"
	"testing"

	"github.com/amirotate/amirotate/internal/testenv"
)

// points counts the points of a whole run: before and after each EC2 call, at
// each boot, connection and command of a host, and after each command.
func points(t *testing.T) int {
	t.Helper()
	s := newScene(t, hasty, hastyFiles)
	s.finish()
	s.check(july2015)
	return s.passed
}

// A run that is killed at any point is finished by running it again.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	everyPoint(t, 1, syscall.SIGKILL, func(code int) bool { return code == -1 || code == 0 })
}

// An interrupt ends a run cleanly, and running it again goes on. Every third
// point is tried.
func TestInterruptedAnywhere(t *testing.T) {
	t.Parallel()
	everyPoint(t, 3, syscall.SIGINT, func(code int) bool { return code == 130 || code == 0 })
}

func everyPoint(t *testing.T, stride int, signal syscall.Signal, fine func(code int) bool) {
	all := points(t)
	struck := make(chan string, all)
	t.Run("points", func(t *testing.T) {
		for target := 1; target <= all; target += stride {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				s := newScene(t, hasty, hastyFiles)
				v := s.start(target, signal)
				if code := s.wait(v); !fine(code) {
					t.Errorf("the first run ended with %s\n%s", v.cmd.ProcessState, v.output.String())
				}
				point := s.struck
				s.finish()
				s.check(july2015)
				if signal == syscall.SIGKILL { // nothing was ended, so that nothing need be made anew
					s.checkMadeOnce(len(july2015))
				}
				if t.Failed() {
					t.Logf("struck at point %d: %s", target, point)
				}
				if point != "" {
					struck <- point
				}
			})
		}
	})
	close(struck)
	kinds := map[string]int{}
	for point := range struck {
		kinds[kindOf(point)]++
	}
	testenv.Figure(t, "%s at %d points of a run of %d: %v", signal, count(kinds), all, kinds)
	if count(kinds) < all/stride/2 {
		t.Errorf("only %d of %d points were reached", count(kinds), all)
	}
}
