package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/sandbox"
)

// once is a client that never tries again.
func once(s *sandbox.Sandbox) *ec2.Client {
	o := client(s).Options()
	o.Retryer = aws.NopRetryer{}
	return ec2.New(o)
}

func TestLaunchToImageWithTheSDK(t *testing.T) {
	s := start(t, scenarioFile(t, ""))
	c, ctx := client(s), t.Context()
	in := launchInput()
	in.ClientToken = aws.String("token")
	in.TagSpecifications = []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("<&> ü")}}}}
	out, err := c.RunInstances(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	id := aws.ToString(out.Instances[0].InstanceId)
	again, err := c.RunInstances(ctx, in)
	if err != nil || aws.ToString(again.Instances[0].InstanceId) != id {
		t.Errorf("the same token: %v, %v", again, err)
	}
	if tag := out.Instances[0].Tags[0]; aws.ToString(tag.Value) != "<&> ü" {
		t.Errorf("tag %q", aws.ToString(tag.Value))
	}
	if out.Instances[0].State.Name != types.InstanceStateNamePending {
		t.Errorf("state %s", out.Instances[0].State.Name)
	}
	eventually(t, "it runs", func(context.Context) (bool, error) { return instanceState(t, c, id) == "running", nil })
	if _, err := c.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is stopped", func(context.Context) (bool, error) { return instanceState(t, c, id) == "stopped", nil })
	made, err := c.CreateImage(ctx, &ec2.CreateImageInput{InstanceId: aws.String(id), Name: aws.String("one")})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the image is available", func(ctx context.Context) (bool, error) {
		images, err := c.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{*made.ImageId}})
		return err == nil && images.Images[0].State == types.ImageStateAvailable, err
	})
	if _, err := c.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is terminated", func(context.Context) (bool, error) { return instanceState(t, c, id) == "terminated", nil })
	text, err := os.ReadFile(filepath.Join(filepath.Dir(s.Ready().Config), "images", *made.ImageId, "root/srv/it's here/a file.pem"))
	if err != nil || string(text) != "old\n" {
		t.Errorf("the image holds %q, %v", text, err)
	}
}

func TestErrorsOfTheSDK(t *testing.T) {
	s := start(t, scenarioFile(t, ""))
	c, ctx := once(s), t.Context()
	tests := []struct {
		want string
		call func() error
	}{
		{"InvalidAMIID.NotFound", func() error {
			_, err := c.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{"ami-00000000"}})
			return err
		}},
		{"InvalidAMIID.Malformed", func() error {
			_, err := c.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{"x"}})
			return err
		}},
		{"InvalidInstanceID.NotFound", func() error {
			_, err := c.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{"i-00000000"}})
			return err
		}},
		{"InvalidParameterCombination", func() error {
			_, err := c.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{"i-00000000"}, MaxResults: aws.Int32(5)})
			return err
		}},
		{"InvalidParameterValue", func() error {
			_, err := c.DescribeImages(ctx, &ec2.DescribeImagesInput{Filters: []types.Filter{{Name: aws.String("colour"), Values: []string{"red"}}}})
			return err
		}},
		{"InvalidInstanceType", func() error {
			_, err := c.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{"c3.tiny"}})
			return err
		}},
		{"InvalidKeyPair.NotFound", func() error {
			_, err := c.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{"nobody's"}})
			return err
		}},
		{"InvalidGroup.NotFound", func() error {
			_, err := c.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupNames: []string{"nobody's"}})
			return err
		}},
		{"InvalidAction", func() error {
			_, err := c.DescribeVpnGateways(ctx, &ec2.DescribeVpnGatewaysInput{})
			return err
		}},
		{"UnknownParameter", func() error {
			in := launchInput()
			in.KernelId = aws.String("aki-1")
			_, err := c.RunInstances(ctx, in)
			return err
		}},
		{"DryRunOperation", func() error {
			in := launchInput()
			in.DryRun = aws.Bool(true)
			_, err := c.RunInstances(ctx, in)
			return err
		}},
		{"DryRunOperation", func() error {
			_, err := c.DescribeRegions(ctx, &ec2.DescribeRegionsInput{DryRun: aws.Bool(true)})
			return err
		}},
		{"InvalidAMIID.NotFound", func() error {
			_, err := c.CreateTags(ctx, &ec2.CreateTagsInput{DryRun: aws.Bool(true), Resources: []string{"ami-00000000"}, Tags: []types.Tag{{Key: aws.String("k")}}})
			return err
		}},
		{"AuthFailure", func() error {
			o := c.Options()
			o.Region = "us-west-2"
			_, err := ec2.New(o).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
			return err
		}},
		{"AuthFailure", func() error {
			o := c.Options()
			o.Credentials = credentials.NewStaticCredentialsProvider("AKIASTRANGER", "x", "")
			_, err := ec2.New(o).DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
			return err
		}},
	}
	for _, test := range tests {
		if got := code(test.call()); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	if out, err := c.DescribeInstances(ctx, &ec2.DescribeInstancesInput{}); err != nil || len(out.Reservations) != 0 {
		t.Errorf("something was launched: %v, %v", out, err)
	}
}

