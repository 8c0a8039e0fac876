package sandbox

import (
	"fmt"
	"net/http"

	"github.com/amirotate/amirotate/internal/sandbox/ec2api"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// setUp makes what the account has in each region.
func (s *Sandbox) setUp(sc *scenario.Scenario, o ec2state.Options) error {
	for _, there := range sc.All() {
		state, err := ec2state.New(there, o)
		if err != nil {
			return fmt.Errorf("cannot set up the account in %s: %w", there.Region, err)
		}
		s.states = append(s.states, state)
		o.FirstSubnet += len(there.Subnets)
	}
	return nil
}

// StateIn is the account in one of the regions, or nil.
func (s *Sandbox) StateIn(region string) *ec2state.State {
	for _, state := range s.states {
		if state.Region == region {
			return state
		}
	}
	return nil
}

// byRegion sends each call to the region for which it is signed. One for another
// region goes to the first, which refuses it.
func (s *Sandbox) byRegion(serve func(*ec2state.State) http.Handler) http.Handler {
	handlers := map[string]http.Handler{}
	for _, state := range s.states {
		handlers[state.Region] = serve(state)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler := handlers[ec2api.Region(r)]
		if handler == nil {
			handler = handlers[s.states[0].Region]
		}
		handler.ServeHTTP(w, r)
	})
}
