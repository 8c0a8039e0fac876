package rotate

import (
	"github.com/amirotate/amirotate/internal/cloud"
)

// sight is what EC2 shows of one image's rotation.
type sight struct {
	builder     *cloud.Instance
	replacement *replacement
	prover      *cloud.Instance
	spare       []string // further temporary instances of ours, to be terminated
	claim       claim    // on the builder
}

// replacement is an image that we made, proven or not.
type replacement struct{ cloud.Image }

func (r *replacement) proven() bool {
	return r.State == cloud.ImageAvailable && r.Tags[cloud.TagProvenAt] != ""
}

func (r *replacement) lost() bool {
	switch r.State {
	case cloud.ImageFailed, cloud.ImageError, cloud.ImageInvalid, cloud.ImageDeregistered, cloud.ImageDisabled:
		return true
	}
	return false
}

// deed is what is to be done next.
type deed int

const (
	doLaunch         deed = iota // start a builder, and wait for its address
	doPatch                      // connect to the builder, replace the files, read them back
	doAwaitOther                 // leave the builder to the run that runs commands on it
	doStop                       // stop the builder and wait until it is
	doBake                       // make an image of the builder
	doAwaitImage                 // wait for the image
	doDiscardImage               // remove an image that came to nothing
	doDiscardBuilder             // terminate a builder that can't be trusted or is dying
	doLaunchProver               // start a prover from the replacement
	doProve                      // connect to the prover and read the files
	doDiscardProver              // terminate a prover that is of no use
	doFinish                     // nothing more: the replacement is proven
)

// userStopped is the reason that EC2 gives for an instance stopped through its
// API, rather than by itself or by the loss of its host.
const userStopped = "Client.UserInitiatedShutdown"

// decide tells the next deed from what is to be seen. patched says that this
// process itself has replaced the files on the builder and read them back.
//
// A stopped builder that an earlier run left is trusted if it was stopped
// through the API, which a run does only after the read-back. Should that have
// been someone else, the proof fails and the image is made anew.
func decide(s sight, patched bool) deed {
	if r := s.replacement; r != nil {
		switch {
		case r.proven():
			return doFinish
		case r.lost():
			return doDiscardImage
		case r.State != cloud.ImageAvailable:
			return doAwaitImage
		}
		return decideProver(s.prover)
	}
	b := s.builder
	if b == nil || b.State.Gone() {
		return doLaunch
	}
	switch b.State {
	case cloud.InstanceStopping:
		return doStop
	case cloud.InstanceStopped:
		if patched || b.StateReason == userStopped {
			return doBake
		}
		return doDiscardBuilder
	}
	switch {
	case s.claim == claimOther:
		return doAwaitOther
	case patched:
		return doStop
	case s.claim == claimDead || s.claim == claimOurs: // its commands were cut off
		return doDiscardBuilder
	}
	return doPatch
}

func decideProver(p *cloud.Instance) deed {
	if p == nil || p.State.Gone() {
		return doLaunchProver
	}
	if p.State == cloud.InstanceStopping || p.State == cloud.InstanceStopped {
		return doDiscardProver
	}
	return doProve
}

// sightOf picks, of everything that bears our tags, what belongs to one source
// image and patch.
func sightOf(images []cloud.Image, instances []cloud.Instance, source, patch string) sight {
	s := sight{replacement: bestReplacement(images, source, patch)}
	for _, i := range instances {
		if i.Tags[cloud.TagSourceImage] != source || i.Tags[cloud.TagPatch] != patch || i.State == cloud.InstanceTerminated {
			continue
		}
		if i.State.Gone() { // a run is done when nothing is left, not even on its way out
			s.spare = append(s.spare, i.ID)
			continue
		}
		switch i.Tags[cloud.TagRole] {
		case cloud.RoleBuilder:
			s.builder = s.better(s.builder, i)
		case cloud.RoleProver:
			if s.replacement != nil && i.ImageID == s.replacement.ID {
				s.prover = s.better(s.prover, i)
			} else {
				s.spare = append(s.spare, i.ID)
			}
		}
	}
	return s
}

// better keeps the instance that has got further, and notes the other as spare.
// Of equals, the lower id wins, so that two runs choose alike.
func (s *sight) better(have *cloud.Instance, other cloud.Instance) *cloud.Instance {
	if have == nil {
		return &other
	}
	if progress(other) > progress(*have) || progress(other) == progress(*have) && other.ID < have.ID {
		s.spare = append(s.spare, have.ID)
		return &other
	}
	s.spare = append(s.spare, other.ID)
	return have
}

func progress(i cloud.Instance) int {
	switch i.State {
	case cloud.InstanceRunning:
		return 1
	case cloud.InstanceStopping:
		return 2
	case cloud.InstanceStopped:
		return 3
	}
	return 0
}

// bestReplacement picks the replacement that has got furthest, or nil.
func bestReplacement(images []cloud.Image, source, patch string) *replacement {
	var best *replacement
	for _, c := range images {
		if !bears(c, source, patch) {
			continue
		}
		if r := (&replacement{c}); best == nil || maturity(r) > maturity(best) {
			best = r
		}
	}
	return best
}

func maturity(r *replacement) int {
	switch {
	case r.proven():
		return 3
	case r.State == cloud.ImageAvailable:
		return 2
	case !r.lost():
		return 1
	}
	return 0
}
