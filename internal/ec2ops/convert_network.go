package ec2ops

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

func toSecurityGroup(g types.SecurityGroup) cloud.SecurityGroup {
	out := cloud.SecurityGroup{
		ID:    aws.ToString(g.GroupId),
		Name:  aws.ToString(g.GroupName),
		VPCID: aws.ToString(g.VpcId),
	}
	for _, p := range g.IpPermissions {
		out.Ingress = append(out.Ingress, toRule(p))
	}
	return out
}

func toRule(p types.IpPermission) cloud.Rule {
	r := cloud.Rule{
		Protocol: aws.ToString(p.IpProtocol),
		FromPort: aws.ToInt32(p.FromPort),
		ToPort:   aws.ToInt32(p.ToPort),
	}
	for _, v4 := range p.IpRanges {
		r.CIDRs = append(r.CIDRs, aws.ToString(v4.CidrIp))
	}
	for _, v6 := range p.Ipv6Ranges {
		r.CIDRs = append(r.CIDRs, aws.ToString(v6.CidrIpv6))
	}
	for _, g := range p.UserIdGroupPairs {
		r.GroupIDs = append(r.GroupIDs, aws.ToString(g.GroupId))
	}
	for _, l := range p.PrefixListIds {
		r.PrefixLists = append(r.PrefixLists, aws.ToString(l.PrefixListId))
	}
	return r
}

func toSubnet(s types.Subnet) cloud.Subnet {
	return cloud.Subnet{
		ID:             aws.ToString(s.SubnetId),
		VPCID:          aws.ToString(s.VpcId),
		Zone:           aws.ToString(s.AvailabilityZone),
		DefaultForZone: aws.ToBool(s.DefaultForAz),
	}
}

func toInstanceType(t types.InstanceTypeInfo) cloud.InstanceType {
	out := cloud.InstanceType{
		Name:                string(t.InstanceType),
		VirtualizationTypes: texts(t.SupportedVirtualizationTypes),
		BootModes:           texts(t.SupportedBootModes),
		Nitro:               t.Hypervisor == types.InstanceTypeHypervisorNitro || aws.ToBool(t.BareMetal),
	}
	if t.ProcessorInfo != nil {
		out.Architectures = texts(t.ProcessorInfo.SupportedArchitectures)
	}
	if t.NetworkInfo != nil {
		out.ENARequired = t.NetworkInfo.EnaSupport == types.EnaSupportRequired
	}
	if t.VCpuInfo != nil {
		out.VCPUs = aws.ToInt32(t.VCpuInfo.DefaultVCpus)
	}
	return out
}

func texts[S ~string](values []S) []string {
	var out []string
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}
