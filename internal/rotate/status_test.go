package rotate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

func fleetOf(t *testing.T, f *farmtest.Farm, code int) rotate.Fleet {
	t.Helper()
	var fleet rotate.Fleet
	f.MustRun(code, "status", "--json").JSON(t, &fleet)
	return fleet
}

// Instances that booted from an image of before the rotation are behind, until
// they are gone; what was never rotated is behind by itself.
func TestStatus(t *testing.T) {
	f := farmtest.Start(t, smallWith("images:", "instances:\n  - {id: i-0123456789abcdef0, image: ami-22222222, name: linux1}\nimages:").String(), smallFiles)
	fleet := fleetOf(t, f, 3)
	if want := []string{"ami-0123456789abcdef0", "ami-22222222", "i-0123456789abcdef0"}; fleet.Safe || !slices.Equal(fleet.InTheWay, want) {
		t.Errorf("before: safe %v, in the way %v; want %v", fleet.Safe, fleet.InTheWay, want)
	}

	f.MustRun(0, "rotate")
	fleet = fleetOf(t, f, 3)
	if want := []string{"i-0123456789abcdef0"}; fleet.Safe || !slices.Equal(fleet.InTheWay, want) {
		t.Errorf("rotated: safe %v, in the way %v; want %v", fleet.Safe, fleet.InTheWay, want)
	}
	if i := fleet.Instances[0]; i.Name != "linux1" || i.Image != "ami-22222222" || i.State != "running" {
		t.Errorf("instance %+v", i)
	}
	for _, img := range fleet.Images {
		if img.Behind || img.Held.MD5 == "" || img.Held.NotAfter == "" || len(img.Workers) == 0 {
			t.Errorf("image %+v", img)
		}
	}

	replacement := fleet.Images[1].Image
	f.AWS("ec2", "terminate-instances", "--instance-ids", "i-0123456789abcdef0")
	f.AWS("ec2", "wait", "instance-terminated", "--instance-ids", "i-0123456789abcdef0")
	launched := strings.TrimSpace(f.AWS("ec2", "run-instances", "--image-id", replacement, "--instance-type", "m3.xlarge",
		"--query", "Instances[0].InstanceId", "--output", "text"))
	fleet = fleetOf(t, f, 0)
	if !fleet.Safe || len(fleet.Instances) != 1 || fleet.Instances[0].Instance != launched {
		t.Errorf("replaced: %+v", fleet)
	}
}
