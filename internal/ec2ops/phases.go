package ec2ops

import (
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

func instancePhase(i cloud.Instance) phase {
	switch i.State {
	case cloud.InstancePending, cloud.InstanceStopping, cloud.InstanceShuttingDown:
		return phase{class: "instance " + string(i.State) + " " + i.Platform, patient: i.State == cloud.InstanceShuttingDown}
	}
	return phase{class: "still " + string(i.State), steady: true}
}

func imagePhase(i cloud.Image) phase {
	switch i.State {
	case cloud.ImagePending, cloud.ImageTransient:
		return phase{class: "image " + string(cloud.ImagePending) + " " + i.Platform}
	}
	return phase{class: "still " + string(i.State), steady: true}
}

// usualDurations are a little less than what EC2 usually takes, which makes it
// worth while to look only then as long as this run has learnt nothing of its
// own. An instance that is quicker is noticed at that time.
func usualDurations(second time.Duration) map[string]time.Duration {
	usual := map[string]time.Duration{}
	for state, seconds := range map[cloud.InstanceState]time.Duration{
		cloud.InstancePending: 13, cloud.InstanceStopping: 27, cloud.InstanceShuttingDown: 27,
	} {
		for _, platform := range []string{cloud.Linux, cloud.Windows} {
			usual[instancePhase(cloud.Instance{State: state, Platform: platform}).class] = seconds * second
		}
	}
	return usual
}
