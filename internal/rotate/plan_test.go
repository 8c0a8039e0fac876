package rotate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

func planOf(t *testing.T, f *farmtest.Farm, args ...string) (rotate.Plan, farmtest.Result) {
	t.Helper()
	r := f.Run(append([]string{"plan", "--json"}, args...)...)
	var plan rotate.Plan
	if r.Stdout != "" {
		r.JSON(t, &plan)
	}
	return plan, r
}

// Each problem that a plan finds, found before anything is launched.
func TestPlanFindsProblems(t *testing.T) {
	const alpha = "ami-0123456789abcdef0"
	for _, test := range []struct {
		name     string
		scenario variant
		list     string
		args     []string
		code     string
		image    string
	}{
		{name: "group closed to the bastion", scenario: smallWith("port: 22, from: bastion", "port: 5986, from: bastion"), code: "group-closed"},
		{name: "group open to somebody else", scenario: smallWith("from: bastion", "from: 10.0.0.0/8"), code: "group-closed"},
		{name: "group without any rule", scenario: smallWith(", ingress: [{port: 22, from: bastion}]", ""), code: "group-closed"},
		{name: "group missing", args: []string{"--security-group", "no-such-group"}, code: "group-missing"},
		{name: "group in another VPC", scenario: smallWith("security_groups:", "vpcs: [{id: vpc-00000001, default: true}, {id: vpc-00000002}]\nsecurity_groups:\n"+
			"  - {id: sg-22222222, name: elsewhere, vpc: vpc-00000002}"), args: []string{"--security-group", "sg-11111111", "--security-group", "sg-22222222"}, code: "group-vpc"},
		{name: "VPC without default subnet", scenario: smallWith("security_groups:", "vpcs: [{id: vpc-00000001, default: true}, {id: vpc-00000002}]\nsecurity_groups:\n"+
			"  - {id: sg-22222222, name: elsewhere, vpc: vpc-00000002, ingress: [{port: 22, from: bastion}]}"), args: []string{"--security-group", "sg-22222222"}, code: "no-subnet"},
		{name: "subnet missing", args: []string{"--subnet", "subnet-0123abcd"}, code: "subnet-missing"},
		{name: "key pair missing", args: []string{"--key-pair", "lost"}, code: "key-missing"},
		{name: "instance to be like missing", args: []string{"--like-instance", "i-0123456789abcdef0"}, code: "like-instance-missing"},
		{name: "image missing", list: "a1 p ami=ami-0123456789abcdef0\na2 p ami=ami-99999999\n", code: "image-missing", image: "ami-99999999"},
		{name: "instance store", scenario: smallWith("name: alpha", "name: alpha\n    root_device_type: instance-store"), code: "instance-store", image: alpha},
		{name: "another account's", scenario: smallWith("name: alpha", "name: alpha\n    owner: \"999988887777\"\n    launch_permissions: [all]"), code: "image-foreign", image: alpha},
		{name: "not available", scenario: smallWith("name: alpha", "name: alpha\n    state: disabled"), code: "image-state", image: alpha},
		{name: "wrong architecture", scenario: smallWith("name: alpha", "name: alpha\n    architecture: arm64"), code: "architecture", image: alpha},
		{name: "wrong virtualization", scenario: smallWith("name: alpha", "name: alpha\n    virtualization_type: paravirtual"),
			list: "a1 p ami=ami-0123456789abcdef0 instance_type=c4.large\n", code: "virtualization", image: alpha},
		{name: "no ENA", list: "a1 p ami=ami-0123456789abcdef0 instance_type=m6i.large\n", code: "ena", image: alpha},
		{name: "unknown type", list: "a1 p ami=ami-0123456789abcdef0 instance_type=x9.huge\n", code: "type-unknown", image: alpha},
		{name: "type not offered", scenario: smallWith("security_groups:", "unoffered: [{type: m3.xlarge}]\nsecurity_groups:"), code: "type-not-offered", image: alpha},
		{name: "no path for the platform", scenario: smallWith("name: alpha\n    platform: linux\n    user: builder", "name: alpha\n    platform: windows\n    user: Administrator").
			without(`      - {path: "/etc/it's a path/cert.pem", from: old, mode: "0640"}`, `      - {path: 'C:\other.txt', content: x}`), code: "no-path", image: alpha},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{"list.txt": smallFiles["list.txt"]}
			if test.list != "" {
				files["list.txt"] = test.list
			}
			scenario := string(test.scenario)
			if scenario == "" {
				scenario = small
			}
			f := farmtest.Start(t, scenario, files)
			plan, r := planOf(t, f, test.args...)
			if r.Code != 2 {
				t.Errorf("exit code %d, want 2\n%s", r.Code, r.Stderr)
			}
			i := slices.IndexFunc(plan.Problems, func(p rotate.Problem) bool { return p.Code == test.code && p.Image == test.image })
			if i < 0 {
				t.Fatalf("no problem %s of %q among %+v\n%s", test.code, test.image, plan.Problems, r.Stderr)
			}
			p := plan.Problems[i]
			if p.Severity != rotate.Error || p.Hint == "" || p.Message == "" {
				t.Errorf("problem %+v: want an error with message and hint", p)
			}
			if test.image != "" {
				for _, img := range plan.Images {
					if img.Source == test.image && img.Action != rotate.Blocked {
						t.Errorf("%s is to be %s, want blocked", img.Source, img.Action)
					}
				}
			}
			rotated := f.Run(append([]string{"rotate", "--json"}, test.args...)...)
			if rotated.Code != 2 {
				t.Errorf("rotate: exit code %d, want 2", rotated.Code)
			}
			if n := f.CallsOf("RunInstances"); n != 0 {
				t.Errorf("%d instances were launched", n)
			}
		})
	}
}

