package ec2api

import (
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type reservationItem struct {
	ReservationID string            `xml:"reservationId"`
	OwnerID       string            `xml:"ownerId"`
	Groups        set[groupRef]     `xml:"groupSet"`
	Instances     set[instanceItem] `xml:"instancesSet"`
}

type groupRef struct {
	GroupID   string `xml:"groupId"`
	GroupName string `xml:"groupName"`
}

type instanceItem struct {
	ID               string              `xml:"instanceId"`
	ImageID          string              `xml:"imageId"`
	State            stateItem           `xml:"instanceState"`
	PrivateDNSName   string              `xml:"privateDnsName"`
	DNSName          string              `xml:"dnsName"`
	Transition       string              `xml:"reason"`
	KeyName          string              `xml:"keyName,omitempty"`
	LaunchIndex      int                 `xml:"amiLaunchIndex"`
	ProductCodes     set[valueItem]      `xml:"productCodes"`
	Type             string              `xml:"instanceType"`
	LaunchTime       string              `xml:"launchTime"`
	Placement        placementItem       `xml:"placement"`
	Platform         string              `xml:"platform,omitempty"`
	PlatformDetails  string              `xml:"platformDetails"`
	UsageOperation   string              `xml:"usageOperation"`
	Monitoring       monitoringItem      `xml:"monitoring"`
	SubnetID         string              `xml:"subnetId,omitempty"`
	VPCID            string              `xml:"vpcId,omitempty"`
	PrivateIP        string              `xml:"privateIpAddress,omitempty"`
	SourceDestCheck  bool                `xml:"sourceDestCheck"`
	Groups           set[groupRef]       `xml:"groupSet"`
	StateReason      *reasonItem         `xml:"stateReason"`
	Architecture     string              `xml:"architecture"`
	RootDeviceType   string              `xml:"rootDeviceType"`
	RootDeviceName   string              `xml:"rootDeviceName"`
	BlockDevices     set[attachmentItem] `xml:"blockDeviceMapping"`
	Virtualization   string              `xml:"virtualizationType"`
	ClientToken      string              `xml:"clientToken"`
	Tags             *set[tagItem]       `xml:"tagSet"`
	Hypervisor       string              `xml:"hypervisor"`
	Lifecycle        string              `xml:"instanceLifecycle,omitempty"`
	SpotRequest      string              `xml:"spotInstanceRequestId,omitempty"`
	EBSOptimized     bool                `xml:"ebsOptimized"`
	ENASupport       bool                `xml:"enaSupport,omitempty"`
	SriovNetSupport  string              `xml:"sriovNetSupport,omitempty"`
	BootMode         string              `xml:"bootMode,omitempty"`
	TPMSupport       string              `xml:"tpmSupport,omitempty"`
	Profile          *profileItem        `xml:"iamInstanceProfile"`
	Metadata         metadataItem        `xml:"metadataOptions"`
	NetworkInterface *set[interfaceItem] `xml:"networkInterfaceSet"`
}

type placementItem struct {
	Zone      string `xml:"availabilityZone"`
	GroupName string `xml:"groupName"`
	Tenancy   string `xml:"tenancy"`
}

type monitoringItem struct {
	State string `xml:"state"`
}

type attachmentItem struct {
	DeviceName string `xml:"deviceName"`
	EBS        struct {
		VolumeID            string `xml:"volumeId"`
		Status              string `xml:"status"`
		AttachTime          string `xml:"attachTime"`
		DeleteOnTermination bool   `xml:"deleteOnTermination"`
	} `xml:"ebs"`
}

type profileItem struct {
	ARN string `xml:"arn"`
	ID  string `xml:"id"`
}

type metadataItem struct {
	State        string `xml:"state"`
	HTTPTokens   string `xml:"httpTokens"`
	HopLimit     int    `xml:"httpPutResponseHopLimit"`
	HTTPEndpoint string `xml:"httpEndpoint"`
}

type interfaceItem struct {
	ID        string        `xml:"networkInterfaceId"`
	SubnetID  string        `xml:"subnetId"`
	VPCID     string        `xml:"vpcId"`
	OwnerID   string        `xml:"ownerId"`
	Status    string        `xml:"status"`
	PrivateIP string        `xml:"privateIpAddress"`
	Groups    set[groupRef] `xml:"groupSet"`
}

func (c *call) reservationItem(id string, instances []ec2state.Instance) reservationItem {
	names := map[string]string{}
	for _, g := range c.state.Groups() {
		names[g.ID] = g.Name
	}
	return reservationItem{
		ReservationID: id, OwnerID: c.state.Account,
		Instances: setOf(instances, func(in ec2state.Instance) instanceItem { return c.instanceItem(in, names) }),
	}
}

func (c *call) instanceItem(in ec2state.Instance, groupNames map[string]string) instanceItem {
	item := instanceItem{
		ID: in.ID, ImageID: in.ImageID, State: stateItemOf(in.State), Transition: in.Transition, KeyName: in.Key,
		LaunchIndex: in.LaunchIndex, Type: in.Type, LaunchTime: stamp(in.Ran), Placement: placementItem{in.Zone, "", "default"},
		Monitoring: monitoringItem{"disabled"}, StateReason: reasonOf(in.Reason), Architecture: in.Architecture,
		RootDeviceType: in.RootDeviceType, RootDeviceName: in.RootDeviceName, BlockDevices: setOf(in.Volumes, attachment),
		Virtualization: in.Virtualization, ClientToken: in.Token, Hypervisor: "xen", Lifecycle: lifecycle(in),
		SpotRequest: in.SpotRequest, EBSOptimized: in.EBSOptimized, ENASupport: in.ENA, SriovNetSupport: in.Sriov,
		BootMode: in.BootMode, TPMSupport: in.TPM, Profile: c.profile(in),
		Metadata: metadataItem{"applied", in.HTTPTokens, in.HopLimit, in.HTTPEndpoint},
	}
	item.Platform, item.PlatformDetails, item.UsageOperation = platformDetails(in.Platform)
	if len(in.Tags) > 0 {
		item.Tags = new(tagSet(in.Tags))
	}
	if in.State == ec2state.Terminated {
		return item
	}
	item.Groups = setOf(in.Groups, func(id string) groupRef { return groupRef{id, groupNames[id]} })
	item.SubnetID, item.VPCID, item.PrivateIP, item.SourceDestCheck = in.Subnet, in.VPC, privateIP(in), true
	item.PrivateDNSName = c.privateDNS(in)
	item.NetworkInterface = &set[interfaceItem]{[]interfaceItem{{
		ID: "eni-" + strings.TrimPrefix(in.ID, "i-"), SubnetID: in.Subnet, VPCID: in.VPC, OwnerID: c.state.Account,
		Status: "in-use", PrivateIP: privateIP(in), Groups: item.Groups,
	}}}
	return item
}

func attachment(a ec2state.Attachment) attachmentItem {
	item := attachmentItem{DeviceName: a.Device}
	item.EBS.VolumeID, item.EBS.Status, item.EBS.DeleteOnTermination = a.VolumeID, "attached", a.DeleteOnTermination
	item.EBS.AttachTime = stamp(a.Attached)
	return item
}

func (c *call) profile(in ec2state.Instance) *profileItem {
	if in.Profile == "" {
		return nil
	}
	arn := in.Profile
	if !strings.HasPrefix(arn, "arn:") {
		arn = "arn:aws:iam::" + c.state.Account + ":instance-profile/" + arn
	}
	return &profileItem{arn, "AIPASANDBOXPROFILE00"}
}

func lifecycle(in ec2state.Instance) string {
	if in.SpotRequest != "" {
		return "spot"
	}
	return ""
}

func privateIP(in ec2state.Instance) string {
	if in.State == ec2state.Terminated {
		return ""
	}
	return in.Address.String()
}

func (c *call) privateDNS(in ec2state.Instance) string {
	if in.State == ec2state.Terminated {
		return ""
	}
	return "ip-" + strings.ReplaceAll(in.Address.String(), ".", "-") + "." + c.state.Region + ".compute.internal"
}
