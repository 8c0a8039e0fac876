package ec2state

import (
	"context"
	"maps"
)

// requestSpot enters the request that a spot instance fulfils at once, or
// fulfils a persistent request anew; s.mu is held.
func (s *State) requestSpot(in *instance, p *launchPlan) {
	spot := p.spot
	if spot == nil {
		spot = &SpotRequest{
			ID: newID("sir-"), ImageID: in.ImageID, Type: in.Type, Persistence: "one-time", Created: in.Launched,
			Tags: maps.Clone(p.req.Tags["spot-instances-request"]),
		}
		if p.req.Persistent {
			// What is launched anew has none of the tags of the first instance.
			spot.Persistence, spot.again = "persistent", p.req
			spot.again.Token, spot.again.Tags, spot.again.Min, spot.again.Max = "", nil, 1, 1
		}
		put(s, s.spots, spot.ID, spot)
	}
	in.SpotRequest = spot.ID
	spot.InstanceID, spot.Zone = in.ID, in.Zone
	spot.set("active", "fulfilled", "Your Spot request is fulfilled.")
}

func (r *SpotRequest) set(state, code, message string) {
	r.State, r.StatusCode, r.StatusMessage = state, code, message
}

// CancelSpot cancels a spot request; its instance goes on.
func (s *State) CancelSpot(id string, dryRun bool) (SpotRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	spot := look(s, s.spots, id)
	if spot == nil {
		return SpotRequest{}, s.CheckSpotIDs([]string{id}, nil)
	}
	if dryRun {
		return SpotRequest{}, DryRunOperation()
	}
	switch spot.State {
	case "active", "disabled":
		spot.set("cancelled", "request-canceled-and-instance-running", "Your Spot request is canceled, but your instance is still running.")
	case "open":
		spot.set("cancelled", "canceled-before-fulfillment", "Your Spot request is canceled before it was fulfilled.")
	}
	return *spot, nil
}

// canStop tells whether EC2 stops an instance: not a one-time spot instance;
// s.mu is held.
func (s *State) canStop(in *instance) bool {
	spot := s.spots.rows[in.SpotRequest]
	return spot == nil || spot.Persistence == "persistent"
}

// spotStopped disables the persistent request of an instance that its owner
// stops, and spotStarted enables it again; s.mu is held.
func (s *State) spotStopped(in *instance) {
	if spot := s.spots.rows[in.SpotRequest]; spot != nil && spot.State == "active" {
		spot.set("disabled", "instance-stopped-by-user", "You have stopped your Spot Instance.")
	}
}

func (s *State) spotStarted(in *instance) {
	if spot := s.spots.rows[in.SpotRequest]; spot != nil && spot.State == "disabled" {
		spot.set("active", "fulfilled", "Your Spot request is fulfilled.")
	}
}

// spotEnded closes the request of a terminated instance. A persistent one that
// was not cancelled is open again, and EC2 launches another instance for it;
// s.mu is held.
func (s *State) spotEnded(in *instance) {
	spot := s.spots.rows[in.SpotRequest]
	if spot == nil || spot.State == "closed" {
		return
	}
	const code, message = "instance-terminated-by-user", "Your Spot Instance was terminated by you."
	switch {
	case spot.State == "cancelled":
		spot.StatusCode, spot.StatusMessage = code, message
	case spot.Persistence == "persistent":
		spot.set("open", code, message)
		s.behind(func(ctx context.Context) {
			if s.opts.Clock.Sleep(ctx, s.timings.pending) == nil {
				s.fulfil(spot)
			}
		})
	default:
		spot.set("closed", code, message)
	}
}

// fulfil launches another instance for an open request; if that isn't possible
// the request stays open.
func (s *State) fulfil(spot *SpotRequest) {
	s.mu.Lock()
	plan, err := s.planLaunch(spot.again)
	if err != nil || spot.State != "open" {
		s.mu.Unlock()
		return
	}
	plan.spot = spot
	s.launchLocked(plan)
}
