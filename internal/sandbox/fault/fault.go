// Package fault decides when a scenario's faults strike: which call of an EC2
// action, and which visit to a point of a computer's life; by count, or at
// random from a seed.
package fault

import (
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// Set counts calls and visits and says which of them go wrong. It implements
// machine.Faults, and what package ec2api asks of faults.
type Set struct {
	mu     sync.Mutex
	rules  []*rule
	seeds  []*random
	struck []string
	visits map[string]int
	calm   bool
}

// rule is a fault and how often what it waits for has happened.
type rule struct {
	scenario.Fault
	seen int
}

// New returns a Set of a checked scenario's faults.
func New(faults []scenario.Fault) *Set {
	s := &Set{visits: map[string]int{}}
	for _, f := range faults {
		if f.Seed != nil {
			s.seeds = append(s.seeds, newRandom(f))
			continue
		}
		s.rules = append(s.rules, &rule{Fault: f})
	}
	return s
}

// Call counts a call of an EC2 action and returns the error that strikes it, ""
// for none. Of several faults that would strike, the first does; all count.
// Random ones strike where no other does.
func (s *Set) Call(action string) string {
	return s.strike(action, callErrors(action), func(r *rule) (bool, string) {
		ok, _ := path.Match(r.Action, action)
		return ok && r.Action != "", r.Error
	})
}

// Strike counts a visit to a point and returns what goes wrong there, "" for
// nothing.
func (s *Set) Strike(lineage []string, at string) string {
	return s.strike(hostKey(lineage, at), hostDeeds(at), func(r *rule) (bool, string) {
		meant := r.Host == "*" || r.Host != "" && slices.Contains(lineage, r.Host)
		return meant && r.At == at, r.Do
	})
}

// Calm ends all faults.
func (s *Set) Calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calm = true
}

// Struck lists what went wrong so far, as "RunInstances: reset" or
// "ami-7fd23e3b builder at patch: hang".
func (s *Set) Struck() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.struck)
}

// Visits counts the calls of each action, and the visits to each point of a
// host, in Struck's words.
func (s *Set) Visits() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.visits)
}

func (s *Set) strike(key string, choices []string, about func(*rule) (meant bool, deed string)) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.visits[key]++
	if s.calm {
		return ""
	}
	struck := ""
	for _, r := range s.rules {
		meant, deed := about(r)
		if !meant {
			continue
		}
		r.seen++
		if struck == "" && r.due() {
			struck = deed
		}
	}
	for _, r := range s.seeds {
		if deed := r.strike(key, choices, struck == ""); deed != "" {
			struck = deed
		}
	}
	if struck != "" {
		s.struck = append(s.struck, key+": "+struck)
	}
	return struck
}

// due tells whether the latest occurrence is one that the fault strikes.
func (r *rule) due() bool {
	return r.Nth == 0 || r.seen >= r.Nth && r.seen < r.Nth+r.Repeat
}
