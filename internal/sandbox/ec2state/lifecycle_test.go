package ec2state

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

const certificate = "home/rustbuild/rust-buildbot/rust-bot-cert.pem"

func TestLifeOfAnInstance(t *testing.T) {
	w := newWorld(t, nil)
	in := w.launch(request(linuxImage))
	if in.State != Pending || in.Address.String() != "127.66.0.4" || !exists(filepath.Join(w.InstanceRoot(in.ID), certificate)) {
		t.Errorf("after the launch: %s at %s", in.State, in.Address)
	}
	w.until(in.ID, Running)
	w.eventually("it has booted", func() bool { return w.bench.isOn(in.ID) })
	w.must(w.StopInstances([]string{in.ID}, false))
	if got := w.instance(in.ID); got.State != Stopping || got.Reason.Code != "Client.UserInitiatedShutdown" {
		t.Errorf("after stop: %s, %+v", got.State, got.Reason)
	}
	w.until(in.ID, Stopped)
	if w.bench.isOn(in.ID) {
		t.Error("a stopped computer is on")
	}
	w.must(w.StartInstances([]string{in.ID}, false))
	w.until(in.ID, Running)
	w.eventually("it has booted again", func() bool { return w.bench.isOn(in.ID) })
	boots := w.bench.boots(in.ID)
	if len(boots) != 2 || !boots[0].FirstBoot || boots[1].FirstBoot {
		t.Errorf("unexpected boots: %+v", boots)
	}
	w.must(w.TerminateInstances([]string{in.ID}, false))
	w.until(in.ID, Terminated)
	if exists(filepath.Join(w.dir, "instances", in.ID)) || w.bench.isOn(in.ID) || len(w.Volumes()) != 0 {
		t.Error("something is left of a terminated instance")
	}
	w.must(w.TerminateInstances([]string{in.ID}, false))
}

func TestSpecOfAComputer(t *testing.T) {
	w := newWorld(t, nil)
	id := w.running(windowsImage)
	spec := w.bench.boots(id)[0]
	if spec.User != "Administrator" || spec.Platform != "windows" || spec.Boot != 180*time.Second || spec.Root != w.InstanceRoot(id) {
		t.Errorf("unexpected spec: %+v", spec)
	}
	if diff := cmp.Diff([]string{id, windowsImage}, spec.Lineage); diff != "" {
		t.Error(diff)
	}
	groups := spec.Groups()
	if len(groups) != 1 || groups[0].Ingress[0].FromPort != 22 || groups[0].Ingress[0].Prefixes[0].String() != "127.0.0.1/32" {
		t.Errorf("unexpected groups: %+v", groups)
	}
	_, _, err := w.Authorize(groups[0].ID, "", []Rule{{Protocol: "tcp", FromPort: 80, ToPort: 81, GroupID: groups[0].ID}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if now := spec.Groups()[0].Ingress; len(now) != 3 || now[2].GroupIDs[0] != groups[0].ID {
		t.Errorf("a changed group is not seen: %+v", now)
	}
}

func TestTerminatedWhilePendingNeverRuns(t *testing.T) {
	w := newWorld(t, nil)
	for range 20 {
		in := w.launch(request(linuxImage))
		w.must(w.TerminateInstances([]string{in.ID}, false))
		w.until(in.ID, Terminated)
	}
	time.Sleep(20 * time.Millisecond) // the time of several launches
	for _, in := range w.Instances() {
		if in.State != Terminated || w.bench.isOn(in.ID) {
			t.Errorf("%s is %s", in.ID, in.State)
		}
	}
}

func TestClientToken(t *testing.T) {
	w := newWorld(t, nil)
	req := request(linuxImage)
	req.Token, req.Fingerprint = "t1", "a"
	var wait sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wait.Go(func() { ids[i] = w.launch(req).ID })
	}
	wait.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("one token launched %s and %s", ids[0], id)
		}
	}
	w.must(w.TerminateInstances(ids[:1], false))
	w.until(ids[0], Terminated)
	if again := w.launch(req); again.ID != ids[0] || again.State != Terminated {
		t.Errorf("the token gives %s, which is %s", again.ID, again.State)
	}
	req.Fingerprint = "b"
	_, err := w.RunInstances(req)
	refused(t, err, "IdempotentParameterMismatch")
}