func TestCallerIdentity(t *testing.T) {
	s := start(t, scenarioFile(t, "account: \"123456789012\"\n"))
	o := client(s).Options()
	c := sts.New(sts.Options{Region: o.Region, BaseEndpoint: o.BaseEndpoint, Credentials: o.Credentials})
	out, err := c.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || aws.ToString(out.Account) != "123456789012" {
		t.Errorf("%v, %v", out, err)
	}
	c = sts.New(sts.Options{Region: o.Region, BaseEndpoint: o.BaseEndpoint, Credentials: credentials.NewStaticCredentialsProvider("AKIASTRANGER", "x", "")})
	_, err = c.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if got := code(err); got != "InvalidClientTokenId" {
		t.Errorf("a stranger: %s", got)
	}
}

func TestPagesAndFilters(t *testing.T) {
	s := start(t, scenarioFile(t, ""))
	c, ctx := client(s), t.Context()
	in := launchInput()
	in.MinCount, in.MaxCount = aws.Int32(12), aws.Int32(12)
	out, err := c.RunInstances(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	pages := ec2.NewDescribeInstancesPaginator(c, &ec2.DescribeInstancesInput{MaxResults: aws.Int32(5)})
	n := 0
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				seen[*i.InstanceId] = true
			}
		}
	}
	if n != 3 || len(seen) != 12 {
		t.Errorf("%d pages, %d instances", n, len(seen))
	}
	id := *out.Instances[3].InstanceId
	if _, err := c.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: []types.Tag{{Key: aws.String("a:b"), Value: aws.String("x1")}}}); err != nil {
		t.Fatal(err)
	}
	for _, f := range []types.Filter{
		{Name: aws.String("tag:a:b"), Values: []string{"nope", "x*"}}, {Name: aws.String("tag-key"), Values: []string{"a:?"}},
		{Name: aws.String("private-ip-address"), Values: []string{*out.Instances[3].PrivateIpAddress}},
	} {
		found, err := c.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []types.Filter{f}})
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Reservations) != 1 || len(found.Reservations[0].Instances) != 1 || *found.Reservations[0].Instances[0].InstanceId != id {
			t.Errorf("%s: %d reservations", *f.Name, len(found.Reservations))
		}
	}
}

