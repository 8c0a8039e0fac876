package rotate_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

// setWait adds a limit to the farm's configuration.
func setWait(t *testing.T, f *farmtest.Farm, wait string) {
	t.Helper()
	config := string(f.Read("amirotate.yaml"))
	if !strings.Contains(config, "\nwaits:\n") {
		t.Fatalf("no waits in\n%s", config)
	}
	f.Write("amirotate.yaml", strings.Replace(config, "\nwaits:\n", "\nwaits:\n  "+wait+"\n", 1))
}

// What can't pass ends the image with a clear error, leaves nothing running, and
// lets a later run go on.
func TestRotateFailsClearly(t *testing.T) {
	for _, test := range []struct {
		fault string
		wait  string
		code  int
		says  []string
	}{
		{fault: "{action: RunInstances, nth: 1, error: UnauthorizedOperation}", code: 2, says: []string{"not authorized", "iam-policy"}},
		{fault: "{action: RunInstances, nth: 2, error: UnauthorizedOperation, repeat: 9}", code: 4, says: []string{"not authorized", "iam-policy"}},
		{fault: "{action: CreateImage, nth: 1, error: UnauthorizedOperation, repeat: 9}", code: 4, says: []string{"not authorized", "iam-policy"}},
		{fault: "{action: CreateImage, nth: 2, error: UnauthorizedOperation, repeat: 9}", code: 4, says: []string{"1 of 2 images"}},
		{fault: "{action: StopInstances, nth: 1, error: ExpiredToken, repeat: 99}", code: 1, says: []string{"expired"}},
		{fault: "{action: CreateTags, nth: 1, error: UnauthorizedOperation, repeat: 9}", code: 4, says: []string{"not authorized", "iam-policy"}},
		{fault: "{action: CreateImage, nth: 0, error: image-fails}", code: 1, says: []string{"cannot bake", "3 attempts"}},
		{fault: "{host: '*', at: boot, do: hang, nth: 0}", wait: "connect: 1s", code: 1, says: []string{"waited 1s", "waits.connect"}},
		{fault: "{host: '*', at: patch, do: hang, nth: 0}", wait: "patch: 1s", code: 1, says: []string{"waited 1s", "waits.patch"}},
		{fault: "{host: ami-22222222, at: boot, do: wrong-host-key, nth: 0}", wait: "connect: 20s", code: 4, says: []string{"key"}},
		{fault: "{host: '*', at: patch, do: disk-full, nth: 0}", code: 1, says: []string{"space"}},
		{fault: "{action: RunInstances, nth: 2, error: InsufficientInstanceCapacity, repeat: 999}", wait: "launch: 1s", code: 1, says: []string{"room for a m3.xlarge", "waits.launch"}},
	} {
		t.Run(strings.Trim(test.fault, "{}"), func(t *testing.T) {
			t.Parallel()
			f := farmtest.Start(t, small+"faults:\n  - "+test.fault+"\n", smallFiles)
			list := f.Read("slave-list.txt")
			if test.wait != "" {
				setWait(t, f, test.wait)
			}
			r := f.MustRun(test.code, "rotate", "--json")
			for _, want := range test.says {
				if !strings.Contains(r.Stderr, want) {
					t.Errorf("stderr doesn't say %q:\n%s", want, r.Stderr)
				}
			}
			if !bytes.Equal(list, f.Read("slave-list.txt")) {
				t.Error("the list was changed")
			}
			if left := f.Folders("instances"); len(left) > 0 {
				t.Errorf("instances are left: %v", left)
			}
			for _, l := range leftovers(t, f, "--yes") {
				if l.Kind != "image" || l.Error != "" {
					t.Errorf("gc finds %+v", l)
				}
			}
			if images := f.Folders("images"); test.code == 1 && len(images) != 2 {
				t.Errorf("images %v are there, want the two sources", images)
			}
		})
	}
}

// patchOf is the id of the patch that a rotation of the farm would apply.
func patchOf(t *testing.T, f *farmtest.Farm) string {
	t.Helper()
	plan, _ := planOf(t, f)
	return plan.Images[0].Patch
}

// strangersImage makes an image with the name that the replacement of alpha
// would have.
func strangersImage(t *testing.T, f *farmtest.Farm, patch string) {
	t.Helper()
	instance := strings.TrimSpace(f.AWS("ec2", "run-instances", "--image-id", "ami-22222222", "--instance-type", "m3.xlarge",
		"--query", "Instances[0].InstanceId", "--output", "text"))
	f.AWS("ec2", "wait", "instance-running", "--instance-ids", instance)
	f.AWS("ec2", "create-image", "--instance-id", instance, "--name", "alpha-amirotate-"+patch+"-0123456789abcdef0")
}

func TestStrangersNameIsFoundByPlan(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	strangersImage(t, f, patchOf(t, f))
	plan, r := planOf(t, f)
	if r.Code != 2 || len(plan.Problems) != 1 || plan.Problems[0].Code != "name-taken" {
		t.Errorf("exit code %d, problems %+v; want 2 and name-taken", r.Code, plan.Problems)
	}
}

