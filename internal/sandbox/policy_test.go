package sandbox_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/amirotate/amirotate/internal/sandbox"
)

// launchers may launch what bears a tag, and end that alone.
const launchers = `policy:
  Version: "2012-10-17"
  Statement:
    - {Effect: Allow, Action: ["ec2:Describe*", "ec2:RunInstances"], Resource: "*"}
    - {Effect: Deny, Action: "ec2:RunInstances", Resource: "arn:aws:ec2:*:*:instance/*", Condition: {StringNotEquals: {"aws:RequestTag/team": infra}}}
    - {Effect: Allow, Action: "ec2:CreateTags", Resource: "arn:aws:ec2:*:*:instance/*", Condition: {StringEquals: {"ec2:CreateAction": RunInstances}}}
    - {Effect: Allow, Action: "ec2:TerminateInstances", Resource: "*", Condition: {StringLike: {"ec2:ResourceTag/team": "inf*"}}}
    - {Effect: Allow, Action: "ec2:CreateTags", Resource: "*", Condition: {"ForAllValues:StringEquals": {"aws:TagKeys": [note]}, StringEquals: {"ec2:ResourceTag/team": infra}}}
instances:
  - {id: i-11111111, image: ami-0123456789abcdef0, tags: {team: other}}
`

func TestPolicyIsEnforced(t *testing.T) {
	s := start(t, scenarioFile(t, launchers))
	c, ctx := once(s), t.Context()
	tagged := func(team string, dry bool) *ec2.RunInstancesInput {
		in := launchInput()
		in.DryRun = aws.Bool(dry)
		in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String(team)}}}}
		return in
	}
	out, err := c.RunInstances(ctx, tagged("infra", false))
	if err != nil {
		t.Fatal(err)
	}
	ours := *out.Instances[0].InstanceId
	tag := func(id, key string) error {
		_, err := c.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String(key), Value: aws.String("x")}}})
		return err
	}
	end := func(dry bool, ids ...string) error {
		_, err := c.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids, DryRun: aws.Bool(dry)})
		return err
	}
	run := func(team string) error {
		_, err := c.RunInstances(ctx, tagged(team, true))
		return err
	}
	const denied = "UnauthorizedOperation"
	for _, tt := range []struct {
		what string
		err  error
		want string // code, "" for none
	}{
		{"a rehearsal", run("infra"), "DryRunOperation"},
		{"the rehearsal of another tag", run("other"), denied},
		{"a tag that may be set", tag(ours, "note"), ""},
		{"another tag", tag(ours, "team"), denied},
		{"a stranger's tag", tag("i-11111111", "note"), denied},
		{"ending a stranger's", end(false, "i-11111111"), denied},
		{"ending both", end(false, ours, "i-11111111"), denied},
		{"what does not exist", end(false, "i-22222222"), "InvalidInstanceID.NotFound"},
		{"a rehearsed end", end(true, ours), "DryRunOperation"},
		{"an end", end(false, ours), ""},
	} {
		if got := code(tt.err); got != tt.want && !(tt.want == "" && tt.err == nil) {
			t.Errorf("%s: %v, want %q", tt.what, tt.err, tt.want)
		}
	}
	var answer smithy.APIError
	if err := end(false, "i-11111111"); !asAPI(err, &answer) || !strings.HasPrefix(answer.ErrorMessage(), "You are not authorized to perform this operation. "+
		"User: arn:aws:iam::314159265358:user/ops is not authorized to perform: ec2:TerminateInstances on resource: arn:aws:ec2:us-west-1:314159265358:instance/i-11111111 "+
		"because no identity-based policy allows the ec2:TerminateInstances action. Encoded authorization failure message: ") {
		t.Errorf("%v", err)
	}
	if err := s.Enforce(""); err != nil || end(false, "i-11111111") != nil {
		t.Errorf("without a policy something is refused: %v", err)
	}
}

func TestPolicyThatCannotBeEnforced(t *testing.T) {
	for more, want := range map[string]string{
		"policy: none.json\n": "cannot read none.json",
		"policy: {Statement: [{Effect: Allow, Action: 'ec2:*', Resource: '*', Condition: {Bool: {'aws:SecureTransport': 'true'}}}]}\n": "condition operator Bool is not understood",
		"policy: old.pem\n": "the policy cannot be enforced",
	} {
		_, err := sandbox.Start(t.Context(), sandbox.Options{Dir: t.TempDir(), Scenario: scenarioFile(t, more)})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "scenario.yaml:7:") {
			t.Errorf("%s: %v, want %q at line 7", more, err, want)
		}
	}
}

func asAPI(err error, into *smithy.APIError) bool { return errors.As(err, into) }
