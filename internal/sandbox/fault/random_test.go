package fault

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

func seeded(seed uint64, rate float64, most *int) *Set {
	return New([]scenario.Fault{{Seed: &seed, Rate: rate, Most: most}})
}

// night calls an action and visits a host's points over and over, in one of two
// orders, and returns what went wrong.
func night(s *Set, hostFirst bool) (calls, visits []string) {
	call := func() { calls = append(calls, s.Call("RunInstances")) }
	visit := func() { visits = append(visits, s.Strike([]string{"i-1", "ami-1"}, machine.AtPatch)) }
	for range 300 {
		if hostFirst {
			visit()
			call()
		} else {
			call()
			visit()
		}
	}
	return calls, visits
}

func struckIn(all []string) int {
	return len(all) - len(slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s != "" }))
}

// The same seed does the same, in whatever order things happen side by side.
func TestSeedRepeats(t *testing.T) {
	calls, visits := night(seeded(7, 0.1, nil), false)
	again, visitsAgain := night(seeded(7, 0.1, nil), true)
	if diff := cmp.Diff(calls, again) + cmp.Diff(visits, visitsAgain); diff != "" {
		t.Error(diff)
	}
	if other, _ := night(seeded(8, 0.1, nil), false); cmp.Equal(calls, other) {
		t.Error("another seed did the same")
	}
	if n := struckIn(calls) + struckIn(visits); n < 30 || n > 90 {
		t.Errorf("%d of 600 went wrong, want about 60", n)
	}
}

func TestMostAndCalm(t *testing.T) {
	calls, visits := night(seeded(7, 0.5, new(5)), false)
	if n := struckIn(calls) + struckIn(visits); n != 5 {
		t.Errorf("%d went wrong, want 5", n)
	}
	s := seeded(7, 1, nil)
	s.Call("CreateImage")
	s.Calm()
	calls, visits = night(s, false)
	if n := struckIn(calls) + struckIn(visits); n != 0 || len(s.Struck()) != 1 {
		t.Errorf("%d went wrong after calm; struck %v", n, s.Struck())
	}
	if n := s.Visits()["ami-1 builder at patch"]; n != 300 {
		t.Errorf("%d visits, want 300: %v", n, s.Visits())
	}
}