// The name is taken after the plan has looked.
func TestStrangersNameIsNotAdopted(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	patch := patchOf(t, f)
	made := false
	watcher := writer(func(p []byte) {
		if !made && bytes.Contains(p, []byte(`"step":"connect","status":"start"`)) {
			made = true
			strangersImage(t, f, patch)
		}
	})
	r := f.RunWatched(context.Background(), watcher, "--config", f.Sandbox.Ready().Config, "rotate", "--json")
	if r.Code != 4 || !strings.Contains(r.Stderr, "amirotate did not make") {
		t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
	}
	if left := f.Folders("instances"); len(left) != 1 {
		t.Errorf("instances %v are there, want the stranger's alone", left)
	}
}

// A builder that somebody stopped before it was patched looks like one that a
// run stopped afterwards. The proof finds out, and the image is made anew.
func TestUnpatchedBuilderIsDisproved(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	tags := fmt.Sprintf("ResourceType=instance,Tags=[{Key=amirotate:role,Value=builder},{Key=amirotate:patch,Value=%s},{Key=amirotate:source-image,Value=ami-22222222}]", patchOf(t, f))
	instance := strings.TrimSpace(f.AWS("ec2", "run-instances", "--image-id", "ami-22222222", "--instance-type", "m3.xlarge",
		"--tag-specifications", tags, "--query", "Instances[0].InstanceId", "--output", "text"))
	f.AWS("ec2", "wait", "instance-running", "--instance-ids", instance)
	f.AWS("ec2", "stop-instances", "--instance-ids", instance)
	f.AWS("ec2", "wait", "instance-stopped", "--instance-ids", instance)

	rep := parseReport(t, f.MustRun(0, "rotate", "--json"))

	if got := rep.order("ami-22222222"); !strings.Contains(got, "patch ok") {
		t.Errorf("the image went %s, without a patch", got)
	}
	checkRotated(t, f)
	if n := f.CallsOf("CreateImage"); n != 3 {
		t.Errorf("%d images were made, want 3: one was disproved", n)
	}
}

// The launch settings of an instance that the bastion reaches.
func TestLikeInstance(t *testing.T) {
	f := farmtest.Start(t, smallWith("images:", "key_pairs: [{name: farm}]\ninstances:\n  - {id: i-0123456789abcdef0, image: ami-22222222, name: linux1}\nimages:").String(), smallFiles)
	config := strings.Replace(string(f.Read("amirotate.yaml")), "security_groups:\n    - workers\n", "like_instance: i-0123456789abcdef0\n", 1)
	f.Write("amirotate.yaml", config)
	plan, r := planOf(t, f)
	if r.Code != 0 {
		t.Fatalf("exit code %d\n%s", r.Code, r.Stderr)
	}
	var like struct {
		Reservations []struct {
			Instances []struct {
				SubnetId       string
				SecurityGroups []struct{ GroupId string }
			}
		}
	}
	farmtest.Result{Stdout: f.AWS("ec2", "describe-instances", "--instance-ids", "i-0123456789abcdef0")}.JSON(t, &like)
	want := like.Reservations[0].Instances[0]
	got := plan.Images[0].Launch
	if len(got.Subnets) != 1 || got.Subnets[0] != want.SubnetId || len(got.SecurityGroups) != len(want.SecurityGroups) || got.SecurityGroups[0] != want.SecurityGroups[0].GroupId {
		t.Errorf("launch %+v, want %+v", got, want)
	}
	f.MustRun(0, "rotate")
	if left := f.Folders("instances"); len(left) != 1 || left[0] != "i-0123456789abcdef0" {
		t.Errorf("instances %v are there, want the farm's own alone", left)
	}
}

func TestReplacementCarriesOver(t *testing.T) {
	f := farmtest.Start(t, smallWith("name: beta", `name: beta
    description: the second one
    boot_mode: legacy-bios
    ena_support: true
    imds_support: v2.0
    deprecation_time: 2031-05-01T00:00:00Z
    launch_permissions: ["272727272727", "313131313131"]
    block_devices:
      - {device: /dev/sda1, size: 33, type: gp3, iops: 4000, throughput: 200, encrypted: true, delete_on_termination: true}
      - {device: /dev/sdf, size: 7, type: gp2, delete_on_termination: false}`,
	).String(), smallFiles)
	rep := parseReport(t, f.MustRun(0, "rotate", "--json"))
	replacement, _ := rep.of("ami-22222222")
	describe := func(id string) string {
		return f.AWS("ec2", "describe-images", "--image-ids", id, "--query",
			"Images[0].{a:Description,b:BootMode,c:EnaSupport,d:ImdsSupport,e:DeprecationTime,f:Architecture,g:VirtualizationType,h:RootDeviceName,"+
				"i:BlockDeviceMappings[].{n:DeviceName,s:Ebs.VolumeSize,t:Ebs.VolumeType,i:Ebs.Iops,p:Ebs.Throughput,e:Ebs.Encrypted,d:Ebs.DeleteOnTermination},"+
				"t:Tags[?!starts_with(Key,'amirotate:')]|sort_by(@,&Key)}") +
			f.AWS("ec2", "describe-image-attribute", "--image-id", id, "--attribute", "launchPermission", "--query", "sort_by(LaunchPermissions,&UserId)")
	}
	if was, is := describe("ami-22222222"), describe(replacement); was != is {
		t.Errorf("the source is\n%s\nits replacement\n%s", was, is)
	}
	tags := f.AWS("ec2", "describe-tags", "--filters", "Name=resource-id,Values="+replacement)
	for _, want := range []string{"amirotate:role", "amirotate:patch", "amirotate:source-image", "amirotate:run", "amirotate:base-name",
		"amirotate:cert-md5", "amirotate:cert-sha256", "amirotate:cert-not-after", "amirotate:proven-at"} {
		if !strings.Contains(tags, want) {
			t.Errorf("the replacement has no tag %s", want)
		}
	}
}

