package ec2ops

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/cloud"
)

func TestToSecurityGroup(t *testing.T) {
	got := toSecurityGroup(types.SecurityGroup{
		GroupId: aws.String("sg-1"), GroupName: aws.String("rust-slave"), VpcId: aws.String("vpc-1"),
		IpPermissions: []types.IpPermission{
			{
				IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22),
				IpRanges:         []types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}},
				Ipv6Ranges:       []types.Ipv6Range{{CidrIpv6: aws.String("2001:db8::/32")}},
				UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: aws.String("sg-2")}},
				PrefixListIds:    []types.PrefixListId{{PrefixListId: aws.String("pl-1")}},
			},
			{IpProtocol: aws.String("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: aws.String("sg-1")}}},
		},
		IpPermissionsEgress: []types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}},
	})
	want := cloud.SecurityGroup{ID: "sg-1", Name: "rust-slave", VPCID: "vpc-1", Ingress: []cloud.Rule{
		{Protocol: "tcp", FromPort: 22, ToPort: 22, CIDRs: []string{"10.0.0.0/8", "2001:db8::/32"}, GroupIDs: []string{"sg-2"}, PrefixLists: []string{"pl-1"}},
		{Protocol: "-1", GroupIDs: []string{"sg-1"}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestToReason(t *testing.T) {
	tests := []struct{ code, message, want string }{
		{"", "", ""},
		{"Client.X", "", "Client.X"},
		{"", "because", "because"},
		{"Client.X", "because", "Client.X: because"},
		{"Client.X", "Client.X: because", "Client.X: because"},
	}
	for _, tt := range tests {
		if got := toReason(&types.StateReason{Code: aws.String(tt.code), Message: aws.String(tt.message)}); got != tt.want {
			t.Errorf("toReason(%q, %q) = %q, want %q", tt.code, tt.message, got, tt.want)
		}
	}
	if got := toReason(nil); got != "" {
		t.Errorf("toReason(nil) = %q", got)
	}
}
