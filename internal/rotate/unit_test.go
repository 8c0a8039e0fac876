package rotate

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
)

func TestGroupsLetTheBastionIn(t *testing.T) {
	private := bastionSide{addresses: []netip.Addr{netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("10.0.0.7")}, groups: []string{"sg-bastion"}, certain: true}
	public := bastionSide{addresses: []netip.Addr{netip.MustParseAddr("203.0.113.9")}}
	rule := func(protocol string, from, to int32, cidr, group string) cloud.Rule {
		r := cloud.Rule{Protocol: protocol, FromPort: from, ToPort: to}
		if cidr != "" {
			r.CIDRs = []string{cidr}
		}
		if group != "" {
			r.GroupIDs = []string{group}
		}
		return r
	}
	for _, test := range []struct {
		name string
		rule cloud.Rule
		side bastionSide
		want Severity // "" for none
	}{
		{"its private address", rule("tcp", 22, 22, "10.0.0.7/32", ""), private, ""},
		{"its network", rule("tcp", 22, 22, "10.0.0.0/16", ""), private, ""},
		{"its group", rule("tcp", 22, 22, "", "sg-bastion"), private, ""},
		{"all protocols", rule("-1", 0, 0, "10.0.0.0/8", ""), private, ""},
		{"all ports", rule("tcp", -1, -1, "10.0.0.0/8", ""), private, ""},
		{"by the protocol's number", rule("6", 20, 30, "10.0.0.0/8", ""), private, ""},
		{"everybody", rule("tcp", 0, 65535, "0.0.0.0/0", ""), public, ""},
		{"everybody on IPv6", rule("tcp", 22, 22, "::/0", ""), private, Error},
		{"another port", rule("tcp", 23, 65535, "0.0.0.0/0", ""), private, Error},
		{"UDP", rule("udp", 22, 22, "0.0.0.0/0", ""), private, Error},
		{"another network", rule("tcp", 22, 22, "10.1.0.0/16", ""), private, Error},
		{"another group", rule("tcp", 22, 22, "", "sg-other"), private, Error},
		{"a source that can't be read", rule("tcp", 22, 22, "nonsense", ""), private, Error},
		{"no source at all", rule("tcp", 22, 22, "", ""), public, Error},
		// The bastion is elsewhere, and instances see it by an address that is
		// not known here: a rule for some private network may be meant for it.
		{"a private network, and the bastion is elsewhere", rule("tcp", 22, 22, "10.0.0.0/8", ""), public, Warning},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := &planning{plan: &Plan{}}
			p.judgeGroups([]cloud.SecurityGroup{{ID: "sg-1", Name: "workers", Ingress: []cloud.Rule{test.rule}}}, test.side, 22)
			got := Severity("")
			if len(p.plan.Problems) > 0 {
				got = p.plan.Problems[0].Severity
			}
			if got != test.want {
				t.Errorf("severity %q, want %q", got, test.want)
			}
		})
	}
}

func TestTypeProblems(t *testing.T) {
	nitro := cloud.InstanceType{Name: "m6g.large", Architectures: []string{"arm64"}, VirtualizationTypes: []string{"hvm"}, BootModes: []string{"uefi"}, ENARequired: true}
	old := cloud.InstanceType{Name: "m3.xlarge", Architectures: []string{"i386", "x86_64"}, VirtualizationTypes: []string{"hvm", "paravirtual"}, BootModes: []string{"legacy-bios"}}
	for _, test := range []struct {
		image cloud.Image
		on    cloud.InstanceType
		want  string // codes
	}{
		{cloud.Image{Architecture: "arm64", VirtualizationType: "hvm", ENASupport: true}, nitro, ""},
		{cloud.Image{Architecture: "x86_64", VirtualizationType: "paravirtual"}, old, ""},
		{cloud.Image{Architecture: "x86_64", VirtualizationType: "hvm", BootMode: "uefi-preferred"}, old, ""},
		{cloud.Image{Architecture: "x86_64", VirtualizationType: "hvm", BootMode: "uefi"}, old, "boot-mode"},
		{cloud.Image{Architecture: "arm64", VirtualizationType: "hvm"}, old, "architecture boot-mode"},
		{cloud.Image{Architecture: "x86_64", VirtualizationType: "paravirtual"}, nitro, "architecture virtualization boot-mode ena"},
	} {
		var codes []string
		for _, p := range typeProblems(test.image, test.on) {
			codes = append(codes, p.Code)
		}
		if got := strings.Join(codes, " "); got != test.want {
			t.Errorf("%+v on %s: %q, want %q", test.image, test.on.Name, got, test.want)
		}
	}
}

