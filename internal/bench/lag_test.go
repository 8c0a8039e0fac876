package bench

import (
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

// lagsOf returns, for each kind of change, the longest simulated time between a
// change and the next look at what changed. When a change came follows from the
// call that began it and the case's timings.
func lagsOf(f *farmtest.Farm, c farmCase, calls []farmtest.Call) map[string]time.Duration {
	looks := map[string][]float64{} // times of the looks, by id
	stopped := map[string]float64{} // time of the call, by id
	var firstImage float64
	for _, call := range calls {
		switch {
		case call.Status != 200:
		case strings.HasPrefix(call.Action, "DescribeI"):
			for _, v := range call.Params {
				if id, isText := v.(string); isText && (strings.HasPrefix(id, "i-") || strings.HasPrefix(id, "ami-")) {
					looks[id] = append(looks[id], call.T)
				}
			}
		case call.Action == "StopInstances":
			for _, v := range call.Params {
				stopped[v.(string)] = call.T
			}
		case call.Action == "CreateImage" && firstImage == 0:
			firstImage = call.T
		}
	}
	lags := map[string]time.Duration{}
	note := func(kind, id string, changed float64) {
		for _, at := range looks[id] {
			if at >= changed {
				lags[kind] = max(lags[kind], time.Duration((at-changed)*float64(time.Second)))
				return
			}
		}
	}
	state := f.Sandbox.State()
	var made time.Time // the first
	for _, in := range state.Instances() {
		if at, ok := stopped[in.ID]; ok {
			note("stopped", in.ID, at+c.stop.Seconds())
		}
	}
	replacements := slices.DeleteFunc(state.Images(), func(im ec2state.Image) bool { return im.Tags["amirotate:role"] == "" })
	for _, im := range replacements {
		if made.IsZero() || im.Created.Before(made) {
			made = im.Created
		}
	}
	for _, im := range replacements {
		note("available", im.ID, firstImage+(im.Created.Sub(made)+c.image).Seconds())
	}
	return lags
}
