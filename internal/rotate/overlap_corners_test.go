package rotate_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

// corner is a farm at the edge of what an overlap is for, with a buildmaster
// that rotate switches, and a clock of its own.
type corner struct {
	*farmtest.Farm
	t        *testing.T
	old, new identity
	master   *master
}

// cornerFarm is how a corner begins; what is on it comes behind.
const cornerFarm = `
region: us-west-1
slave_list: list.txt
certificate: {old: old.pem, old_key: old.key, new: new.pem, new_key: new.key}
clock: {scale: 0.001}
timings: {api: 0s, pending: 5s, boot: {linux: 5s}, stop: 5s, image: 20s, terminate: 5s}
throttle: off
security_groups:
  - {id: sg-11111111, name: workers, ingress: [{port: 22, from: bastion}]}
master: {reach: local}
`

func newCorner(t *testing.T, list, farm string) *corner {
	t.Helper()
	c := &corner{t: t}
	now := time.Now()
	c.old = newIdentity(t, "buildbot 2014", now.AddDate(-1, 0, 0), now.AddDate(0, 0, 30))
	c.new = newIdentity(t, "buildbot 2015", now.AddDate(0, 0, -1), now.AddDate(10, 0, 0))
	c.Farm = farmtest.Start(t, cornerFarm+farm, map[string]string{"list.txt": list,
		"old.pem": c.old.pem, "old.key": c.old.key, "new.pem": c.new.pem, "new.key": c.new.key})
	c.Now = c.Sandbox.Clock().Now
	c.master = &master{address: c.Sandbox.Master().Addr()}
	c.Write("amirotate.yaml", "strategy: overlap\n"+strings.Replace(string(c.Read("amirotate.yaml")), "static: 2s", "static: 300ms", 1))
	return c
}

// image is an image of a corner, with its certificate where instancePath says.
func (c *corner) image(id string) string { return string(c.ImageFile(id, instancePath)) }

// rotate runs rotate and returns the stage that it tells.
func (c *corner) rotate(code int) rotate.Progress {
	c.t.Helper()
	lines := strings.Split(strings.TrimSpace(c.MustRun(code, "rotate", "--json").Stdout), "\n")
	var summary stageOf
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil || summary.Overlap == nil {
		c.t.Fatalf("no stage in the summary (%v): %s", err, lines[len(lines)-1])
	}
	return *summary.Overlap
}

// at checks the stage, and which certificate the buildmaster presents by now.
func (c *corner) at(p rotate.Progress, stage rotate.Stage, presents identity) {
	c.t.Helper()
	if p.Stage != stage {
		c.t.Errorf("stage %s (%s), want %s", p.Stage, p.Why, stage)
	}
	if err := c.master.meet([]byte(presents.pem), time.Now()); err != nil {
		c.t.Errorf("stage %s: the master presents another certificate: %v", p.Stage, err)
	}
}

func (c *corner) holds(worker, what string, content string) {
	c.t.Helper()
	if got := string(c.Read(inStatic(worker))); got != content {
		c.t.Errorf("%s does not hold %s:\n%s", worker, what, got)
	}
}

// An overlap of Macs alone needs no image: the master waits for each that counts.
func TestOverlapWithoutImages(t *testing.T) {
	c := newCorner(t, "mac1 secret\nmac2 secret\nbsd1 secret\n",
		"static:\n"+staticHost("mac1", "")+staticHost("mac2", "")+staticHost("bsd1", ", down: true, optional: true"))
	both := c.new.pem + c.old.pem
	c.Write(inStatic("mac2"), "somebody's own\n")
	p := c.rotate(4)
	c.at(p, rotate.StageIntroduce, c.old)
	if !slices.Equal(p.InTheWay, []string{"mac2"}) {
		t.Errorf("in the way: %v", p.InTheWay)
	}
	c.holds("mac1", "old and new", both)

	c.Write(inStatic("mac2"), c.old.pem)
	p = c.rotate(0)
	c.at(p, rotate.StageDrop, c.new)
	for _, worker := range []string{"mac1", "mac2"} {
		c.holds(worker, "old and new", both)
	}
	c.at(c.rotate(0), rotate.StageDone, c.new)
	for _, worker := range []string{"mac1", "mac2"} {
		c.holds(worker, "the new one alone", c.new.pem)
	}
	c.holds("bsd1", "what it did: it is down", c.old.pem)
	if calls := c.Calls(); len(calls) > 0 {
		t.Errorf("EC2 was called: %+v", calls)
	}
}

