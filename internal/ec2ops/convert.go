package ec2ops

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

func toImage(i types.Image, mine bool) cloud.Image {
	return cloud.Image{
		ID:                 aws.ToString(i.ImageId),
		Name:               aws.ToString(i.Name),
		Description:        aws.ToString(i.Description),
		OwnerID:            aws.ToString(i.OwnerId),
		Mine:               mine,
		State:              cloud.ImageState(i.State),
		StateReason:        toReason(i.StateReason),
		Platform:           toPlatform(i.Platform, i.PlatformDetails),
		Architecture:       string(i.Architecture),
		VirtualizationType: string(i.VirtualizationType),
		RootDeviceType:     string(i.RootDeviceType),
		RootDeviceName:     aws.ToString(i.RootDeviceName),
		BootMode:           string(i.BootMode),
		ENASupport:         aws.ToBool(i.EnaSupport),
		SriovNetSupport:    aws.ToString(i.SriovNetSupport),
		IMDSSupport:        string(i.ImdsSupport),
		TPMSupport:         string(i.TpmSupport),
		DeprecationTime:    toTime(i.DeprecationTime),
		CreationTime:       toTime(i.CreationDate),
		BlockDevices:       toBlockDevices(i.BlockDeviceMappings),
		Tags:               toTags(i.Tags),
	}
}

func toBlockDevices(mappings []types.BlockDeviceMapping) []cloud.BlockDevice {
	var devices []cloud.BlockDevice
	for _, m := range mappings {
		d := cloud.BlockDevice{DeviceName: aws.ToString(m.DeviceName), VirtualName: aws.ToString(m.VirtualName)}
		if e := m.Ebs; e != nil {
			d.SnapshotID = aws.ToString(e.SnapshotId)
			d.VolumeType = string(e.VolumeType)
			d.SizeGiB = aws.ToInt32(e.VolumeSize)
			d.IOPS = aws.ToInt32(e.Iops)
			d.ThroughputMiBps = aws.ToInt32(e.Throughput)
			d.Encrypted = aws.ToBool(e.Encrypted)
			d.DeleteOnTermination = aws.ToBool(e.DeleteOnTermination)
		}
		devices = append(devices, d)
	}
	return devices
}

func toInstance(i types.Instance) cloud.Instance {
	out := cloud.Instance{
		ID:          aws.ToString(i.InstanceId),
		ImageID:     aws.ToString(i.ImageId),
		Platform:    toPlatform(i.Platform, i.PlatformDetails),
		Type:        string(i.InstanceType),
		PrivateIP:   aws.ToString(i.PrivateIpAddress),
		PublicIP:    aws.ToString(i.PublicIpAddress),
		VPCID:       aws.ToString(i.VpcId),
		SubnetID:    aws.ToString(i.SubnetId),
		KeyName:     aws.ToString(i.KeyName),
		ClientToken: aws.ToString(i.ClientToken),
		Spot:        i.InstanceLifecycle == types.InstanceLifecycleTypeSpot,
		LaunchTime:  aws.ToTime(i.LaunchTime),
		Tags:        toTags(i.Tags),
	}
	if i.State != nil {
		out.State = cloud.InstanceState(i.State.Name)
	}
	if i.StateReason != nil {
		out.StateReason = aws.ToString(i.StateReason.Code)
	}
	if i.Placement != nil {
		out.Zone = aws.ToString(i.Placement.AvailabilityZone)
	}
	if i.IamInstanceProfile != nil {
		out.InstanceProfile = aws.ToString(i.IamInstanceProfile.Arn)
	}
	for _, g := range i.SecurityGroups {
		out.GroupIDs = append(out.GroupIDs, aws.ToString(g.GroupId))
	}
	return out
}

// toHoldings returns what an instance would leave behind when terminated.
func toHoldings(i types.Instance) holdings {
	h := holdings{spotRequest: aws.ToString(i.SpotInstanceRequestId), attached: len(i.BlockDeviceMappings) > 0}
	for _, m := range i.BlockDeviceMappings {
		if m.Ebs != nil && !aws.ToBool(m.Ebs.DeleteOnTermination) {
			h.outliving = append(h.outliving, aws.ToString(m.DeviceName))
		}
	}
	return h
}

func toSnapshot(s types.Snapshot) cloud.Snapshot {
	return cloud.Snapshot{ID: aws.ToString(s.SnapshotId), StartTime: aws.ToTime(s.StartTime), Tags: toTags(s.Tags)}
}

func toPlatform(p types.PlatformValues, details *string) string {
	if strings.EqualFold(string(p), cloud.Windows) || strings.HasPrefix(aws.ToString(details), "Windows") {
		return cloud.Windows
	}
	return cloud.Linux
}

func toReason(r *types.StateReason) string {
	if r == nil {
		return ""
	}
	code, message := aws.ToString(r.Code), aws.ToString(r.Message)
	switch {
	case message == "":
		return code
	case code == "" || strings.Contains(message, code):
		return message
	}
	return code + ": " + message
}

// toTime reads the ISO 8601 times that EC2 sends as text; zero if there is none.
func toTime(s *string) time.Time {
	t, err := time.Parse(time.RFC3339, aws.ToString(s))
	if err != nil {
		return time.Time{}
	}
	return t
}

func toTags(tags []types.Tag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

func toPermission(p types.LaunchPermission) cloud.Permission {
	return cloud.Permission{
		UserID:                aws.ToString(p.UserId),
		Group:                 string(p.Group),
		OrganizationARN:       aws.ToString(p.OrganizationArn),
		OrganizationalUnitARN: aws.ToString(p.OrganizationalUnitArn),
	}
}
