package rotate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

// twoRegions has the same group name in both regions, and in the second one a
// subnet that is not the default.
const twoRegions = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.0005}
security_groups: [{id: sg-11111111, name: rust-slave, ingress: [{port: 22, from: bastion}]}]
images:
  - {id: ami-11111111, name: west, files: [{path: /etc/cert.pem, from: old}]}
  - {id: ami-33333333, name: west-too, files: [{path: /etc/cert.pem, from: old}]}
regions:
  - name: eu-west-1
    security_groups: [{id: sg-22222222, name: rust-europe, ingress: [{port: 22, from: bastion}]}]
    images:
      - {id: ami-22222222, name: east, files: [{path: /etc/cert.pem, from: old}]}
    instances:
      - {id: i-22222222, image: ami-22222222}
`

const listOfTwoRegions = "west1 secret ami=ami-11111111\neast1 secret ami=ami-22222222 region=eu-west-1\nwest2 secret ami=ami-33333333\n"

func startTwoRegions(t *testing.T, list string) *farmtest.Farm {
	t.Helper()
	return farmtest.Start(t, twoRegions, map[string]string{"list.txt": list})
}

// TestTwoRegions: one run replaces the images of both, each where it is, and the
// list is rewritten once; what follows finds them there.
func TestTwoRegions(t *testing.T) {
	f := startTwoRegions(t, listOfTwoRegions)
	var plan rotate.Plan
	f.MustRun(0, "plan", "--json").JSON(t, &plan)
	want := map[string]string{"ami-11111111": "us-west-1", "ami-22222222": "eu-west-1", "ami-33333333": "us-west-1"}
	for i, id := range []string{"ami-11111111", "ami-22222222", "ami-33333333"} {
		if img := plan.Images[i]; img.Source != id || img.Region != want[id] || img.Action != rotate.Replace {
			t.Errorf("image %d: %s in %s, %s", i, img.Source, img.Region, img.Action)
		}
	}
	before := len(f.Calls())
	rep := parseReport(t, f.MustRun(0, "--json", "rotate"))
	if !rep.summary.ListRewritten {
		t.Fatal("the list is untouched")
	}
	launched := map[string]int{}
	for _, c := range f.Calls()[before:] {
		if c.Action == "RunInstances" && !c.DryRun {
			launched[c.Region]++
			if image, _ := c.Params["ImageId"].(string); want[image] != "" && want[image] != c.Region {
				t.Errorf("%s was launched in %s", image, c.Region)
			}
		}
	}
	if launched["us-west-1"] != 4 || launched["eu-west-1"] != 2 {
		t.Errorf("launches by region: %v", launched)
	}
	list := string(f.Read("slave-list.txt"))
	for _, img := range rep.summary.Images {
		if !strings.Contains(list, img.Replacement) || img.Region != want[img.Source] {
			t.Errorf("%s of %s in %q; the list is\n%s", img.Replacement, img.Source, img.Region, list)
		}
		images := f.Sandbox.StateIn(want[img.Source]).Images()
		if !slices.ContainsFunc(images, func(i ec2state.Image) bool { return i.ID == img.Replacement }) {
			t.Errorf("%s is not in %s", img.Replacement, want[img.Source])
		}
	}
	var fleet rotate.Fleet
	f.MustRun(3, "--json", "status").JSON(t, &fleet) // the instance that runs in Europe is behind
	if !slices.Equal(fleet.InTheWay, []string{"i-22222222"}) {
		t.Errorf("in the way: %v", fleet.InTheWay)
	}
	if r := f.MustRun(0, "gc"); !strings.Contains(r.Stdout, "Nothing is left over") {
		t.Errorf("gc: %s", r.Stdout)
	}
	f.MustRun(0, "rollback")
	if got := string(f.Read("slave-list.txt")); got != listOfTwoRegions {
		t.Errorf("after the rollback the list is\n%s", got)
	}
	f.MustRun(0, "rotate") // reuses what is there
	if got := string(f.Read("slave-list.txt")); got != list {
		t.Errorf("rotated again, the list is\n%s", got)
	}
}

// TestImageInTwoRegions: an id is of one region.
func TestImageInTwoRegions(t *testing.T) {
	f := startTwoRegions(t, listOfTwoRegions+"east2 secret ami=ami-11111111 region=eu-west-1\n")
	r := f.MustRun(2, "plan")
	if !strings.Contains(r.Stderr, "workers west1 and east2 share ami-11111111") {
		t.Errorf("got %s", r.Stderr)
	}
	f = startTwoRegions(t, strings.Replace(listOfTwoRegions, "region=eu-west-1", "region=Europe", 1))
	if r := f.MustRun(2, "plan"); !strings.Contains(r.Stderr, `line 2: worker east1 is in "Europe", which is no region`) {
		t.Errorf("got %s", r.Stderr)
	}
}

// TestRegionOfOverride: an override names the region where the list doesn't; a
// region that fails to be looked at keeps anything from being launched.
func TestRegionOfOverride(t *testing.T) {
	f := startTwoRegions(t, strings.Replace(listOfTwoRegions, " region=eu-west-1", "", 1))
	r := f.MustRun(2, "plan")
	if !strings.Contains(r.Stderr, "ami-22222222 does not exist in us-west-1") {
		t.Errorf("without a region: %s", r.Stderr)
	}
	config := string(f.Read("amirotate.yaml"))
	f.Write("amirotate.yaml", config+"overrides: [{workers: [\"east*\"], region: eu-west-1}]\n")
	f.MustRun(0, "plan")
	f.Write("amirotate.yaml", strings.Replace(config, "rust-europe", "rust-asia", 1)+"overrides: [{workers: [\"east*\"], region: eu-west-1}]\n")
	if r := f.MustRun(2, "rotate"); !strings.Contains(r.Stderr, "security group rust-asia does not exist in eu-west-1") {
		t.Errorf("with a group that is not there: %s", r.Stderr)
	}
	if n := f.CallsOf("RunInstances"); n > 0 {
		t.Errorf("%d launches", n)
	}
}
