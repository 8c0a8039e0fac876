package ec2ops

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

// fromLaunchSpec asks for exactly one instance. The same spec gives the same
// request to the byte, since EC2 compares them under one client token. There is
// never any user data: an instance of ours must not take up its image's work.
func fromLaunchSpec(s cloud.LaunchSpec) *ec2.RunInstancesInput {
	in := &ec2.RunInstancesInput{
		ImageId:                           aws.String(s.ImageID),
		InstanceType:                      types.InstanceType(s.Type),
		MinCount:                          aws.Int32(1),
		MaxCount:                          aws.Int32(1),
		SecurityGroupIds:                  s.GroupIDs,
		SubnetId:                          optional(s.SubnetID),
		KeyName:                           optional(s.KeyName),
		ClientToken:                       optional(s.ClientToken),
		InstanceInitiatedShutdownBehavior: types.ShutdownBehaviorStop,
		IamInstanceProfile:                fromProfile(s.InstanceProfile),
	}
	tagged := []types.ResourceType{types.ResourceTypeInstance, types.ResourceTypeVolume}
	if s.RequireIMDSv2 {
		in.MetadataOptions = &types.InstanceMetadataOptionsRequest{
			HttpEndpoint: types.InstanceMetadataEndpointStateEnabled,
			HttpTokens:   types.HttpTokensStateRequired,
		}
	}
	if s.Spot {
		in.InstanceMarketOptions = spotOptions(s.Tags[cloud.TagRole])
		tagged = append(tagged, types.ResourceTypeSpotInstancesRequest)
	}
	in.TagSpecifications = fromTagsOn(s.Tags, tagged...)
	return in
}

// spotOptions: a builder is stopped to be baked, and EC2 stops spot instances
// of persistent requests only. Such a request would launch another instance,
// without our tags, when it is interrupted by termination, so it asks to be
// stopped instead; Terminate cancels the request first.
func spotOptions(role string) *types.InstanceMarketOptionsRequest {
	spot := &types.SpotMarketOptions{SpotInstanceType: types.SpotInstanceTypeOneTime}
	if role == cloud.RoleBuilder {
		spot.SpotInstanceType = types.SpotInstanceTypePersistent
		spot.InstanceInterruptionBehavior = types.InstanceInterruptionBehaviorStop
	}
	return &types.InstanceMarketOptionsRequest{MarketType: types.MarketTypeSpot, SpotOptions: spot}
}

func fromProfile(nameOrARN string) *types.IamInstanceProfileSpecification {
	switch {
	case nameOrARN == "":
		return nil
	case strings.HasPrefix(nameOrARN, "arn:"):
		return &types.IamInstanceProfileSpecification{Arn: aws.String(nameOrARN)}
	}
	return &types.IamInstanceProfileSpecification{Name: aws.String(nameOrARN)}
}

// fromImageSpec leaves NoReboot false. The instance is stopped by then, and
// nothing reboots; should somebody have started it in the meantime, EC2 shuts
// it down for a consistent image where NoReboot would bake torn files.
func fromImageSpec(s cloud.ImageSpec) *ec2.CreateImageInput {
	return &ec2.CreateImageInput{
		InstanceId:        aws.String(s.InstanceID),
		Name:              aws.String(s.Name),
		Description:       optional(s.Description),
		NoReboot:          aws.Bool(false),
		TagSpecifications: fromTagsOn(s.Tags, types.ResourceTypeImage, types.ResourceTypeSnapshot),
	}
}

func fromTagsOn(tags map[string]string, kinds ...types.ResourceType) []types.TagSpecification {
	if len(tags) == 0 {
		return nil
	}
	var specs []types.TagSpecification
	for _, kind := range kinds {
		specs = append(specs, types.TagSpecification{ResourceType: kind, Tags: fromTags(tags)})
	}
	return specs
}

func fromTags(tags map[string]string) []types.Tag {
	var out []types.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}

func fromPermission(p cloud.Permission) types.LaunchPermission {
	return types.LaunchPermission{
		UserId:                optional(p.UserID),
		Group:                 types.PermissionGroup(p.Group),
		OrganizationArn:       optional(p.OrganizationARN),
		OrganizationalUnitArn: optional(p.OrganizationalUnitARN),
	}
}

// filter matches any of the values, to the letter.
func filter(name string, values ...string) types.Filter {
	literal := make([]string, len(values))
	for i, v := range values {
		literal[i] = wildcards.Replace(v)
	}
	return types.Filter{Name: aws.String(name), Values: literal}
}

// In a filter, * stands for any text, ? for one character, \ for the next one itself.
var wildcards = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
