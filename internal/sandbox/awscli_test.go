package sandbox_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox"
	"github.com/amirotate/amirotate/internal/sandbox/ec2api"
	"github.com/amirotate/amirotate/internal/testenv"
)

// awsCLI is a process of Debian's AWS CLI that takes one command after another.
type awsCLI struct {
	t    *testing.T
	in   *json.Encoder
	out  *bufio.Reader
	vars map[string]string // what commands printed, by name
}

func newAWSCLI(t *testing.T, s *sandbox.Sandbox) *awsCLI {
	t.Helper()
	testenv.Program(t, "/usr/bin/aws") // its package brings the modules
	cmd := exec.CommandContext(t.Context(), "/usr/bin/python3", "testdata/aws_commands.py", s.Ready().Endpoint)
	cmd.Env = append(newShell(t, s).env, "PYTHONDONTWRITEBYTECODE=1", "AWS_DEFAULT_OUTPUT=text")
	var stdin io.WriteCloser
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return &awsCLI{t: t, in: json.NewEncoder(stdin), out: bufio.NewReader(stdout), vars: map[string]string{}}
}

// run runs a command line of plain words, with {name} for what an earlier one
// printed.
func (a *awsCLI) run(line string) (code int, stdout, stderr string) {
	a.t.Helper()
	var pairs []string
	for name, value := range a.vars {
		pairs = append(pairs, "{"+name+"}", value)
	}
	if err := a.in.Encode(strings.Fields(strings.NewReplacer(pairs...).Replace(line))); err != nil {
		a.t.Fatal(err)
	}
	text, err := a.out.ReadBytes('\n')
	if err != nil {
		a.t.Fatalf("aws %s: %v", line, err)
	}
	if err := json.Unmarshal(text, &[]any{&code, &stdout, &stderr}); err != nil {
		a.t.Fatal(err)
	}
	return code, strings.TrimSpace(stdout), strings.TrimSpace(stderr)
}

// awsStep is one command. What it prints must match want, and is asked for again
// as long as it does not if wait is set.
type awsStep struct {
	action string // of EC2
	line   string // after "aws ec2"
	want   string // a regular expression
	save   string // the name for what it prints
	wait   bool
	fails  bool // want is of its error
}