func TestDryRunChangesNothing(t *testing.T) {
	w := newWorld(t, nil)
	req := request(linuxImage)
	req.DryRun, req.Token = true, "t"
	_, err := w.RunInstances(req)
	refused(t, err, "DryRunOperation")
	if n := len(w.Instances()); n != 0 {
		t.Errorf("%d instances", n)
	}
	req.DryRun = false
	w.launch(req) // the token was not used up
	req.DryRun, req.Token, req.Type = true, "", "c9.huge"
	_, err = w.RunInstances(req)
	refused(t, err, "InvalidParameterValue")
}

func TestLaunchRefusals(t *testing.T) {
	w := newWorld(t, func(sc *scenario.Scenario) {
		sc.VPCs = append(sc.VPCs, scenario.VPC{ID: "vpc-0000beef"})
		sc.SecurityGroups = append(sc.SecurityGroups, scenario.SecurityGroup{ID: "sg-0000beef", Name: "elsewhere", VPC: "vpc-0000beef"})
		sc.Unoffered = []scenario.Offer{{Type: "m3.*"}}
		sc.NoCapacity = []scenario.Offer{{Type: "g2.2xlarge"}}
		sc.Images[2].Architecture = "arm64"
		sc.Images[2].State = "pending"
		sc.Images[1].IMDSSupport = "v2.0"
	})
	tests := []struct {
		code   string
		change func(*LaunchRequest)
	}{
		{"InvalidAMIID.Malformed", func(r *LaunchRequest) { r.ImageID = "ami-xyz" }},
		{"InvalidAMIID.NotFound", func(r *LaunchRequest) { r.ImageID = "ami-00000000" }},
		{"InvalidAMIID.Unavailable", func(r *LaunchRequest) { r.ImageID = "ami-381e197d" }},
		{"InvalidKeyPair.NotFound", func(r *LaunchRequest) { r.KeyName = "nobody" }},
		{"InvalidSubnetID.NotFound", func(r *LaunchRequest) { r.SubnetID, r.GroupNames = "subnet-00000000", nil }},
		{"InvalidGroup.NotFound", func(r *LaunchRequest) { r.GroupNames = []string{"elsewhere"} }},
		{"InvalidGroup.NotFound", func(r *LaunchRequest) { r.GroupNames, r.GroupIDs = nil, []string{"sg-00000000"} }},
		{"InvalidParameter", func(r *LaunchRequest) { r.GroupNames, r.GroupIDs = nil, []string{"sg-0000beef"} }},
		{"InvalidParameterCombination", func(r *LaunchRequest) { r.SubnetID = w.Subnets()[0].ID }},
		{"InvalidParameterValue", func(r *LaunchRequest) { r.Type = "c3.tiny" }},
		{"InvalidParameterValue", func(r *LaunchRequest) { r.Zone = "us-west-1z" }},
		{"InvalidParameterValue", func(r *LaunchRequest) { r.Type = "t4g.small" }},
		{"InvalidParameterCombination", func(r *LaunchRequest) { r.Type = "t3.small" }},
		{"InvalidParameterCombination", func(r *LaunchRequest) { r.Type = "m1.large" }},
		{"Unsupported", func(r *LaunchRequest) { r.Type = "m3.xlarge" }},
		{"InsufficientInstanceCapacity", func(r *LaunchRequest) { r.Type = "g2.2xlarge" }},
		{"InvalidBlockDeviceMapping", func(r *LaunchRequest) {
			r.BlockDevices = []BlockDeviceOverride{{Device: "/dev/sda1", Size: new(int32(3))}}
		}},
	}
	for _, test := range tests {
		req := request(linuxImage)
		test.change(&req)
		_, err := w.RunInstances(req)
		refused(t, err, test.code)
	}
	if in := w.launch(request(linuxImage)); in.HTTPTokens != "required" {
		t.Error("an image that demands IMDSv2 is launched without")
	}
}

func TestPowerFailure(t *testing.T) {
	w := newWorld(t, nil)
	stops, ends := w.running(linuxImage), request(linuxImage)
	ends.ShutdownBehavior = "terminate"
	gone := w.launch(ends).ID
	w.until(gone, Running)
	w.PowerFail(stops)
	w.PowerFail(gone)
	w.until(stops, Stopped)
	w.until(gone, Terminated)
	if code := w.instance(stops).Reason.Code; code != "Client.InstanceInitiatedShutdown" {
		t.Errorf("reason %s", code)
	}
}

