package iampolicy_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/iampolicy"
)

// guarded is a farm in which a rotation meets all that takes a permission of its
// own: the image's volume would outlive its instance, launch permissions and a
// deprecation time are to be carried over, and the first image that is made
// comes to nothing and is removed.
const guarded = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.001}
timings: {api: 0s, pending: 5s, boot: {linux: 5s}, stop: 5s, image: 20s, terminate: 5s}
throttle: off
security_groups:
  - {id: sg-11111111, name: workers, ingress: [{port: 22, from: bastion}]}
images:
  - id: ami-11111111
    platform: linux
    user: builder
    launch_permissions: ["272727272727"]
    deprecation_time: "2031-01-01T00:00:00Z"
    block_devices: [{device: /dev/sda1, size: 8, delete_on_termination: false}]
    files: [{path: /etc/cert.pem, from: old}]
instances: [{id: i-11111111, image: ami-11111111}]
faults: [{action: CreateImage, error: image-fails}]
`

// spotAndProfile makes the configuration ask for what takes further permissions.
const spotAndProfile = "launch:\n  spot: true\n  instance_profile: bots\n"

// inParameterStore is a configuration that keeps certificates.
const inParameterStore = "region: us-west-1\ncertificate: {kind: set, key_type: ecdsa-p256, authority: CN=a, subject: CN=b, store: {ssm: 'farm-{item}'}}\n"

// guardedFarm serves guarded, without a policy yet.
func guardedFarm(t *testing.T, config string) *farmtest.Farm {
	t.Helper()
	f := farmtest.Start(t, guarded, map[string]string{"list.txt": "a secret ami=ami-11111111 instance_type=m3.xlarge\n"})
	if config == "" {
		config = strings.Replace(string(f.Read("amirotate.yaml")), "launch:\n", spotAndProfile, 1)
	}
	f.Write("amirotate.yaml", config)
	return f
}

// enforce holds the farm to a policy from now on; nil lets everything through.
func enforce(t *testing.T, f *farmtest.Farm, p *iampolicy.Policy) {
	t.Helper()
	text := ""
	if p != nil {
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		text = string(b)
	}
	if err := f.Sandbox.Enforce(text); err != nil {
		t.Fatal(err)
	}
}

// printed is the policy that the program prints for a command.
func printed(t *testing.T, f *farmtest.Farm, command string) *iampolicy.Policy {
	t.Helper()
	var p iampolicy.Policy
	f.MustRun(0, "iam-policy", "--for", command).JSON(t, &p)
	return &p
}

// without is the policy but for one statement.
func without(p *iampolicy.Policy, sid string) *iampolicy.Policy {
	less := *p
	less.Statement = slices.DeleteFunc(slices.Clone(p.Statement), func(s iampolicy.Statement) bool { return s.Sid == sid })
	return &less
}

// denied are the calls from the nth on that were refused.
func denied(f *farmtest.Farm, n int) []string {
	var refused []string
	for _, c := range f.Calls()[n:] {
		if c.Error == "UnauthorizedOperation" || c.Error == "AccessDeniedException" {
			refused = append(refused, fmt.Sprintf("%s %v", c.Action, c.Params))
		}
	}
	return refused
}

// command is one that a policy is for.
type command struct {
	args    []string
	code    int    // what it exits with
	config  string // "" for the farm's, with spot instances and a profile
	prepare func(t *testing.T, f *farmtest.Farm)
}

var commands = map[string]command{
	"init":    {args: []string{"init", "--slave-list", "slave-list.txt", "--region", "us-west-1", "--out", "made.yaml"}},
	"plan":    {args: []string{"plan"}},
	"rotate":  {args: []string{"rotate", "--quiet"}},
	"refresh": {args: []string{"refresh", "--quiet"}},
	"status":  {args: []string{"status"}, code: 3},
	"probe":   {args: []string{"status", "--probe"}, code: 3},
	"rollback": {args: []string{"rollback"}, prepare: func(t *testing.T, f *farmtest.Farm) {
		f.MustRun(0, "rotate", "--quiet")
	}},
	// An image that nothing uses, and instances, spot requests and volumes that
	// another run had to leave.
	"gc": {args: []string{"gc", "--keep", "0", "--yes"}, prepare: func(t *testing.T, f *farmtest.Farm) {
		f.MustRun(0, "rotate", "--quiet")
		f.MustRun(0, "rollback")
		f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+"epoch: another\n")
		enforce(t, f, without(printed(t, f, "rotate"), "EndTemporaries"))
		f.MustRun(1, "rotate", "--quiet")
		enforce(t, f, nil)
		f.MustRun(0, "rollback")
	}},
	"cert": {args: []string{"cert", "ensure"}, config: inParameterStore},
}

// ready is a farm on which a command is about to be run.
func ready(t *testing.T, c command) *farmtest.Farm {
	f := guardedFarm(t, c.config)
	if c.prepare != nil {
		c.prepare(t, f)
	}
	return f
}

// Under exactly the policy that is printed for it each command goes through, and
// EC2 refuses nothing.
func TestCommandsPassUnderTheirPolicy(t *testing.T) {
	if len(commands) != len(iampolicy.Commands()) {
		t.Errorf("%d commands are tried, of %v", len(commands), iampolicy.Commands())
	}
	for name, c := range commands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := ready(t, c)
			enforce(t, f, printed(t, f, name))
			before := len(f.Calls())
			r := f.MustRun(c.code, c.args...)
			if refused := denied(f, before); len(refused) > 0 {
				t.Errorf("refused: %q\n%s", refused, r.Stderr)
			}
			if len(f.Calls()) == before {
				t.Error("nothing was called")
			}
		})
	}
}

// With any one statement less, plan names the missing permission before anything
// is launched; or, where that cannot be known, the command stops with the name
// of the action and the remedy, and once it is allowed goes on.
func TestWithoutOneStatement(t *testing.T) {
	if r := printed(t, guardedFarm(t, ""), "refresh"); !reflect.DeepEqual(r, printed(t, guardedFarm(t, ""), "rotate")) {
		t.Errorf("refresh needs something else than rotate: %+v", r)
	}
	for name, c := range commands {
		if name == "init" || name == "probe" || name == "refresh" {
			continue // the first two tell what they could not ask; the last needs what rotate needs
		}
		for _, s := range printed(t, guardedFarm(t, c.config), name).Statement {
			t.Run(name+"/"+s.Sid, func(t *testing.T) {
				t.Parallel()
				f := ready(t, c)
				full := printed(t, f, name)
				enforce(t, f, without(full, s.Sid))
				foreseen := slices.ContainsFunc(printed(t, f, "plan").Statement, func(p iampolicy.Statement) bool { return p.Sid == s.Sid })
				if foreseen && name == "rotate" {
					names(t, s, f.MustRun(2, "plan"))
				}
				launched := f.CallsOf("RunInstances")
				r := f.Run(c.args...)
				names(t, s, r)
				if r.Code == 0 || r.Code == c.code {
					t.Errorf("exit code %d", r.Code)
				}
				if foreseen && f.CallsOf("RunInstances") != launched {
					t.Error("an instance was launched all the same")
				}

				enforce(t, f, full)
				f.MustRun(c.code, c.args...)
				if left := f.Folders("instances"); (name == "rotate" || name == "gc") && !slices.Equal(left, []string{"i-11111111"}) {
					t.Errorf("left: %v", left)
				}
			})
		}
	}
}

// names makes sure that an action of the statement and the remedy are named.
func names(t *testing.T, s iampolicy.Statement, r farmtest.Result) {
	t.Helper()
	named := slices.ContainsFunc(s.Action, func(a string) bool { return strings.Contains(r.Stderr, "not authorized to perform: "+a+" ") })
	if !named || !strings.Contains(r.Stderr, "iam-policy") {
		t.Errorf("exit code %d, without one of %v and the remedy:\n%s%s", r.Code, s.Action, r.Stdout, r.Stderr)
	}
}

// The images that a rotation replaces may be replacements themselves: then plan
// rehearses that the next one may be tagged as proven.
func TestPlanRehearsesTheSeal(t *testing.T) {
	f := guardedFarm(t, "")
	full := printed(t, f, "rotate")
	f.MustRun(0, "rotate", "--quiet")
	f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+"epoch: another\n")
	enforce(t, f, without(full, "SealReplacements"))
	r := f.MustRun(2, "plan")
	if !strings.Contains(r.Stderr, "not authorized to perform: ec2:CreateTags on resource: arn:aws:ec2:us-west-1::image/") {
		t.Errorf("plan says\n%s", r.Stderr)
	}
	enforce(t, f, full)
	f.MustRun(0, "plan")
}