// awsSteps call each action that is served, in the order of an image's life.
var awsSteps = []awsStep{
	{action: "DescribeRegions", line: "describe-regions --region-names us-west-1 --query Regions[].Endpoint", want: `^ec2\.us-west-1\.amazonaws\.com$`},
	{action: "DescribeAvailabilityZones", line: "describe-availability-zones --query AvailabilityZones[].[ZoneName,State]", want: `us-west-1\w\tavailable`},
	{action: "DescribeVpcs", line: "describe-vpcs --filters Name=isDefault,Values=true --query Vpcs[].VpcId", want: `^vpc-\w+$`, save: "vpc"},
	{action: "DescribeSubnets", line: "describe-subnets --filters Name=vpc-id,Values={vpc} --query Subnets[0].SubnetId", want: `^subnet-\w+$`, save: "subnet"},
	{action: "DescribeInstanceTypes", line: "describe-instance-types --instance-types c3.xlarge --query InstanceTypes[].VCpuInfo.DefaultVCpus", want: `^4$`},
	{action: "DescribeInstanceTypeOfferings", line: "describe-instance-type-offerings --location-type availability-zone" +
		" --filters Name=instance-type,Values=c3.* --query InstanceTypeOfferings[].InstanceType", want: `c3\.xlarge`},
	{action: "CreateKeyPair", line: "create-key-pair --key-name made --query KeyMaterial", want: `^-----BEGIN RSA PRIVATE KEY-----`},
	{action: "ImportKeyPair", line: "import-key-pair --key-name brought --public-key-material fileb://{identity}.pub --query KeyName", want: `^brought$`},
	{action: "DescribeKeyPairs", line: "describe-key-pairs --query sort_by(KeyPairs,&KeyName)[].[KeyName,KeyType]", want: `^brought\ted25519\nmade\trsa$`},
	{action: "CreateSecurityGroup", line: "create-security-group --group-name g --description d --vpc-id {vpc} --query GroupId", want: `^sg-\w+$`, save: "group"},
	{action: "AuthorizeSecurityGroupIngress", line: "authorize-security-group-ingress --group-id {group} --protocol tcp --port 22 --cidr 10.0.0.0/8 --query Return", want: `^True$`},
	{action: "DescribeSecurityGroups", line: "describe-security-groups --group-ids {group} --query SecurityGroups[].IpPermissions[].[FromPort,IpRanges[0].CidrIp]", want: `^22\t10\.0\.0\.0/8$`},
	{action: "RevokeSecurityGroupIngress", line: "revoke-security-group-ingress --group-id {group} --protocol tcp --port 22 --cidr 10.0.0.0/8 --query Return", want: `^True$`},
	{action: "DescribeImages", line: "describe-images --owners self --query Images[?Platform!='windows'].ImageId", want: `^ami-0123456789abcdef0$`, save: "image"},
	{action: "RunInstances", line: "run-instances --dry-run --image-id {image} --instance-type c3.xlarge", want: `\(DryRunOperation\)`, fails: true},
	{action: "RunInstances", line: "run-instances --image-id {image} --instance-type c3.xlarge --subnet-id {subnet} --security-group-ids {group}" +
		" --key-name made --tag-specifications ResourceType=instance,Tags=[{Key=Name,Value=x}] --query Instances[].InstanceId", want: `^i-\w+$`, save: "instance"},
	{action: "DescribeInstances", line: "describe-instances --instance-ids {instance} --query Reservations[].Instances[].State.Name", want: `^running$`, wait: true},
	{action: "DescribeInstanceStatus", line: "describe-instance-status --instance-ids {instance} --query InstanceStatuses[].InstanceState.Name", want: `^running$`},
	{action: "DescribeInstanceAttribute", line: "describe-instance-attribute --instance-id {instance} --attribute instanceType --query InstanceType.Value", want: `^c3\.xlarge$`},
	{action: "ModifyInstanceAttribute", line: "modify-instance-attribute --instance-id {instance} --instance-initiated-shutdown-behavior terminate", want: `^$`},
	{action: "DescribeVolumes", line: "describe-volumes --filters Name=attachment.instance-id,Values={instance} --query Volumes[].State", want: `^in-use`},
	{action: "GetConsoleOutput", line: "get-console-output --instance-id {instance} --output text", want: `SSH HOST KEY`, wait: true},
	{action: "CreateTags", line: "create-tags --resources {instance} --tags Key=a,Value=b", want: `^$`},
	{action: "DescribeTags", line: "describe-tags --filters Name=resource-id,Values={instance} Name=key,Values=a --query Tags[].Value", want: `^b$`},
	{action: "DeleteTags", line: "delete-tags --resources {instance} --tags Key=a", want: `^$`},
	{action: "RebootInstances", line: "reboot-instances --instance-ids {instance}", want: `^$`},
	{action: "StopInstances", line: "stop-instances --instance-ids {instance} --query StoppingInstances[].CurrentState.Name", want: `^stopping$`},
	{action: "DescribeInstances", line: "describe-instances --instance-ids {instance} --query Reservations[].Instances[].State.Name", want: `^stopped$`, wait: true},
	{action: "CreateImage", line: "create-image --instance-id {instance} --name made --query ImageId", want: `^ami-\w+$`, save: "made"},
	{action: "DescribeImages", line: "describe-images --image-ids {made} --query Images[].State", want: `^available$`, wait: true},
	{action: "DescribeSnapshots", line: "describe-snapshots --owner-ids self --filters Name=description,Values=*{made}* --query Snapshots[].SnapshotId", want: `^snap-\w+$`, save: "snapshot"},
	{action: "ModifyImageAttribute", line: "modify-image-attribute --image-id {made} --launch-permission Add=[{UserId=272727272727}]", want: `^$`},
	{action: "DescribeImageAttribute", line: "describe-image-attribute --image-id {made} --attribute launchPermission --query LaunchPermissions[].UserId", want: `^272727272727$`},
	{action: "EnableImageDeprecation", line: "enable-image-deprecation --image-id {made} --deprecate-at {next-year} --query Return", want: `^True$`},
	{action: "DisableImageDeprecation", line: "disable-image-deprecation --image-id {made} --query Return", want: `^True$`},
	{action: "StartInstances", line: "start-instances --instance-ids {instance} --query StartingInstances[].CurrentState.Name", want: `^pending$`},
	{action: "TerminateInstances", line: "terminate-instances --instance-ids {instance} --query TerminatingInstances[].CurrentState.Name", want: `^shutting-down$`},
	{action: "RunInstances", line: "run-instances --image-id ami-00000001 --instance-type c3.xlarge --key-name made --query Instances[].InstanceId", want: `^i-\w+$`, save: "windows"},
	{action: "GetPasswordData", line: "get-password-data --instance-id {windows} --query PasswordData", want: `^[A-Za-z0-9+/]{300,}=*$`, wait: true},
	{action: "RunInstances", line: "run-instances --image-id {made} --instance-type c3.xlarge --instance-market-options MarketType=spot" +
		" --query Instances[].SpotInstanceRequestId", want: `^sir-\w+$`, save: "request"},
	{action: "DescribeSpotInstanceRequests", line: "describe-spot-instance-requests --spot-instance-request-ids {request} --query SpotInstanceRequests[].InstanceId", want: `^i-\w+$`, save: "spot"},
	{action: "CancelSpotInstanceRequests", line: "cancel-spot-instance-requests --spot-instance-request-ids {request} --query CancelledSpotInstanceRequests[].State", want: `^cancelled$`},
	{action: "TerminateInstances", line: "terminate-instances --instance-ids {spot} {windows} --query length(TerminatingInstances)", want: `^2$`},
	{action: "DeregisterImage", line: "deregister-image --image-id {made}", want: `^$`},
	{action: "DeleteSnapshot", line: "delete-snapshot --snapshot-id {snapshot}", want: `^$`},
	{action: "DescribeSnapshots", line: "describe-snapshots --snapshot-ids {snapshot}", want: `\(InvalidSnapshot\.NotFound\)`, fails: true},
	{action: "DescribeInstances", line: "describe-instances --instance-ids {instance} --query Reservations[].Instances[].State.Name", want: `^terminated$`, wait: true},
	{action: "DeleteSecurityGroup", line: "delete-security-group --group-id {group}", want: `^$`},
	{action: "DeleteKeyPair", line: "delete-key-pair --key-name made", want: `^$`},
	{action: "DescribeKeyPairs", line: "describe-key-pairs --key-names made", want: `\(InvalidKeyPair\.NotFound\)`, fails: true},
}