func TestTooManyTags(t *testing.T) {
	c := cloud.Image{ID: "ami-1", State: cloud.ImageAvailable, Mine: true, Tags: map[string]string{"aws:x": "", cloud.TagPatch: ""}}
	for i := range 40 {
		c.Tags[strings.Repeat("t", i+1)] = ""
	}
	if problems := imageProblems(c); len(problems) != 0 {
		t.Errorf("40 tags: %+v", problems)
	}
	c.Tags["one more"] = ""
	if problems := imageProblems(c); len(problems) != 1 || problems[0].Code != "too-many-tags" {
		t.Errorf("41 tags: %+v, want too-many-tags", problems)
	}
}

func TestWithin(t *testing.T) {
	cause := errors.New("connection refused")
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	err := within(context.Background(), 10*time.Millisecond, "i-1 to answer", "waits.connect", hang)
	var timeout *TimeoutError
	if !errors.As(err, &timeout) || timeout.Last != nil || !strings.Contains(err.Error(), "waited 10ms for i-1 to answer") {
		t.Errorf("a hang ends with %v", err)
	}
	if !strings.Contains(timeout.Hint(), "waits.connect") {
		t.Errorf("the hint %q doesn't name the setting", timeout.Hint())
	}
	err = within(context.Background(), 10*time.Millisecond, "i-1 to answer", "waits.connect", func(ctx context.Context) error {
		<-ctx.Done()
		return cause
	})
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("the last cause is lost: %v", err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(ErrInterrupted)
	if err = within(ctx, time.Minute, "", "", hang); errors.As(err, &timeout) {
		t.Errorf("an interrupt counts as a time-out: %v", err)
	}
	if err = within(context.Background(), time.Minute, "", "", func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestFinalErrors(t *testing.T) {
	of := func(kind cloud.Kind) error { return &cloud.Error{Kind: kind, Op: "RunInstances"} }
	for _, test := range []struct {
		err  error
		want bool
	}{
		{&verify.Refusal{}, true}, {&TimeoutError{}, true}, {&staleError{}, true}, {&nameTakenError{}, true}, {&bakeError{}, true},
		{&unreachableError{err: errors.New("wrong host key")}, true},
		{&unreachableError{err: errLeft}, false},
		{of(cloud.Denied), true}, {of(cloud.Credentials), true}, {of(cloud.Invalid), true}, {of(cloud.ForeignResource), true},
		{of(cloud.Capacity), false}, {of(cloud.Unavailable), false}, {of(cloud.NotFound), false}, {of(cloud.WrongState), false},
		{errors.New("connection reset by peer"), false},
	} {
		if got := final(test.err); got != test.want {
			t.Errorf("final(%T %v) = %v, want %v", test.err, test.err, got, test.want)
		}
	}
}

func TestChangedSince(t *testing.T) {
	plan := func(change func(*Plan)) *Plan {
		p := &Plan{Region: "r", List: ListPlan{Path: "p", SHA256: "s"}, Images: []*ImagePlan{
			{Source: "ami-1", Name: "n", Platform: "linux", InstanceType: "t", Action: Replace, Patch: "x",
				Changes: []ChangePlan{{Path: "/a", OldMD5: []string{"o"}, NewMD5: "n"}}, Launch: LaunchPlan{SecurityGroups: []string{"sg"}}}}}
		change(p)
		return p
	}
	same := plan(func(*Plan) {})
	for what, change := range map[string]func(*Plan){
		"region":        func(p *Plan) { p.Region = "q" },
		"path":          func(p *Plan) { p.List.Path = "q" },
		"sha256":        func(p *Plan) { p.List.SHA256 = "q" },
		"name":          func(p *Plan) { p.Images[0].Name = "q" },
		"platform":      func(p *Plan) { p.Images[0].Platform = "q" },
		"instance type": func(p *Plan) { p.Images[0].InstanceType = "q" },
		"certificate":   func(p *Plan) { p.Images[0].Changes[0].OldMD5[0] = "q" },
		"launch":        func(p *Plan) { p.Images[0].Launch.Subnets = []string{"q"} },
		"not in":        func(p *Plan) { p.Images[0].Source = "ami-2" },
	} {
		changed := strings.Join(plan(change).ChangedSince(same), "\n")
		if !strings.Contains(changed, what) {
			t.Errorf("a change of the %s is told as %q", what, changed)
		}
	}
	reused := plan(func(p *Plan) {
		p.Images[0].Action, p.Images[0].Replacement, p.Images[0].Launch = Reuse, "ami-9", LaunchPlan{}
	})
	if changed := reused.ChangedSince(same); len(changed) != 0 {
		t.Errorf("another run's replacement counts as a change: %v", changed)
	}
}
