package crashtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/amirotate/amirotate/internal/testenv"
)

// Random faults, random kills and runs at once: it always ends well. The seeds
// are 1 to AMIROTATE_CHAOS_SEEDS, or 25; AMIROTATE_CHAOS_SEED is one alone.
func TestChaos(t *testing.T) {
	t.Parallel()
	var tally struct{ runs, kills, interrupts, faults atomic.Int64 }
	seeds := seedsToTry(t)
	t.Run("seeds", func(t *testing.T) {
		for _, seed := range seeds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				c := newChaos(t, seed)
				c.untilDone()
				if t.Failed() {
					t.Logf("replay it with: AMIROTATE_CHAOS_SEED=%d go test ./internal/crashtest -run TestChaos\n%s", seed, strings.Join(c.log, "\n"))
				}
				tally.runs.Add(int64(c.runs))
				tally.kills.Add(int64(c.strikes[syscall.SIGKILL]))
				tally.interrupts.Add(int64(c.strikes[syscall.SIGINT]))
				tally.faults.Add(int64(len(c.Sandbox.Faults().Struck())))
			})
		}
	})
	testenv.Figure(t, "%d seeds: %d runs, of which %d were killed and %d interrupted, and %d faults",
		len(seeds), tally.runs.Load(), tally.kills.Load(), tally.interrupts.Load(), tally.faults.Load())
}

func seedsToTry(t *testing.T) []uint64 {
	t.Helper()
	number := func(name string, otherwise uint64) uint64 {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("cannot read %s: %v", name, err)
		}
		return n
	}
	if one := number("AMIROTATE_CHAOS_SEED", 0); one != 0 {
		return []uint64{one}
	}
	var seeds []uint64
	for i := range number("AMIROTATE_CHAOS_SEEDS", 25) {
		seeds = append(seeds, i+1)
	}
	return seeds
}

// chaos is a farm of eight images on a night when everything goes wrong.
type chaos struct {
	*scene
	certificates map[string]string
	chance       *rand.Rand
	log          []string
	runs         int
	strikes      map[syscall.Signal]int
}

func newChaos(t *testing.T, seed uint64) *chaos {
	t.Helper()
	scenario, files, certificates := eight(fmt.Sprintf("faults:\n  - {seed: %d, rate: 0.03, most: 30}\n", seed))
	s := newScene(t, scenario, files)
	s.setWaits("connect: 4s", "patch: 4s", "prove: 4s", "launch: 4s", "stop: 10s", "image: 20s")
	return &chaos{scene: s, certificates: certificates, chance: rand.New(rand.NewPCG(seed, 8)), strikes: map[syscall.Signal]int{}}
}

// Of so many rounds, the last are without kills, and the very last without
// faults either.
const (
	rounds      = 16
	killRounds  = 5
	faultRounds = 13
)

// untilDone runs the program until a run ends with 0, and checks the promises.
func (c *chaos) untilDone() {
	c.T.Helper()
	for round := 1; ; round++ {
		if round > rounds {
			c.T.Errorf("not done after %d rounds", rounds)
			break
		}
		if round > faultRounds {
			c.Sandbox.Faults().Calm()
		}
		done := c.round(round <= killRounds)
		c.checkOldOrNew()
		if done || c.T.Failed() {
			break
		}
	}
	c.Sandbox.Faults().Calm()
	if !c.T.Failed() {
		c.check(c.certificates)
	}
}

// round starts one or two runs, of which one may be struck, and tells whether
// all of them ended with 0.
func (c *chaos) round(kill bool) bool {
	c.T.Helper()
	target, signal := 0, syscall.Signal(0)
	if kill && c.chance.IntN(4) > 0 {
		target, signal = 1+c.chance.IntN(250), syscall.SIGKILL
		if c.chance.IntN(3) == 0 {
			signal = syscall.SIGINT
		}
	}
	beside := c.chance.IntN(4) == 0
	victims := []*victim{c.start(target, signal)}
	if beside {
		victims = append(victims, c.startBeside())
	}
	done := true
	for i, v := range victims {
		code := c.wait(v)
		done = done && code == 0
		c.note(i, v, code)
	}
	if point := c.where(); point != "" {
		c.strikes[signal]++
		c.log = append(c.log, fmt.Sprintf("%s at %s", signal, point))
	}
	return done
}

// note takes down how a run ended.
func (c *chaos) note(i int, v *victim, code int) {
	c.T.Helper()
	c.runs++
	c.log = append(c.log, fmt.Sprintf("run %d ended with %d\n%s", i, code, v.output.String()))
	if !slices.Contains([]int{-1, 0, 1, 2, 4, 130}, code) || strings.Contains(v.output.String(), "panic:") {
		c.T.Errorf("a run ended with exit code %d\n%s", code, v.output.String())
	}
	if strings.Contains(v.output.String(), "secret") {
		c.T.Errorf("a run printed a password\n%s", v.output.String())
	}
}
