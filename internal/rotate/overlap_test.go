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

// stageOf is what a command says of an overlap.
type stageOf struct {
	Overlap *rotate.Progress
	Images  []rotate.ImagePlan
}

// rotateOverlap runs rotate and returns the stage that its summary tells.
func rotateOverlap(t *testing.T, f *farmtest.Farm, args ...string) rotate.Progress {
	t.Helper()
	out := strings.TrimSpace(f.MustRun(0, append([]string{"rotate", "--strategy", "overlap", "--json"}, args...)...).Stdout)
	var last stageOf
	if err := json.Unmarshal([]byte(out[strings.LastIndexByte(out, '\n')+1:]), &last); err != nil || last.Overlap == nil {
		t.Fatalf("no stage in the summary (%v):\n%s", err, out)
	}
	return *last.Overlap
}

// An overlap goes from stage to stage by what is to be seen alone: each command
// begins from nothing.
func TestOverlap(t *testing.T) {
	f, old, new := fleetFarm(t)
	m := newMaster(t, old)
	at := []string{"--endpoint", m.address}
	const first = "i-0123456789abcdef0"
	plan := func(code int) stageOf {
		t.Helper()
		var p stageOf
		f.MustRun(code, append([]string{"plan", "--json", "--strategy", "overlap", "--detailed-exitcode"}, at...)...).JSON(t, &p)
		return p
	}

	if p := plan(3); p.Overlap.Stage != rotate.StageIntroduce || len(p.Images[0].Changes[0].OldMD5) != 2 {
		t.Fatalf("before: %+v, changes %+v", p.Overlap, p.Images[0].Changes)
	}
	if p := rotateOverlap(t, f, at...); p.Stage != rotate.StageWait || !slices.Equal(p.InTheWay, []string{first}) || !strings.Contains(p.Why, first) {
		t.Fatalf("introduced: %+v", p)
	}
	images := fleetOf(t, f, 3, append(at, "--strategy", "overlap")...).Images
	for _, img := range images {
		if img.Trust != rotate.TrustsBoth || string(f.ImageFile(img.Image, instancePath)) != new.pem+old.pem {
			t.Errorf("introduced: %+v holds\n%s", img, f.ImageFile(img.Image, instancePath))
		}
	}
	launches := f.CallsOf("RunInstances")
	if p := plan(0); p.Overlap.Stage != rotate.StageWait || p.Images[0].Action != rotate.None {
		t.Errorf("waiting: plan %+v, action %s", p.Overlap, p.Images[0].Action)
	}
	if p := rotateOverlap(t, f, at...); p.Stage != rotate.StageWait || f.CallsOf("RunInstances") != launches {
		t.Errorf("waiting: %+v, %d launches more", p, f.CallsOf("RunInstances")-launches)
	}

	launchWorker(t, f, images[1].Image, "linux1")
	endWorker(t, f, first)
	if p := rotateOverlap(t, f, at...); p.Stage != rotate.StageSwitch || !strings.Contains(p.Next, "present the new certificate") {
		t.Errorf("replaced: %+v", p)
	}
	m.present(new)
	if p := plan(3); p.Overlap.Stage != rotate.StageDrop {
		t.Errorf("switched: %+v", p.Overlap)
	}
	if p := rotateOverlap(t, f, at...); p.Stage != rotate.StageDone {
		t.Errorf("dropped: %+v", p)
	}
	fleet := fleetOf(t, f, 0, append(at, "--strategy", "overlap")...)
	for _, img := range fleet.Images {
		if img.Trust != rotate.TrustsNew || string(f.ImageFile(img.Image, instancePath)) != new.pem {
			t.Errorf("dropped: %+v", img)
		}
	}
	if fleet.Instances[0].Trust != rotate.TrustsBoth || fleet.Overlap.Stage != rotate.StageDone {
		t.Errorf("dropped: instance %+v, %+v", fleet.Instances[0], fleet.Overlap)
	}

	// A master that does not answer is no reason to begin anew.
	if p := rotateOverlap(t, f, "--endpoint", "127.0.0.1:1"); p.Stage != rotate.StageSwitch || f.CallsOf("CreateImage") != 4 {
		t.Errorf("no master: %+v, %d images made", p, f.CallsOf("CreateImage"))
	}
}

// An emergency in the middle of an overlap: a cutover replaces both by the new
// one alone.
func TestCutoverAfterOverlap(t *testing.T) {
	f, _, new := fleetFarm(t)
	rotateOverlap(t, f)
	f.MustRun(0, "rotate")
	for _, img := range fleetOf(t, f, 3).Images {
		if img.Trust != rotate.TrustsNew || string(f.ImageFile(img.Image, instancePath)) != new.pem {
			t.Errorf("cut over: %+v", img)
		}
	}
}

// What can't overlap is said before anything is launched.
func TestOverlapRefused(t *testing.T) {
	f, old, new := fleetFarm(t)
	now := time.Now()
	expired := newIdentity(t, "buildbot 2013", now.AddDate(-2, 0, 0), now.AddDate(0, 0, -1))
	f.Write("both.pem", new.pem+old.pem)
	f.Write("expired.pem", expired.pem)
	f.Write("new.key", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n-----END PRIVATE KEY-----\n")
	f.Write("keyed.pem", new.pem+string(f.Read("new.key")))
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"the new file holds the old certificate", []string{"--new-cert", "both.pem"}, "holds the old certificate already"},
		{"a key in the new file", []string{"--new-cert", "keyed.pem"}, "there can be only one private key"},
		{"no such strategy", []string{"--strategy", "overlaps"}, "there is no such strategy"},
		{"no port", []string{"--endpoint", "master"}, "it is not host:port"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := f.MustRun(2, append([]string{"plan", "--strategy", "overlap"}, test.args...)...)
			if !strings.Contains(r.Stderr, test.want) || !strings.Contains(r.Stderr, "hint: ") {
				t.Errorf("want %q and a hint:\n%s", test.want, r.Stderr)
			}
		})
	}
	if r := f.MustRun(0, "plan", "--strategy", "overlap", "--old-cert", "expired.pem"); !strings.Contains(r.Stdout, "an overlap gains nothing") {
		t.Errorf("nothing is said of an old certificate that has expired:\n%s", r.Stdout)
	}
	if n := f.CallsOf("RunInstances"); n > 0 {
		t.Errorf("%d instances were launched", n)
	}
}

// A part of the images is no reason for the master to switch.
func TestPartialOverlap(t *testing.T) {
	f, _, _ := fleetFarm(t)
	f.Write("images/ami-22222222/root/"+instancePath, "something else\n")
	r := f.MustRun(4, "rotate", "--strategy", "overlap", "--allow-partial", "--json")
	var last stageOf
	lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if p := last.Overlap; p == nil || p.MaySwitch() || !slices.Contains(p.InTheWay, "ami-22222222") {
		t.Errorf("one image was refused, and the stage is %+v", p)
	}
}