// A builder or prover never joins the farm: it gets no user data, and its tags
// say what it is.
func TestTemporariesSayWhatTheyAre(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	f.MustRun(0, "rotate")
	launches := 0
	for _, c := range f.Calls() {
		if c.Action != "RunInstances" || c.DryRun {
			continue
		}
		launches++
		text := fmt.Sprint(c.Params)
		if strings.Contains(text, "UserData") {
			t.Errorf("an instance got user data: %s", text)
		}
		if !strings.Contains(text, "amirotate builder for") && !strings.Contains(text, "amirotate prover for") {
			t.Errorf("an instance's name doesn't say what it is: %s", text)
		}
	}
	if launches != 4 {
		t.Errorf("%d launches, want 4", launches)
	}
}

// A replacement that is no longer proven is proven again, not made again.
func TestUnprovenReplacementIsProven(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	list := string(f.Read("slave-list.txt"))
	rep := parseReport(t, f.MustRun(0, "rotate", "--json"))
	replacement, _ := rep.of("ami-22222222")
	f.Write("slave-list.txt", list)
	f.AWS("ec2", "delete-tags", "--resources", replacement, "--tags", "Key=amirotate:proven-at")
	rep = parseReport(t, f.MustRun(0, "rotate", "--json"))
	if got := rep.order("ami-22222222"); got != "launch skipped, connect skipped, patch skipped, stop skipped, bake skipped, prove start, prove ok" {
		t.Errorf("the image went %s", got)
	}
	if n := f.CallsOf("CreateImage"); n != 2 {
		t.Errorf("%d images were made, want 2", n)
	}
	checkRotated(t, f)
}

// A client token that a stranger has used for something else is no obstacle, and
// the stranger's instance is left alone.
func TestSpentClientToken(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	token := sha256.Sum256([]byte(patchOf(t, f) + "\x00ami-22222222\x00builder\x000"))
	f.AWS("ec2", "run-instances", "--image-id", "ami-22222222", "--instance-type", "m3.large", "--client-token", hex.EncodeToString(token[:]))
	stranger := f.Folders("instances")
	rep := parseReport(t, f.MustRun(0, "rotate", "--json"))
	if _, status := rep.of("ami-22222222"); status != rotate.StatusReplaced {
		t.Errorf("the image is %s", status)
	}
	if left := f.Folders("instances"); len(left) != 1 || left[0] != stranger[0] {
		t.Errorf("instances %v are there, want the stranger's, %v", left, stranger)
	}
}

func TestBastionProblems(t *testing.T) {
	edit := func(old, new string) func(*farmtest.Farm) {
		return func(f *farmtest.Farm) {
			f.Write("amirotate.yaml", strings.Replace(string(f.Read("amirotate.yaml")), old, new, 1))
		}
	}
	for _, test := range []struct {
		name    string
		prepare func(*farmtest.Farm)
		says    string
	}{
		{"nobody listens", func(f *farmtest.Farm) { _ = f.Sandbox.Bastion().Close() }, "refused"},
		{"no such host", edit("address: 127.0.0.1:", "address: no-such-host.invalid:22 #"), "no-such-host.invalid"},
		{"unknown key", func(f *farmtest.Farm) {
			f.Write("ssh/known_hosts", "elsewhere ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJl3dIeudNqd0DPMRD6OIh65tjkxFNOtwGcWB2gCgPhk\n")
		}, "known_hosts"},
		{"wrong user", edit("user: ops", "user: nobody"), "nobody"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := farmtest.Start(t, small, smallFiles)
			test.prepare(f)
			plan, r := planOf(t, f)
			if r.Code != 2 || len(plan.Problems) != 1 || plan.Problems[0].Code != "bastion" {
				t.Fatalf("exit code %d, problems %+v; want 2 and bastion\n%s", r.Code, plan.Problems, r.Stderr)
			}
			if p := plan.Problems[0]; !strings.Contains(p.Message, test.says) || p.Hint == "" {
				t.Errorf("problem %+v doesn't say %q, or has no hint", p, test.says)
			}
			if n := f.CallsOf("RunInstances"); n != 0 {
				t.Errorf("%d instances were launched", n)
			}
		})
	}
}
