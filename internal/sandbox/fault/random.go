package fault

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// random strikes by chance. Whether and how depends on nothing but the seed, what
// is struck and how often that has happened before: the order in which things
// happen side by side makes no difference.
type random struct {
	seed  uint64
	rate  float64
	left  int // how many more strikes; negative for no end
	count map[string]int
}

func newRandom(f scenario.Fault) *random {
	r := &random{seed: *f.Seed, rate: f.Rate, left: -1, count: map[string]int{}}
	if f.Most != nil {
		r.left = *f.Most
	}
	return r
}

// strike counts an occurrence and returns what goes wrong, "" for nothing.
func (r *random) strike(key string, choices []string, free bool) string {
	r.count[key]++
	if !free || r.left == 0 {
		return ""
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d", key, r.count[key])
	chance := rand.New(rand.NewPCG(r.seed, h.Sum64()))
	if chance.Float64() >= r.rate {
		return ""
	}
	if r.left > 0 {
		r.left--
	}
	return choices[chance.IntN(len(choices))]
}

// passing may strike any call, and passes. What stands twice is twice as likely.
var passing = [...]string{
	"RequestLimitExceeded", "RequestLimitExceeded", "InternalError", "Unavailable",
	scenario.Reset, scenario.Reset, scenario.LostResponse, scenario.LostResponse, scenario.LostResponse,
}

// callErrors are what may strike a call at random.
func callErrors(action string) []string {
	more := []string{"ExpiredToken"}
	switch {
	case action == "RunInstances":
		more = []string{"InsufficientInstanceCapacity", "InsufficientInstanceCapacity", "UnauthorizedOperation",
			scenario.NotFoundAfterCreate, scenario.NotFoundAfterCreate, scenario.InstanceDies, scenario.InstanceDies}
	case action == "CreateImage":
		more = []string{"UnauthorizedOperation", scenario.NotFoundAfterCreate, scenario.NotFoundAfterCreate,
			scenario.ImageFails, scenario.ImageFails}
	case strings.HasPrefix(action, "Describe"), strings.HasPrefix(action, "Get"):
		more = nil
	}
	return append(passing[:len(passing):len(passing)], more...)
}

// hostDeeds are what may strike a computer at random.
func hostDeeds(at string) []string {
	switch at {
	case machine.AtBoot:
		return []string{machine.PowerOff, machine.DropConnection, machine.FlipByte, machine.RestartBastion, machine.DiskFull, machine.WrongHostKey, machine.Hang}
	case machine.AtConnect:
		return []string{machine.DropConnection, machine.DropConnection, machine.RestartBastion, machine.PowerOff}
	case machine.AtDone:
		return []string{machine.DropConnection, machine.RestartBastion}
	}
	return []string{machine.DropConnection, machine.DropConnection, machine.RestartBastion, machine.PowerOff, machine.DiskFull,
		machine.FlipByte, machine.Hang}
}

// hostKey names a point of a computer's life by what stays the same from run to
// run: the scenario's own image, and how far from it the computer is.
func hostKey(lineage []string, at string) string {
	roles := []string{"", "host", "builder", "prover"}
	role := fmt.Sprintf("descendant %d", len(lineage))
	if len(lineage) < len(roles) {
		role = roles[len(lineage)]
	}
	return lineage[len(lineage)-1] + " " + role + " at " + at
}
