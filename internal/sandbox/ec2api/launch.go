package ec2api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type blockDeviceParam struct {
	DeviceName  string  `q:"DeviceName"`
	VirtualName string  `q:"VirtualName"`
	NoDevice    *string `q:"NoDevice"`
	EBS         struct {
		SnapshotID          *string `q:"SnapshotId"`
		VolumeSize          *int32  `q:"VolumeSize"`
		VolumeType          *string `q:"VolumeType"`
		IOPS                *int32  `q:"Iops"`
		Throughput          *int32  `q:"Throughput"`
		Encrypted           *bool   `q:"Encrypted"`
		DeleteOnTermination *bool   `q:"DeleteOnTermination"`
	} `q:"Ebs"`
}

func overrides(params []blockDeviceParam) []ec2state.BlockDeviceOverride {
	var out []ec2state.BlockDeviceOverride
	for _, p := range params {
		e := p.EBS
		out = append(out, ec2state.BlockDeviceOverride{
			Device: p.DeviceName, Virtual: p.VirtualName, NoDevice: p.NoDevice != nil, SnapshotID: e.SnapshotID, Type: e.VolumeType,
			Size: e.VolumeSize, IOPS: e.IOPS, Throughput: e.Throughput, Encrypted: e.Encrypted, DeleteOnTermination: e.DeleteOnTermination,
		})
	}
	return out
}

type networkInterfaceParam struct {
	DeviceIndex         int      `q:"DeviceIndex"`
	SubnetID            string   `q:"SubnetId"`
	GroupIDs            []string `q:"SecurityGroupId"`
	AssociatePublicIP   ignored  `q:"AssociatePublicIpAddress"`
	DeleteOnTermination ignored  `q:"DeleteOnTermination"`
	Description         ignored  `q:"Description"`
}

type runInstancesRequest struct {
	dry
	ImageID             string                  `q:"ImageId"`
	InstanceType        string                  `q:"InstanceType"`
	MinCount            int                     `q:"MinCount"`
	MaxCount            int                     `q:"MaxCount"`
	GroupIDs            []string                `q:"SecurityGroupId"`
	GroupNames          []string                `q:"SecurityGroup"`
	SubnetID            string                  `q:"SubnetId"`
	KeyName             string                  `q:"KeyName"`
	ClientToken         string                  `q:"ClientToken"`
	UserData            []byte                  `q:"UserData"`
	ShutdownBehavior    string                  `q:"InstanceInitiatedShutdownBehavior"`
	DisableTermination  bool                    `q:"DisableApiTermination"`
	DisableStop         bool                    `q:"DisableApiStop"`
	EBSOptimized        bool                    `q:"EbsOptimized"`
	BlockDevices        []blockDeviceParam      `q:"BlockDeviceMapping"`
	NetworkInterfaces   []networkInterfaceParam `q:"NetworkInterface"`
	TagSpecs            []tagSpec               `q:"TagSpecification"`
	Monitoring          ignored                 `q:"Monitoring"`
	CreditSpecification ignored                 `q:"CreditSpecification"`
	CPUOptions          ignored                 `q:"CpuOptions"`
	Maintenance         ignored                 `q:"MaintenanceOptions"`
	Placement           struct {
		Zone    string  `q:"AvailabilityZone"`
		Tenancy ignored `q:"Tenancy"`
	} `q:"Placement"`
	Profile struct {
		Name string `q:"Name"`
		ARN  string `q:"Arn"`
	} `q:"IamInstanceProfile"`
	Metadata struct {
		HTTPTokens   string  `q:"HttpTokens"`
		HTTPEndpoint string  `q:"HttpEndpoint"`
		HopLimit     int     `q:"HttpPutResponseHopLimit"`
		InstanceTags ignored `q:"InstanceMetadataTags"`
		IPv6         ignored `q:"HttpProtocolIpv6"`
	} `q:"MetadataOptions"`
	Market struct {
		Type string `q:"MarketType"`
		Spot struct {
			Type         string  `q:"SpotInstanceType"`
			Interruption string  `q:"InstanceInterruptionBehavior"`
			MaxPrice     ignored `q:"MaxPrice"`
			ValidUntil   ignored `q:"ValidUntil"`
		} `q:"SpotOptions"`
	} `q:"InstanceMarketOptions"`
}

