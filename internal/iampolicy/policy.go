package iampolicy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Policy is an IAM policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement allows actions on resources, under conditions.
type Statement struct {
	Sid       string
	Effect    string
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// Uses is what a policy is for.
type Uses struct {
	Region   string   // "" for any
	Commands []string // of Commands
	Windows  bool     // passwords come from GetPasswordData
	Profile  bool     // instances get an instance profile
	Spot     bool
	Claims   bool // refresh runs commands on builders
	// Parameters is the template of the names in SSM Parameter Store under which
	// certificates are kept, with {item} in it; "" for none. Their region is
	// ParametersRegion, "" for any.
	Parameters       string
	ParametersRegion string
	KMSKey           string // id, ARN or alias of the key that encrypts them; "" for the account's own for SSM
}

// Commands are those that a policy can be for. probe is status --probe, which
// logs in to the farm's own instances.
func Commands() []string {
	return []string{"init", "plan", "rotate", "refresh", "status", "probe", "rollback", "gc", "cert"}
}

// For returns the policy for these uses.
func For(u Uses) Policy {
	if slices.Contains(u.Commands, "refresh") {
		u.Commands = append(slices.Clone(u.Commands), "rotate") // it does what rotate does
	}
	w := &writer{uses: u, policy: Policy{Version: "2012-10-17"}}
	if slices.ContainsFunc(u.Commands, func(c string) bool { return c != "cert" }) {
		w.look()
	}
	if w.any("plan", "rotate") {
		w.launch() // plan rehearses a launch with DryRun, which asks for the same
	}
	if w.any("rotate") {
		w.rotate()
	}
	if w.any("refresh") && u.Claims {
		w.allow("ClaimBuilders", []string{"ec2:CreateTags"}, w.arns("instance"), equal(resourceRole, cloud.RoleBuilder))
	}
	if w.any("rotate", "gc") {
		w.end()
	}
	if w.any("probe") {
		w.allow("ReadHosts", w.loginActions(), w.arns("instance"), nil)
	}
	if u.Parameters != "" {
		w.keepCertificates()
	}
	return w.policy
}

type writer struct {
	uses   Uses
	policy Policy
}

func (w *writer) any(commands ...string) bool {
	return slices.ContainsFunc(commands, func(c string) bool { return slices.Contains(w.uses.Commands, c) })
}

func (w *writer) allow(sid string, actions, resources []string, conditions map[string]map[string][]string) {
	w.policy.Statement = append(w.policy.Statement, Statement{Sid: sid, Effect: "Allow", Action: actions, Resource: resources, Condition: conditions})
}

// equal is a condition that a key has one of the values.
func equal(key string, values ...string) map[string]map[string][]string {
	return map[string]map[string][]string{"StringEquals": {key: values}}
}

const (
	requestRole  = "aws:RequestTag/" + cloud.TagRole
	resourceRole = "aws:ResourceTag/" + cloud.TagRole
)

var temporary = [...]string{cloud.RoleBuilder, cloud.RoleProver}

// look allows what has no resource-level permissions: EC2's Describe* calls.
func (w *writer) look() {
	actions := []string{"ec2:DescribeImages"}
	if w.any("plan", "rotate") {
		actions = append(actions, "ec2:DescribeImageAttribute", "ec2:DescribeInstances", "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes",
			"ec2:DescribeKeyPairs", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets")
	}
	if w.any("rotate", "gc") {
		actions = append(actions, "ec2:DescribeInstances", "ec2:DescribeSnapshots")
	}
	if w.any("gc") {
		actions = append(actions, "ec2:DescribeImageReferences", "ec2:DescribeLaunchTemplateVersions")
	}
	if w.any("status", "probe", "init") {
		actions = append(actions, "ec2:DescribeInstances")
	}
	if w.any("init") {
		actions = append(actions, "ec2:DescribeSecurityGroups")
	}
	slices.Sort(actions)
	w.allow("Look", slices.Compact(actions), []string{"*"}, nil)
}

// launch allows instances to be launched that bear our tags from the start.
func (w *writer) launch() {
	made := []string{"instance", "volume"}
	if w.uses.Spot {
		made = append(made, "spot-instances-request")
	}
	w.allow("LaunchTagged", []string{"ec2:RunInstances"}, w.arns(made...), equal(requestRole, temporary[:]...))
	w.allow("LaunchFrom", []string{"ec2:RunInstances"},
		append(w.publicARNs("image", "snapshot"), w.arns("key-pair", "network-interface", "security-group", "subnet")...), nil)
	w.allow("TagAtLaunch", []string{"ec2:CreateTags"}, w.arns(made...), equal("ec2:CreateAction", "RunInstances"))
	if w.uses.Profile {
		w.allow("PassTheProfilesRole", []string{"iam:PassRole"}, []string{"arn:" + w.partition() + ":iam::*:role/*"},
			equal("iam:PassedToService", "ec2.amazonaws.com"))
	}
}

// loginActions read what a host must be known and logged in to by.
func (w *writer) loginActions() []string {
	actions := []string{"ec2:GetConsoleOutput"}
	if w.uses.Windows {
		actions = append(actions, "ec2:GetPasswordData")
	}
	return actions
}

// rotate allows what happens to the instances and the replacement.
func (w *writer) rotate() {
	w.allow("ReadTemporaries", w.loginActions(), w.arns("instance"), equal(resourceRole, temporary[:]...))
	w.allow("StopBuilders", []string{"ec2:StopInstances"}, w.arns("instance"), equal(resourceRole, cloud.RoleBuilder))
	w.allow("BakeBuilders", []string{"ec2:CreateImage"}, w.arns("instance"), equal(resourceRole, cloud.RoleBuilder))
	w.allow("BakeTagged", []string{"ec2:CreateImage"}, w.publicARNs("image", "snapshot"), equal(requestRole, cloud.RoleReplacement))
	w.allow("TagAtBake", []string{"ec2:CreateTags"}, w.publicARNs("image", "snapshot"), equal("ec2:CreateAction", "CreateImage"))
	w.allow("SealReplacements", []string{"ec2:CreateTags", "ec2:EnableImageDeprecation", "ec2:ModifyImageAttribute"},
		w.publicARNs("image"), equal(resourceRole, cloud.RoleReplacement))
}

// end allows what bears our tags to be removed, and nothing else.
func (w *writer) end() {
	w.allow("EndTemporaries", []string{"ec2:ModifyInstanceAttribute", "ec2:TerminateInstances"}, w.arns("instance"), equal(resourceRole, temporary[:]...))
	if w.uses.Spot {
		w.allow("EndSpotRequests", []string{"ec2:CancelSpotInstanceRequests"}, w.arns("spot-instances-request"), equal(resourceRole, temporary[:]...))
	}
	w.allow("RemoveReplacements", []string{"ec2:DeleteSnapshot", "ec2:DeregisterImage"}, w.publicARNs("image", "snapshot"),
		equal(resourceRole, cloud.RoleReplacement))
}

// keepCertificates allows the parameters that certificates are kept in, and the
// log beside them.
func (w *writer) keepCertificates() {
	region := w.uses.ParametersRegion
	if region == "" {
		region = "*"
	}
	name := strings.TrimPrefix(strings.ReplaceAll(w.uses.Parameters, "{item}", "*"), "/")
	w.allow("KeepCertificates", []string{"ssm:DeleteParameters", "ssm:GetParameter", "ssm:PutParameter"},
		[]string{fmt.Sprintf("arn:%s:ssm:%s:*:parameter/%s", w.partition(), region, name)}, nil)
	w.allow("FindParameters", []string{"ssm:DescribeParameters"}, []string{"*"}, nil)
	if w.uses.KMSKey != "" {
		w.allow("UseTheKey", []string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}, []string{w.keyARN(region)},
			map[string]map[string][]string{"StringLike": {"kms:ViaService": {"ssm." + region + ".amazonaws.com*"}}})
	}
}

// keyARN is that of the key; an alias stands for any key, since a policy cannot
// name keys by it.
func (w *writer) keyARN(region string) string {
	id := w.uses.KMSKey
	switch {
	case strings.HasPrefix(id, "arn:") && !strings.Contains(id, ":alias/"):
		return id
	case strings.Contains(id, "alias/"):
		id = "*"
	}
	return fmt.Sprintf("arn:%s:kms:%s:*:key/%s", w.partition(), region, id)
}

// arns are those of an account's resources of these types.
func (w *writer) arns(types ...string) []string { return w.arnsOf("*", types) }

// publicARNs are those of images and snapshots, which name no account.
func (w *writer) publicARNs(types ...string) []string { return w.arnsOf("", types) }

func (w *writer) arnsOf(account string, types []string) []string {
	region := w.uses.Region
	if region == "" {
		region = "*"
	}
	arns := make([]string, len(types))
	for i, t := range types {
		arns[i] = fmt.Sprintf("arn:%s:ec2:%s:%s:%s/*", w.partition(), region, account, t)
	}
	return arns
}

func (w *writer) partition() string {
	switch {
	case strings.HasPrefix(w.uses.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(w.uses.Region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