// Workers that are down and optional keep nobody waiting, if there are no others
// at all.
func TestOverlapOfOptionalWorkersThatAreDown(t *testing.T) {
	c := newCorner(t, "bsd1 secret\nbsd2 secret\n",
		"static:\n"+staticHost("bsd1", ", down: true, optional: true")+staticHost("bsd2", ", down: true, optional: true"))
	if fleet := fleetOf(t, c.Farm, 0); fleet.Overlap.Stage != rotate.StageSwitch || !fleet.Safe || len(fleet.NotProbed) > 0 {
		t.Errorf("before: %+v, stage %+v", fleet, fleet.Overlap)
	}
	c.at(c.rotate(0), rotate.StageDone, c.new)
}

const cornerImages = `
images:
  - {id: ami-0123456789abcdef0, name: alpha, user: builder, files: [{path: "/etc/it's a path/cert.pem", from: old}]}
  - {id: ami-22222222, name: beta, user: builder, files: [{path: "/etc/it's a path/cert.pem", from: old}]}
`

const cornerList = "a1 secret ami=ami-0123456789abcdef0\nb1 secret ami=ami-22222222\n"

// With no instance at all there is nobody to wait for: what is launched next
// trusts both.
func TestOverlapOfAnEmptyFleet(t *testing.T) {
	c := newCorner(t, cornerList, cornerImages)
	c.at(c.rotate(0), rotate.StageDrop, c.new)
	for _, img := range fleetOf(t, c.Farm, 0).Images {
		if c.image(img.Image) != c.new.pem+c.old.pem {
			t.Errorf("%s does not hold old and new", img.Image)
		}
	}
	c.at(c.rotate(0), rotate.StageDone, c.new)
}

// An image that nothing runs from is given both as the others are, and keeps
// nobody waiting; an instance that is only stopped does, since it would come back
// with what it has.
func TestOverlapOfAnImageThatNothingRunsFrom(t *testing.T) {
	c := newCorner(t, cornerList, cornerImages+"instances:\n  - {id: i-0123456789abcdef0, image: ami-22222222, name: b1}\n")
	const b1 = "i-0123456789abcdef0"
	if _, err := c.Sandbox.State().StopInstances([]string{b1}, false); err != nil {
		t.Fatal(err)
	}
	waits := func() {
		t.Helper()
		p := c.rotate(0)
		c.at(p, rotate.StageWait, c.old)
		if !slices.Equal(p.InTheWay, []string{b1}) {
			t.Errorf("in the way: %v", p.InTheWay)
		}
	}
	waits()
	fleet := fleetOf(t, c.Farm, 3)
	if len(fleet.Images) != 2 || fleet.Images[0].Trust != rotate.TrustsBoth || fleet.Images[1].Trust != rotate.TrustsBoth {
		t.Errorf("images: %+v", fleet.Images)
	}
	waits() // however often
	endWorker(t, c.Farm, b1)
	c.at(c.rotate(0), rotate.StageDrop, c.new)
}

// Once the old certificate has expired nobody accepts it, so that nothing is
// gained by waiting for those who trust it alone.
func TestOverlapUntilTheOldOneExpires(t *testing.T) {
	c := newCorner(t, cornerList, cornerImages+"instances:\n  - {id: i-0123456789abcdef0, image: ami-22222222, name: b1}\n")
	c.at(c.rotate(0), rotate.StageWait, c.old)
	clock := c.Sandbox.Clock()
	clock.Set(clock.Now().AddDate(0, 0, 31))
	c.at(c.rotate(0), rotate.StageDrop, c.new)
	if fleet := fleetOf(t, c.Farm, 3, "--probe"); !slices.Equal(fleet.LockedOut, []string{"i-0123456789abcdef0"}) {
		t.Errorf("locked out: %v", fleet.LockedOut)
	}
}