// TestDebiansAWSCallsEveryAction drives all that is served with a client that
// others wrote.
func TestDebiansAWSCallsEveryAction(t *testing.T) {
	t.Parallel()
	s := start(t, scenarioFile(t, "  - {id: ami-00000001, platform: windows, name: winner}\nthrottle: off\n"+
		"timings: {api: 0s, boot: {linux: 1s, windows: 1s}}\n"))
	cli := newAWSCLI(t, s)
	cli.vars["identity"] = filepath.Join(s.Ready().Bastion.IdentityFile)
	cli.vars["next-year"] = time.Now().AddDate(1, 0, 0).UTC().Format("2006-01-02T15:04:05Z")
	if code, out, errs := cli.run("sts get-caller-identity --query Arn"); code != 0 || !strings.HasSuffix(out, ":user/ops") {
		t.Errorf("sts get-caller-identity: %d %s %s", code, out, errs)
	}
	for _, step := range awsSteps {
		cli.step(step)
	}
	// This action is younger than the CLI.
	called := []string{"GetCallerIdentity", "DescribeImageReferences"}
	for _, step := range awsSteps {
		called = append(called, step.action)
	}
	slices.Sort(called)
	called = slices.Compact(called)
	if served := ec2api.Actions(); !slices.Equal(served, called) {
		t.Errorf("served %v\ncalled %v", served, called)
	}
}

func (a *awsCLI) step(s awsStep) {
	a.t.Helper()
	want := regexp.MustCompile(s.want)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		code, out, errs := a.run("ec2 " + s.line)
		said := out
		if s.fails {
			said = errs
		}
		switch {
		case (code != 0) == s.fails && want.MatchString(said):
			if s.save != "" {
				a.vars[s.save] = out
			}
			return
		case !s.wait || time.Now().After(end):
			a.t.Fatalf("aws ec2 %s: exit code %d, %q, %q; want %s", s.line, code, out, errs, s.want)
		}
	}
}
