package ec2ops_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/ec2ops"
)

// site is an EC2 to test against, and what may be used there.
type site struct {
	getenv       func(string) string
	poll         time.Duration
	limit        time.Duration // for one test; zero: a minute
	image        string        // ours, EBS-backed Linux
	group        string        // a security group's name, in the default VPC
	instanceType string
	permission   string // an account that the image is shared with, "" for none
	shareWith    string // an account that a replacement may be shared with, "" for none
}

func (s site) client(t *testing.T) *ec2ops.Client {
	t.Helper()
	c, err := ec2ops.New(t.Context(), ec2ops.Options{Getenv: s.getenv, PollMin: s.poll, UserAgent: "amirotate/test", Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// suite is what holds at any EC2. It leaves nothing behind.
func suite(t *testing.T, s site) {
	t.Run("surroundings", func(t *testing.T) { testSurroundings(t, s) })
	t.Run("life of a replacement", func(t *testing.T) { testLife(t, s) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, s) })
}

// TestSuite runs against the embedded EC2, or the one at AMIROTATE_TEST_ENDPOINT.
func TestSuite(t *testing.T) {
	s, ok := elsewhere(t)
	if !ok {
		s = newEmbedded(t).site
	}
	suite(t, s)
}

func patience(t *testing.T) context.Context { return site{}.patience(t) }

func (s site) patience(t *testing.T) context.Context {
	t.Helper()
	limit := s.limit
	if limit == 0 {
		limit = time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func testSurroundings(t *testing.T, s site) {
	ctx, c := s.patience(t), s.client(t)
	groups, err := c.SecurityGroups(ctx, []string{s.group, "no-such-group", "sg-00000000"})
	if err != nil || len(groups) != 1 || groups[0].Name != s.group || len(groups[0].Ingress) == 0 {
		t.Errorf("groups %+v, %v", groups, err)
	}
	byBoth, err := c.SecurityGroups(ctx, []string{s.group, groups[0].ID})
	if err != nil || len(byBoth) != 1 {
		t.Errorf("by name and id: %+v, %v", byBoth, err)
	}
	subnets, err := c.Subnets(ctx, nil)
	if err != nil || len(subnets) == 0 || !subnets[0].DefaultForZone {
		t.Fatalf("default subnets %+v, %v", subnets, err)
	}
	if same, err := c.Subnets(ctx, []string{subnets[0].ID, "subnet-00000000"}); err != nil || len(same) != 1 {
		t.Errorf("subnet by id: %+v, %v", same, err)
	}
	if keys, err := c.KeyPairs(ctx, []string{"no-such-key"}); err != nil || len(keys) != 0 {
		t.Errorf("keys %v, %v", keys, err)
	}
	types, err := c.InstanceTypes(ctx, []string{s.instanceType, "m0.none"})
	if err != nil || len(types) != 1 || types[0].VCPUs == 0 || len(types[0].Architectures) == 0 || len(types[0].VirtualizationTypes) == 0 {
		t.Errorf("types %+v, %v", types, err)
	}
	offers, err := c.Offerings(ctx, []string{s.instanceType, "m0.none"})
	if err != nil || len(offers) != 1 || len(offers[s.instanceType]) == 0 {
		t.Errorf("offerings %v, %v", offers, err)
	}
	images, err := c.Images(ctx, []string{s.image, "ami-00000000"})
	if err != nil || len(images) != 1 || !images[0].Mine || images[0].State != cloud.ImageAvailable || images[0].RootDeviceType != "ebs" {
		t.Errorf("images %+v, %v", images, err)
	}
	permissions, err := c.LaunchPermissions(ctx, s.image)
	if err != nil || s.permission != "" && !slices.Contains(permissions, cloud.Permission{UserID: s.permission}) {
		t.Errorf("launch permissions %v, %v", permissions, err)
	}
}

// spec is a launch at the site; each test has a source image id of its own, so
// that tests don't see each other's instances.
func (s site) spec(role, source string) cloud.LaunchSpec {
	return cloud.LaunchSpec{
		ImageID: s.image, Type: s.instanceType, ClientToken: fmt.Sprintf("%s-%d", source, time.Now().UnixNano()),
		Tags: map[string]string{cloud.TagRole: role, cloud.TagSourceImage: source, "Name": "ec2ops test"},
	}
}

func running(i cloud.Instance) bool { return i.State == cloud.InstanceRunning && i.PrivateIP != "" }
func stopped(i cloud.Instance) bool { return i.State == cloud.InstanceStopped }
func gone(i cloud.Instance) bool    { return i.State == cloud.InstanceTerminated }
func ready(i cloud.Image) bool      { return i.State == cloud.ImageAvailable }

func testLife(t *testing.T, s site) {
	ctx, c := s.patience(t), s.client(t)
	source := fmt.Sprintf("ami-life-%d", time.Now().UnixNano())
	spec := s.spec(cloud.RoleBuilder, source)
	if err := c.RehearseLaunch(ctx, spec); err != nil {
		t.Fatal(err)
	}
	builder, err := c.Launch(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Terminate(context.WithoutCancel(ctx), builder.ID) })
	again, err := s.client(t).Launch(ctx, spec)
	if err != nil || again.ID != builder.ID {
		t.Errorf("the same token launched %s beside %s: %v", again.ID, builder.ID, err)
	}
	other := spec
	other.Type = "m3.large"
	if _, err := c.Launch(ctx, other); cloud.KindOf(err) != cloud.TokenMismatch {
		t.Errorf("the same token, another type: %v", err)
	}
	up, err := c.AwaitInstance(ctx, builder.ID, running)
	if err != nil || up.Tags[cloud.TagSourceImage] != source {
		t.Fatalf("%+v, %v", up, err)
	}
	found, err := c.InstanceWithToken(ctx, spec.ClientToken)
	if err != nil || found == nil || found.ID != builder.ID {
		t.Errorf("by token: %+v, %v", found, err)
	}
	at, err := c.InstancesAt(ctx, []string{up.PrivateIP, "192.0.2.1"})
	if err != nil || len(at) != 1 || at[0].ID != builder.ID {
		t.Errorf("by address: %+v, %v", at, err)
	}
	mine, err := c.Temporaries(ctx, []string{source})
	if err != nil || len(mine) != 1 || mine[0].ID != builder.ID {
		t.Errorf("temporaries: %+v, %v", mine, err)
	}
	if _, err := c.Console(ctx, builder.ID); err != nil {
		t.Error(err)
	}
	if err := c.Stop(ctx, builder.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AwaitInstance(ctx, builder.ID, stopped); err != nil {
		t.Fatal(err)
	}
	testBake(ctx, t, s, builder.ID, source)
	if err := s.client(t).Terminate(ctx, builder.ID); err != nil { // another process, which did not make it
		t.Fatal(err)
	}
	if _, err := c.AwaitInstance(ctx, builder.ID, gone); err != nil {
		t.Fatal(err)
	}
	if err := c.Terminate(ctx, builder.ID); err != nil {
		t.Errorf("terminating twice: %v", err)
	}
}

func testBake(ctx context.Context, t *testing.T, s site, builder, source string) {
	c := s.client(t)
	name := strings.ReplaceAll(source, "ami", "image")
	spec := cloud.ImageSpec{
		InstanceID: builder, Name: name, Description: "ec2ops test",
		Tags: map[string]string{cloud.TagRole: cloud.RoleReplacement, cloud.TagSourceImage: source},
	}
	id, err := c.CreateImage(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Deregister(context.WithoutCancel(ctx), id) })
	if _, err := c.CreateImage(ctx, spec); cloud.KindOf(err) != cloud.NameTaken {
		t.Errorf("the same name twice: %v", err)
	}
	image, err := c.AwaitImage(ctx, id, ready)
	if err != nil || !image.Mine || len(image.BlockDevices) == 0 || image.BlockDevices[0].SnapshotID == "" {
		t.Fatalf("%+v, %v", image, err)
	}
	if err := c.Tag(ctx, id, map[string]string{cloud.TagProvenAt: "2015-07-14T00:00:00Z"}); err != nil {
		t.Error(err)
	}
	deprecation := time.Now().UTC().AddDate(1, 0, 0).Truncate(time.Minute)
	var permissions []cloud.Permission
	if s.shareWith != "" {
		permissions = append(permissions, cloud.Permission{UserID: s.shareWith})
	}
	if err := c.Carry(ctx, cloud.Image{DeprecationTime: deprecation, IMDSSupport: "v2.0"}, permissions, image); err != nil {
		t.Error(err)
	}
	for _, read := range []func() ([]cloud.Image, error){
		func() ([]cloud.Image, error) { return c.Images(ctx, []string{id}) },
		func() ([]cloud.Image, error) { return c.ImagesNamed(ctx, []string{name, "no such image"}) },
		func() ([]cloud.Image, error) { return c.Replacements(ctx, []string{source}) },
	} {
		got, err := read()
		if err != nil || len(got) != 1 || got[0].ID != id || got[0].Tags[cloud.TagProvenAt] == "" ||
			!got[0].DeprecationTime.Equal(deprecation) || got[0].IMDSSupport != "v2.0" {
			t.Errorf("the replacement reads %+v, %v", got, err)
		}
	}
	if has, err := c.LaunchPermissions(ctx, id); err != nil || !slices.Equal(has, permissions) {
		t.Errorf("launch permissions %v, %v; want %v", has, err, permissions)
	}
	if err := s.client(t).Deregister(ctx, id); err != nil {
		t.Fatal(err)
	}
	for _, d := range image.BlockDevices {
		if err := c.DeleteSnapshot(ctx, d.SnapshotID); d.SnapshotID != "" && cloud.KindOf(err) != cloud.NotFound {
			t.Errorf("%s is left: %v", d.SnapshotID, err)
		}
	}
	if err := s.client(t).Deregister(ctx, id); cloud.KindOf(err) != cloud.NotFound {
		t.Errorf("deregistering twice: %v", err)
	}
}

func testRefusals(t *testing.T, s site) {
	ctx, c := s.patience(t), s.client(t)
	if err := c.Deregister(ctx, s.image); cloud.KindOf(err) != cloud.ForeignResource {
		t.Errorf("a source image: %v", err)
	}
	if images, err := c.Images(ctx, []string{s.image}); err != nil || len(images) != 1 {
		t.Errorf("it is gone: %v, %v", images, err)
	}
	tests := []struct {
		name   string
		change func(*cloud.LaunchSpec)
		want   cloud.Kind
	}{
		{"no such image", func(l *cloud.LaunchSpec) { l.ImageID = "ami-00000000" }, cloud.NotFound},
		{"no such group", func(l *cloud.LaunchSpec) { l.GroupIDs = []string{"sg-00000000"} }, cloud.NotFound},
		{"no such subnet", func(l *cloud.LaunchSpec) { l.SubnetID = "subnet-00000000" }, cloud.NotFound},
		{"no such key", func(l *cloud.LaunchSpec) { l.KeyName = "no-such-key" }, cloud.NotFound},
		{"no image id", func(l *cloud.LaunchSpec) { l.ImageID = "ami-x" }, cloud.Invalid},
		{"no such type", func(l *cloud.LaunchSpec) { l.Type = "m0.none" }, cloud.Invalid},
	}
	for _, tt := range tests {
		spec := s.spec(cloud.RoleBuilder, "ami-none")
		tt.change(&spec)
		if err := c.RehearseLaunch(ctx, spec); cloud.KindOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	for _, id := range []string{"i-00000000", "i-0123456789abcdef0"} {
		if err := c.Terminate(ctx, id); cloud.KindOf(err) != cloud.NotFound {
			t.Errorf("terminating %s: %v", id, err)
		}
		if _, err := c.Instance(ctx, id); cloud.KindOf(err) != cloud.NotFound {
			t.Errorf("reading %s: %v", id, err)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Images(ended, []string{s.image}); cloud.KindOf(err) != cloud.InterruptedCall || !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
}