func TestDoomedInstanceTerminates(t *testing.T) {
	w := newWorld(t, nil)
	in := w.launch(request(linuxImage))
	w.DoomInstance(in.ID)
	w.until(in.ID, Terminated)
	if code := w.instance(in.ID).Reason.Code; code != "Server.InternalError" {
		t.Errorf("reason %s", code)
	}
}

func TestPersistentSpotRequestIsFulfilledAgainUnlessCancelled(t *testing.T) {
	w := newWorld(t, nil)
	req := request(linuxImage)
	req.Spot = true
	once := w.launch(req)
	w.until(once.ID, Running)
	_, err := w.StopInstances([]string{once.ID}, false)
	refused(t, err, "UnsupportedOperation")

	req.Persistent = true
	in := w.launch(req)
	w.until(in.ID, Running)
	w.must(w.StopInstances([]string{in.ID}, false))
	w.until(in.ID, Stopped)
	w.must(w.CancelSpot(in.SpotRequest, false))
	w.must(w.TerminateInstances([]string{in.ID, once.ID}, false))
	w.until(in.ID, Terminated)
	w.until(once.ID, Terminated)
	time.Sleep(20 * time.Millisecond) // ten times what a launch takes
	if n := len(w.Instances()); n != 2 {
		t.Errorf("%d instances, want 2", n)
	}

	leaked := w.launch(req)
	w.must(w.TerminateInstances([]string{leaked.ID}, false))
	w.eventually("EC2 launches another one", func() bool { return len(w.Instances()) == 4 })
	again := w.Instances()[3]
	if again.SpotRequest != leaked.SpotRequest || again.ID == leaked.ID {
		t.Errorf("not another one for the same request: %+v", again)
	}
}

func TestForgetting(t *testing.T) {
	w := newWorld(t, func(sc *scenario.Scenario) { sc.Timings.Forget = new(time.Hour) })
	in := w.launch(request(linuxImage))
	w.must(w.TerminateInstances([]string{in.ID}, false))
	w.until(in.ID, Terminated)
	w.eventually("it is forgotten", func() bool { return len(w.Instances()) == 0 })
}

func TestHidden(t *testing.T) {
	w := newWorld(t, nil)
	in := w.launch(request(linuxImage))
	w.Hide(in.ID, 2)
	if len(w.Instances()) != 0 {
		t.Error("the first look finds it")
	}
	refused(t, w.CreateTags([]string{in.ID}, map[string]string{"a": "b"}, false), "InvalidInstanceID.NotFound")
	if len(w.Instances()) != 1 {
		t.Error("the third look does not find it")
	}
}

func TestFleetOfTheScenario(t *testing.T) {
	w := newWorld(t, func(sc *scenario.Scenario) {
		group := sc.SecurityGroups[0].ID
		sc.Instances = []scenario.Instance{
			{ID: "i-0000beef", Image: linuxImage, LaunchedFrom: "ami-0000dead", Name: "linux1", Type: "c3.2xlarge", State: "running",
				Subnet: sc.Subnets[0].ID, SecurityGroups: []string{group},
				Files: []scenario.File{{Path: "/etc/hostname", Bytes: []byte("linux1\n"), Mode: 0o644, UID: -1}}},
			{ID: "i-0000bee1", Image: windowsImage, LaunchedFrom: windowsImage, Type: "c3.2xlarge", State: "stopped",
				Subnet: sc.Subnets[0].ID, SecurityGroups: []string{group}},
		}
	})
	in := w.instance("i-0000beef")
	if in.State != Running || in.ImageID != "ami-0000dead" || in.Tags["Name"] != "linux1" || !w.bench.isOn(in.ID) || w.Booting(in) {
		t.Errorf("unexpected instance: %+v", in)
	}
	text, err := os.ReadFile(filepath.Join(w.InstanceRoot(in.ID), "etc/hostname"))
	if err != nil || string(text) != "linux1\n" {
		t.Errorf("its own file: %q, %v", text, err)
	}
	if w.instance("i-0000bee1").State != Stopped || w.bench.isOn("i-0000bee1") {
		t.Error("the stopped one isn't")
	}
}