// An image that is blocked need not block the others.
func TestAllowPartialLeavesBlockedImagesOut(t *testing.T) {
	f := farmtest.Start(t, smallWith("name: alpha", "name: alpha\n    root_device_type: instance-store").String(), smallFiles)
	rep := parseReport(t, f.MustRun(4, "rotate", "--json", "--allow-partial"))
	if _, status := rep.of("ami-0123456789abcdef0"); status != rotate.StatusBlocked {
		t.Errorf("the instance-store image is %s, want blocked", status)
	}
	if _, status := rep.of("ami-22222222"); status != rotate.StatusReplaced || !rep.summary.ListRewritten {
		t.Errorf("the other image is %s (list rewritten: %v), want replaced", status, rep.summary.ListRewritten)
	}
}

func TestPlanTellsWhatItNeedsTo(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	plan, _ := planOf(t, f)
	if plan.Region != "us-west-1" || plan.List.Entries != 4 || !slices.Equal(plan.StaticWorkers, []string{"mac1"}) {
		t.Errorf("region %s, %d entries, static %v", plan.Region, plan.List.Entries, plan.StaticWorkers)
	}
	var edits []string
	for _, e := range plan.List.Edits {
		edits = append(edits, e.Worker)
		if e.To != "" || !strings.HasPrefix(e.From, "ami-") || e.Line == 0 {
			t.Errorf("edit %+v", e)
		}
	}
	if !slices.Equal(edits, []string{"a1", "a2", "b1"}) {
		t.Errorf("edits of %v, want a1 a2 b1", edits)
	}
	img := plan.Images[0]
	if img.Source != "ami-0123456789abcdef0" || img.Name != "alpha" || img.Platform != "linux" || img.InstanceType != "m3.xlarge" ||
		img.Action != rotate.Replace || img.Replacement != "" || !slices.Equal(img.Workers, []string{"a1", "a2"}) {
		t.Errorf("image %+v", img)
	}
	if len(img.Changes) != 1 || img.Changes[0].Path != "/etc/it's a path/cert.pem" || len(img.Changes[0].OldMD5) != 1 || img.Changes[0].NewMD5 == "" {
		t.Errorf("changes %+v", img.Changes)
	}
}

// A saved plan is carried out as it is, or not at all.
func TestSavedPlan(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	f.MustRun(0, "plan", "--out", "saved.json")
	list := string(f.Read("slave-list.txt"))

	f.Write("slave-list.txt", list+"\n# a note\n")
	if r := f.MustRun(2, "rotate", "--plan", "saved.json"); !strings.Contains(r.Stderr, "sha256 of the list") {
		t.Errorf("the changed list is not named: %s", r.Stderr)
	}
	f.Write("slave-list.txt", list)
	if r := f.MustRun(2, "rotate", "--plan", "saved.json", "--linux-path", "/etc/other.pem"); !strings.Contains(r.Stderr, "certificate of") {
		t.Errorf("the changed path is not named: %s", r.Stderr)
	}
	if n := f.CallsOf("RunInstances"); n != 0 {
		t.Errorf("%d instances were launched", n)
	}
	f.MustRun(0, "rotate", "--plan", "saved.json")
}
