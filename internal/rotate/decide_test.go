package rotate

import (
	"slices"
	"testing"

	"github.com/amirotate/amirotate/internal/cloud"
)

func instance(state cloud.InstanceState, reason string) *cloud.Instance {
	return &cloud.Instance{ID: "i-1", State: state, StateReason: reason}
}

func made(state cloud.ImageState, proven string) *replacement {
	tags := map[string]string{}
	if proven != "" {
		tags[cloud.TagProvenAt] = proven
	}
	return &replacement{cloud.Image{ID: "ami-1", State: state, Tags: tags}}
}

func TestDecide(t *testing.T) {
	const at = "2015-07-16T06:08:33Z"
	for _, test := range []struct {
		name    string
		seen    sight
		patched bool
		want    deed
	}{
		{"nothing yet", sight{}, false, doLaunch},
		{"builder died", sight{builder: instance(cloud.InstanceTerminated, "Server.InternalError")}, true, doLaunch},
		{"builder is dying", sight{builder: instance(cloud.InstanceShuttingDown, "")}, false, doLaunch},
		{"builder starts", sight{builder: instance(cloud.InstancePending, "")}, false, doPatch},
		{"builder runs", sight{builder: instance(cloud.InstanceRunning, "")}, false, doPatch},
		{"builder is patched", sight{builder: instance(cloud.InstanceRunning, "")}, true, doStop},
		{"builder stops", sight{builder: instance(cloud.InstanceStopping, userStopped)}, false, doStop},
		{"stopped by us", sight{builder: instance(cloud.InstanceStopped, "")}, true, doBake},
		{"stopped by a run before", sight{builder: instance(cloud.InstanceStopped, userStopped)}, false, doBake},
		{"stopped by itself", sight{builder: instance(cloud.InstanceStopped, "Client.InstanceInitiatedShutdown")}, false, doDiscardBuilder},
		{"its host died", sight{builder: instance(cloud.InstanceStopped, "Server.ScheduledStop")}, false, doDiscardBuilder},
		{"image is being made", sight{builder: instance(cloud.InstanceStopped, userStopped), replacement: made(cloud.ImagePending, "")}, false, doAwaitImage},
		{"image failed", sight{replacement: made(cloud.ImageFailed, "")}, false, doDiscardImage},
		{"image was disabled", sight{replacement: made(cloud.ImageDisabled, at)}, false, doDiscardImage},
		{"image is there", sight{replacement: made(cloud.ImageAvailable, "")}, false, doLaunchProver},
		{"prover died", sight{replacement: made(cloud.ImageAvailable, ""), prover: instance(cloud.InstanceTerminated, "")}, false, doLaunchProver},
		{"prover runs", sight{replacement: made(cloud.ImageAvailable, ""), prover: instance(cloud.InstanceRunning, "")}, false, doProve},
		{"prover stopped", sight{replacement: made(cloud.ImageAvailable, ""), prover: instance(cloud.InstanceStopped, "")}, false, doDiscardProver},
		{"proven", sight{replacement: made(cloud.ImageAvailable, at), builder: instance(cloud.InstanceRunning, "")}, false, doFinish},
		{"proven once, but no longer available", sight{replacement: made(cloud.ImagePending, at)}, false, doAwaitImage},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := decide(test.seen, test.patched); got != test.want {
				t.Errorf("decide = %d, want %d", got, test.want)
			}
		})
	}
}

// ours are tags of the rotation of ami-a with patch p.
func ours(role, source, patch string) map[string]string {
	return map[string]string{cloud.TagRole: role, cloud.TagSourceImage: source, cloud.TagPatch: patch}
}

func TestSightOfTakesOnlyItsOwn(t *testing.T) {
	images := []cloud.Image{
		{ID: "ami-stranger", State: cloud.ImageAvailable},
		{ID: "ami-other-patch", State: cloud.ImageAvailable, Tags: ours(cloud.RoleReplacement, "ami-a", "q")},
		{ID: "ami-other-source", State: cloud.ImageAvailable, Tags: ours(cloud.RoleReplacement, "ami-b", "p")},
		{ID: "ami-failed", State: cloud.ImageFailed, Tags: ours(cloud.RoleReplacement, "ami-a", "p")},
		{ID: "ami-pending", State: cloud.ImagePending, Tags: ours(cloud.RoleReplacement, "ami-a", "p")},
	}
	instances := []cloud.Instance{
		{ID: "i-gone", State: cloud.InstanceTerminated, Tags: ours(cloud.RoleBuilder, "ami-a", "p")},
		{ID: "i-going", State: cloud.InstanceShuttingDown, Tags: ours(cloud.RoleBuilder, "ami-a", "p")},
		{ID: "i-late", State: cloud.InstancePending, Tags: ours(cloud.RoleBuilder, "ami-a", "p")},
		{ID: "i-far", State: cloud.InstanceStopped, Tags: ours(cloud.RoleBuilder, "ami-a", "p")},
		{ID: "i-foreign", State: cloud.InstanceRunning, Tags: ours(cloud.RoleBuilder, "ami-b", "p")},
		{ID: "i-stale", ImageID: "ami-failed", State: cloud.InstanceRunning, Tags: ours(cloud.RoleProver, "ami-a", "p")},
		{ID: "i-prover", ImageID: "ami-pending", State: cloud.InstanceRunning, Tags: ours(cloud.RoleProver, "ami-a", "p")},
	}
	s := sightOf(images, instances, "ami-a", "p")
	if s.replacement == nil || s.replacement.ID != "ami-pending" {
		t.Errorf("replacement = %v, want ami-pending", s.replacement)
	}
	if s.builder == nil || s.builder.ID != "i-far" {
		t.Errorf("builder = %v, want i-far", s.builder)
	}
	if s.prover == nil || s.prover.ID != "i-prover" {
		t.Errorf("prover = %v, want i-prover", s.prover)
	}
	if want := []string{"i-going", "i-late", "i-stale"}; !slices.Equal(s.spare, want) {
		t.Errorf("spare = %v, want %v", s.spare, want)
	}
}

// Two runs that see the same must choose the same builder.
func TestSightOfDoesNotDependOnOrder(t *testing.T) {
	a := cloud.Instance{ID: "i-1", State: cloud.InstanceRunning, Tags: ours(cloud.RoleBuilder, "ami-a", "p")}
	b := cloud.Instance{ID: "i-2", State: cloud.InstanceRunning, Tags: ours(cloud.RoleBuilder, "ami-a", "p")}
	one := sightOf(nil, []cloud.Instance{a, b}, "ami-a", "p")
	two := sightOf(nil, []cloud.Instance{b, a}, "ami-a", "p")
	if one.builder.ID != "i-1" || two.builder.ID != "i-1" {
		t.Errorf("builders %s and %s, want i-1 twice", one.builder.ID, two.builder.ID)
	}
}