func runInstances(c *call, r *runInstancesRequest) (any, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	tags, err := tagsByType(r.TagSpecs, "instance", "volume", "network-interface", "spot-instances-request")
	if err != nil {
		return nil, err
	}
	if _, ok := tags["spot-instances-request"]; ok && r.Market.Type != "spot" {
		return nil, ec2state.Refuse("InvalidParameterValue", "'spot-instances-request' is not a valid taggable resource type for this operation.")
	}
	req := ec2state.LaunchRequest{
		ImageID: r.ImageID, Type: orElse(r.InstanceType, "m1.small"), Min: r.MinCount, Max: r.MaxCount, GroupIDs: r.GroupIDs,
		GroupNames: r.GroupNames, SubnetID: r.SubnetID, Zone: r.Placement.Zone, KeyName: r.KeyName,
		Profile: orElse(r.Profile.ARN, r.Profile.Name), Token: r.ClientToken, Fingerprint: c.fingerprint(),
		UserData: r.UserData, HTTPTokens: r.Metadata.HTTPTokens, HTTPEndpoint: r.Metadata.HTTPEndpoint,
		HopLimit: r.Metadata.HopLimit, Spot: r.Market.Type == "spot", Persistent: r.Market.Spot.Type == "persistent", ShutdownBehavior: r.ShutdownBehavior,
		DisableAPITermination: r.DisableTermination, DisableAPIStop: r.DisableStop, EBSOptimized: r.EBSOptimized,
		BlockDevices: overrides(r.BlockDevices), Tags: tags, DryRun: r.DryRun,
	}
	for _, n := range r.NetworkInterfaces {
		req.SubnetID = orElse(req.SubnetID, n.SubnetID)
		req.GroupIDs = append(req.GroupIDs, n.GroupIDs...)
	}
	reservation, err := c.state.RunInstances(req)
	if err != nil {
		return nil, err
	}
	return runInstancesResponse{c.reservationItem(reservation.ID, reservation.Instances)}, nil
}

func (r *runInstancesRequest) check() error {
	switch {
	case r.ImageID == "":
		return missingParameter("ImageId")
	case r.MinCount < 1:
		return ec2state.Refuse("InvalidParameterValue", "Value (%d) for parameter minCount is invalid. Minimum value is 1", r.MinCount)
	case r.MaxCount < r.MinCount:
		return ec2state.Refuse("InvalidParameterValue", "Value (%d) for parameter maxCount is invalid. Maximum count must be at least the minimum count", r.MaxCount)
	case len(r.ClientToken) > 64:
		return ec2state.Refuse("InvalidParameterValue", "Value (%s) for parameter clientToken is invalid. Length exceeds maximum of 64 characters", r.ClientToken)
	case len(r.NetworkInterfaces) > 0 && (len(r.GroupIDs) > 0 || len(r.GroupNames) > 0 || r.SubnetID != ""):
		return ec2state.Refuse("InvalidParameterCombination", "Network interfaces and an instance-level security groups or subnet ID may not be specified on the same request")
	case r.ShutdownBehavior != "" && r.ShutdownBehavior != "stop" && r.ShutdownBehavior != "terminate":
		return invalidValue("instanceInitiatedShutdownBehavior", r.ShutdownBehavior)
	case r.Market.Type != "" && r.Market.Type != "spot":
		return invalidValue("marketType", r.Market.Type)
	case !slices.Contains([]string{"", "one-time", "persistent"}, r.Market.Spot.Type):
		return invalidValue("spotInstanceType", r.Market.Spot.Type)
	case r.Market.Spot.Type != "persistent" && r.Market.Spot.Interruption != "" && r.Market.Spot.Interruption != "terminate":
		return ec2state.Refuse("InvalidParameterCombination", "The interruption behavior '%s' needs a persistent Spot request.", r.Market.Spot.Interruption)
	case r.Metadata.HTTPTokens != "" && r.Metadata.HTTPTokens != "optional" && r.Metadata.HTTPTokens != "required":
		return invalidValue("httpTokens", r.Metadata.HTTPTokens)
	}
	return nil
}

// fingerprint identifies all parameters of a call.
func (c *call) fingerprint() string {
	h := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(c.params)) {
		if key != "DryRun" {
			fmt.Fprintf(h, "%q=%q\n", key, strings.Join(c.params[key], "\x00"))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

type runInstancesResponse struct{ reservationItem }

func (r runInstancesResponse) made() []string {
	return idsOf(r.Instances.Items, func(in instanceItem) string { return in.ID })
}
