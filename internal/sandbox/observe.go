package sandbox

import (
	"context"
	"net/http"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// observed tells about each EC2 call, before it is looked at and after it took
// effect, before the client is sure to have its answer.
func observed(api http.Handler, tell func(point string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		_ = r.ParseForm() // the API reports what is malformed
		action := r.Form.Get("Action")
		tell("before " + action)
		api.ServeHTTP(w, r)
		tell("after " + action)
	})
}

// hostFaults are the scenario's, observed if somebody wants to be told.
func (s *Sandbox) hostFaults(pace *clock.Clock, tell func(point string)) machine.Faults {
	return hostFaults{s.faults, tell, func() { _ = s.bastion.Restart(context.Background(), pace.Real(bastionAway)) }}
}

// bastionAway is how long a bastion's restart takes, in simulated time.
const bastionAway = 20 * time.Second

// hostFaults tells about each point of a computer's life, and sees to what
// strikes there and is not the computer's business.
type hostFaults struct {
	machine.Faults
	tell           func(point string) // may be nil
	restartBastion func()             // returns when it is back, or for good when the sandbox ends
}

func (f hostFaults) Strike(lineage []string, at string) string {
	if f.tell != nil {
		f.tell(lineage[0] + " at " + at)
	}
	deed := f.Faults.Strike(lineage, at)
	if deed == machine.RestartBastion {
		f.restartBastion()
		return ""
	}
	return deed
}
