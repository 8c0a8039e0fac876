package ec2ops_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/cloud"
)

// plain is a query without what every query has.
func plain(q url.Values) map[string]string {
	out := map[string]string{}
	for key := range q {
		if key != "Action" && key != "Version" {
			out[key] = q.Get(key)
		}
	}
	return out
}

func launched() reply {
	return ok("RunInstances", `<instancesSet>`+instanceXML("i-1", "pending", "<privateIpAddress>127.66.0.5</privateIpAddress>")+`</instancesSet>`)
}

func TestLaunchAsks(t *testing.T) {
	tags := map[string]string{cloud.TagRole: cloud.RoleBuilder, "Name": "builder"}
	base := map[string]string{
		"ImageId": "ami-1", "InstanceType": "m3.xlarge", "MinCount": "1", "MaxCount": "1", "ClientToken": "token",
		"InstanceInitiatedShutdownBehavior": "stop",
		"TagSpecification.1.ResourceType":   "instance", "TagSpecification.1.Tag.1.Key": "Name", "TagSpecification.1.Tag.1.Value": "builder",
		"TagSpecification.1.Tag.2.Key": cloud.TagRole, "TagSpecification.1.Tag.2.Value": "builder",
		"TagSpecification.2.ResourceType": "volume", "TagSpecification.2.Tag.1.Key": "Name", "TagSpecification.2.Tag.1.Value": "builder",
		"TagSpecification.2.Tag.2.Key": cloud.TagRole, "TagSpecification.2.Tag.2.Value": "builder",
	}
	with := func(extra map[string]string) map[string]string {
		out := map[string]string{}
		for _, m := range []map[string]string{base, extra} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	spotTags := map[string]string{
		"TagSpecification.3.ResourceType": "spot-instances-request", "TagSpecification.3.Tag.1.Key": "Name", "TagSpecification.3.Tag.1.Value": "builder",
		"TagSpecification.3.Tag.2.Key": cloud.TagRole, "TagSpecification.3.Tag.2.Value": "builder",
		"InstanceMarketOptions.MarketType": "spot", "InstanceMarketOptions.SpotOptions.SpotInstanceType": "persistent",
		"InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior": "stop",
	}
	tests := []struct {
		name   string
		change func(*cloud.LaunchSpec)
		want   map[string]string
	}{
		{"the least", func(*cloud.LaunchSpec) {}, base},
		{"groups, subnet, key, profile", func(s *cloud.LaunchSpec) {
			s.GroupIDs, s.SubnetID, s.KeyName, s.InstanceProfile = []string{"sg-1", "sg-2"}, "subnet-1", "key", "reader"
		}, with(map[string]string{"SecurityGroupId.1": "sg-1", "SecurityGroupId.2": "sg-2", "SubnetId": "subnet-1", "KeyName": "key", "IamInstanceProfile.Name": "reader"})},
		{"a profile by ARN", func(s *cloud.LaunchSpec) { s.InstanceProfile = "arn:aws:iam::1:instance-profile/reader" },
			with(map[string]string{"IamInstanceProfile.Arn": "arn:aws:iam::1:instance-profile/reader"})},
		{"IMDSv2", func(s *cloud.LaunchSpec) { s.RequireIMDSv2 = true },
			with(map[string]string{"MetadataOptions.HttpTokens": "required", "MetadataOptions.HttpEndpoint": "enabled"})},
		{"spot", func(s *cloud.LaunchSpec) { s.Spot = true }, with(spotTags)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, func(int, url.Values) reply { return launched() })
			spec := cloud.LaunchSpec{ImageID: "ami-1", Type: "m3.xlarge", ClientToken: "token", Tags: tags}
			tt.change(&spec)
			i, err := w.client(t).Launch(ctx(), spec)
			if err != nil {
				t.Fatal(err)
			}
			if i.ID != "i-1" || i.State != cloud.InstancePending || i.PrivateIP != "127.66.0.5" {
				t.Errorf("got %+v", i)
			}
			if d := cmp.Diff(tt.want, plain(w.asked("RunInstances")[0].Values)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNothingIsMadeUntagged(t *testing.T) {
	w := newWire(t, func(int, url.Values) reply { return launched() })
	c := w.client(t)
	if _, err := c.Launch(ctx(), cloud.LaunchSpec{ImageID: "ami-1"}); cloud.KindOf(err) != cloud.Invalid {
		t.Errorf("Launch: %v", err)
	}
	if _, err := c.CreateImage(ctx(), cloud.ImageSpec{InstanceID: "i-1", Name: "abc"}); cloud.KindOf(err) != cloud.Invalid {
		t.Errorf("CreateImage: %v", err)
	}
	if n := len(w.asked("")); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestCreateImageAsks(t *testing.T) {
	w := newWire(t, func(int, url.Values) reply { return ok("CreateImage", "<imageId>ami-2</imageId>") })
	id, err := w.client(t).CreateImage(ctx(), cloud.ImageSpec{
		InstanceID: "i-1", Name: "rust-linux new", Description: "d", Tags: map[string]string{cloud.TagRole: cloud.RoleReplacement},
	})
	if err != nil || id != "ami-2" {
		t.Fatalf("got %s, %v", id, err)
	}
	want := map[string]string{
		"InstanceId": "i-1", "Name": "rust-linux new", "Description": "d", "NoReboot": "false",
		"TagSpecification.1.ResourceType": "image", "TagSpecification.1.Tag.1.Key": cloud.TagRole, "TagSpecification.1.Tag.1.Value": "replacement",
		"TagSpecification.2.ResourceType": "snapshot", "TagSpecification.2.Tag.1.Key": cloud.TagRole, "TagSpecification.2.Tag.1.Value": "replacement",
	}
	if d := cmp.Diff(want, plain(w.asked("CreateImage")[0].Values)); d != "" {
		t.Error(d)
	}
}

// TestTagAfterCreate: tags for an image that EC2 doesn't know everywhere yet.
func TestTagAfterCreate(t *testing.T) {
	w := newWire(t, func(n int, q url.Values) reply {
		switch {
		case q.Get("Action") == "CreateImage":
			return ok("CreateImage", "<imageId>ami-2</imageId>")
		case n < 5:
			return refusal(400, "InvalidAMIID.NotFound", "The image id '[ami-2]' does not exist")
		}
		return ok("CreateTags", "<return>true</return>")
	})
	c := w.client(t)
	tags := map[string]string{cloud.TagRole: cloud.RoleReplacement}
	if _, err := c.CreateImage(ctx(), cloud.ImageSpec{InstanceID: "i-1", Name: "abc", Tags: tags}); err != nil {
		t.Fatal(err)
	}
	if err := c.Tag(ctx(), "ami-2", map[string]string{"b": "2", "a": "1"}); err != nil {
		t.Errorf("got %v", err)
	}
	calls := w.asked("CreateTags")
	want := map[string]string{"ResourceId.1": "ami-2", "Tag.1.Key": "a", "Tag.1.Value": "1", "Tag.2.Key": "b", "Tag.2.Value": "2"}
	if d := cmp.Diff(want, plain(calls[len(calls)-1].Values)); d != "" {
		t.Error(d)
	}

	gone := newWire(t, func(int, url.Values) reply {
		return refusal(400, "InvalidAMIID.NotFound", "The image id '[ami-9]' does not exist")
	})
	if err := gone.client(t).Tag(ctx(), "ami-9", tags); cloud.KindOf(err) != cloud.NotFound || len(gone.asked("")) != 1 {
		t.Errorf("an image of no making of ours: %v after %d calls", err, len(gone.asked("")))
	}
}

func TestCarry(t *testing.T) {
	later := time.Now().UTC().AddDate(1, 0, 0).Truncate(time.Minute)
	full := cloud.Image{ID: "ami-1", IMDSSupport: "v2.0", DeprecationTime: later}
	everyone := []cloud.Permission{{UserID: "123456789012"}, {Group: "all"}, {OrganizationARN: "arn:o"}, {OrganizationalUnitARN: "arn:ou"}}
	tests := []struct {
		name        string
		source, has cloud.Image
		permissions []cloud.Permission
		want        []map[string]string // the changes, in order
	}{
		{"nothing to carry", cloud.Image{}, cloud.Image{}, nil, nil},
		{"nothing that differs", full, full, nil, nil},
		{"permissions are added whether they are there or not", full, full, everyone[:1], []map[string]string{
			{"ImageId": "ami-2", "LaunchPermission.Add.1.UserId": "123456789012"},
		}},
		{"all of it", full, cloud.Image{}, everyone, []map[string]string{
			{"ImageId": "ami-2", "ImdsSupport.Value": "v2.0"},
			{"ImageId": "ami-2", "DeprecateAt": later.Format(time.RFC3339)},
			{"ImageId": "ami-2", "LaunchPermission.Add.1.UserId": "123456789012", "LaunchPermission.Add.2.Group": "all",
				"LaunchPermission.Add.3.OrganizationArn": "arn:o", "LaunchPermission.Add.4.OrganizationalUnitArn": "arn:ou"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, func(_ int, q url.Values) reply { return ok(q.Get("Action"), "<return>true</return>") })
			tt.has.ID = "ami-2"
			if err := w.client(t).Carry(ctx(), tt.source, tt.permissions, tt.has); err != nil {
				t.Fatal(err)
			}
			var got []map[string]string
			for _, c := range w.asked("") {
				got = append(got, plain(c.Values))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
