package rotate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

// launchWorker launches an instance as Buildbot does, of which amirotate knows
// nothing.
func launchWorker(t *testing.T, f *farmtest.Farm, image, name string) string {
	t.Helper()
	made, err := f.Sandbox.State().RunInstances(ec2state.LaunchRequest{ImageID: image, Type: "m3.xlarge", Min: 1, Max: 1,
		GroupNames: []string{"workers"}, Tags: map[string]map[string]string{"instance": {"Name": name}}})
	if err != nil {
		t.Fatalf("cannot launch %s from %s: %v", name, image, err)
	}
	return made.Instances[0].ID
}

// endWorker terminates an instance and waits until it is.
func endWorker(t *testing.T, f *farmtest.Farm, id string) {
	t.Helper()
	if _, err := f.Sandbox.State().TerminateInstances([]string{id}, false); err != nil {
		t.Fatalf("cannot terminate %s: %v", id, err)
	}
	for instanceState(f, id) != ec2state.Terminated {
		time.Sleep(time.Millisecond)
	}
}

func instanceState(f *farmtest.Farm, id string) string {
	instances := f.Sandbox.State().Instances()
	i := slices.IndexFunc(instances, func(i ec2state.Instance) bool { return i.ID == id })
	if i < 0 {
		return ec2state.Terminated
	}
	return instances[i].State
}