func TestGroupsShowTheBastion(t *testing.T) {
	s := start(t, "")
	out, err := client(s).DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{GroupNames: []string{"rust-slave"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range out.SecurityGroups[0].IpPermissions {
		got = append(got, *p.IpProtocol, *p.IpRanges[0].CidrIp)
	}
	if diff := cmp.Diff([]string{"tcp", "127.0.0.1/32", "tcp", "127.0.0.1/32"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFaults(t *testing.T) {
	faults := `faults:
  - {action: RunInstances, error: lost-response}
  - {action: RunInstances, nth: 2, error: reset}
  - {action: RunInstances, nth: 3, error: not-found-after-create}
  - {action: RunInstances, nth: 4, error: InsufficientInstanceCapacity}
  - {action: DescribeImages, error: RequestLimitExceeded, repeat: 2}
  - {action: CreateImage, error: image-fails}
`
	s := start(t, scenarioFile(t, faults))
	c, ctx := once(s), t.Context()
	launch := func(token string) (*ec2.RunInstancesOutput, error) {
		in := launchInput()
		in.ClientToken = aws.String(token)
		return c.RunInstances(ctx, in)
	}
	for _, token := range []string{"lost", "reset"} {
		if _, err := launch(token); err == nil || isAPIError(err) {
			t.Errorf("%s: %v", token, err)
		}
	}
	all := s.State().Instances()
	if len(all) != 1 || all[0].Token != "lost" {
		t.Fatalf("what the cut calls left: %+v", all)
	}
	out, err := launch("hidden")
	if err != nil {
		t.Fatal(err)
	}
	id := *out.Instances[0].InstanceId
	for range 2 {
		_, err := c.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
		if code(err) != "InvalidInstanceID.NotFound" {
			t.Errorf("right after the launch: %v", err)
		}
	}
	eventually(t, "it runs", func(context.Context) (bool, error) { return instanceState(t, c, id) == "running", nil })
	if _, err := launch("scarce"); code(err) != "InsufficientInstanceCapacity" {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"RequestLimitExceeded", "RequestLimitExceeded", "<nil>"} {
		_, err := c.DescribeImages(ctx, &ec2.DescribeImagesInput{})
		if code(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	made, err := c.CreateImage(ctx, &ec2.CreateImageInput{InstanceId: aws.String(id), Name: aws.String("doomed")})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the image fails", func(ctx context.Context) (bool, error) {
		images, err := c.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{*made.ImageId}})
		return err == nil && images.Images[0].State == types.ImageStateFailed && images.Images[0].StateReason != nil, err
	})
}

func isAPIError(err error) bool {
	_, ok := errors.AsType[smithy.APIError](err)
	return ok
}

func TestLogOfCalls(t *testing.T) {
	s := start(t, scenarioFile(t, ""))
	c, ctx := once(s), t.Context()
	c.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{"ami-00000000"}})
	in := launchInput()
	in.DryRun = aws.Bool(true)
	c.RunInstances(ctx, in)
	type line struct {
		T      *float64
		Action string
		DryRun bool `json:"dry_run"`
		Status int
		Error  string
		Agent  string
		Params map[string]string
	}
	file, err := os.Open(filepath.Join(filepath.Dir(s.Ready().Config), "api.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var lines []line
	for scan := bufio.NewScanner(file); scan.Scan(); {
		var l line
		if err := json.Unmarshal(scan.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	if len(lines) != 2 || lines[0].T == nil || lines[0].Agent == "" || lines[0].Params["ImageId.1"] != "ami-00000000" ||
		lines[0].Status != 400 || lines[0].Error != "InvalidAMIID.NotFound" || lines[0].DryRun {
		t.Fatalf("unexpected lines: %+v", lines)
	}
	if l := lines[1]; l.Action != "RunInstances" || !l.DryRun || l.Status != 412 || l.Error != "DryRunOperation" {
		t.Errorf("unexpected line: %+v", l)
	}
}

func TestAttributesOfImages(t *testing.T) {
	s := start(t, scenarioFile(t, ""))
	c, ctx := client(s), t.Context()
	steps := []error{}
	_, err := c.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{ImageId: aws.String(image), LaunchPermission: &types.LaunchPermissionModifications{
		Add: []types.LaunchPermission{{UserId: aws.String("123456789012")}, {Group: types.PermissionGroupAll}}}})
	steps = append(steps, err)
	_, err = c.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{ImageId: aws.String(image), LaunchPermission: &types.LaunchPermissionModifications{
		Remove: []types.LaunchPermission{{Group: types.PermissionGroupAll}}}})
	steps = append(steps, err)
	_, err = c.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{ImageId: aws.String(image), ImdsSupport: &types.AttributeValue{Value: aws.String("v2.0")}})
	steps = append(steps, err)
	_, err = c.EnableImageDeprecation(ctx, &ec2.EnableImageDeprecationInput{ImageId: aws.String(image), DeprecateAt: aws.Time(time.Now().AddDate(1, 0, 0))})
	steps = append(steps, err)
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	out, err := c.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{ImageId: aws.String(image), Attribute: types.ImageAttributeNameLaunchPermission})
	if err != nil || len(out.LaunchPermissions) != 1 || aws.ToString(out.LaunchPermissions[0].UserId) != "123456789012" {
		t.Errorf("%+v, %v", out, err)
	}
	images, err := c.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{image}})
	if err != nil {
		t.Fatal(err)
	}
	if im := images.Images[0]; im.ImdsSupport != types.ImdsSupportValuesV20 || im.DeprecationTime == nil || aws.ToBool(im.Public) {
		t.Errorf("unexpected image: %+v", im)
	}
	_, err = c.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{ImageId: aws.String(image), LaunchPermission: &types.LaunchPermissionModifications{
		Add: []types.LaunchPermission{{UserId: aws.String("me")}}}})
	if code(err) != "InvalidAMIAttributeItemValue" {
		t.Errorf("got %v", err)
	}
}
