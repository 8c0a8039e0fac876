package ec2api

import (
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type describeImagesRequest struct {
	dry
	paging
	ImageIDs          []string `q:"ImageId"`
	Owners            []string `q:"Owner"`
	ExecutableBy      []string `q:"ExecutableBy"`
	Filters           []filter `q:"Filter"`
	IncludeDeprecated bool     `q:"IncludeDeprecated"`
	IncludeDisabled   bool     `q:"IncludeDisabled"`
}

type imageItem struct {
	ID              string                `xml:"imageId"`
	Location        string                `xml:"imageLocation"`
	State           string                `xml:"imageState"`
	OwnerID         string                `xml:"imageOwnerId"`
	OwnerAlias      string                `xml:"imageOwnerAlias,omitempty"`
	CreationDate    string                `xml:"creationDate"`
	Public          bool                  `xml:"isPublic"`
	Architecture    string                `xml:"architecture"`
	ImageType       string                `xml:"imageType"`
	Platform        string                `xml:"platform,omitempty"`
	PlatformDetails string                `xml:"platformDetails"`
	UsageOperation  string                `xml:"usageOperation"`
	SriovNetSupport string                `xml:"sriovNetSupport,omitempty"`
	ENASupport      bool                  `xml:"enaSupport,omitempty"`
	Name            string                `xml:"name"`
	Description     string                `xml:"description,omitempty"`
	RootDeviceType  string                `xml:"rootDeviceType"`
	RootDeviceName  string                `xml:"rootDeviceName"`
	BlockDevices    set[imageBlockDevice] `xml:"blockDeviceMapping"`
	Virtualization  string                `xml:"virtualizationType"`
	Hypervisor      string                `xml:"hypervisor"`
	BootMode        string                `xml:"bootMode,omitempty"`
	TPMSupport      string                `xml:"tpmSupport,omitempty"`
	IMDSSupport     string                `xml:"imdsSupport,omitempty"`
	DeprecationTime string                `xml:"deprecationTime,omitempty"`
	SourceInstance  string                `xml:"sourceInstanceId,omitempty"`
	StateReason     *reasonItem           `xml:"stateReason"`
	Tags            *set[tagItem]         `xml:"tagSet"`
}

type reasonItem struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

func reasonOf(r ec2state.Reason) *reasonItem {
	if r.Code == "" {
		return nil
	}
	return &reasonItem{r.Code, r.Message}
}

type imageBlockDevice struct {
	DeviceName  string     `xml:"deviceName"`
	VirtualName string     `xml:"virtualName,omitempty"`
	EBS         *ebsDevice `xml:"ebs"`
}

type ebsDevice struct {
	SnapshotID          string `xml:"snapshotId,omitempty"`
	VolumeSize          int32  `xml:"volumeSize"`
	DeleteOnTermination bool   `xml:"deleteOnTermination"`
	VolumeType          string `xml:"volumeType"`
	IOPS                int32  `xml:"iops,omitempty"`
	Throughput          int32  `xml:"throughput,omitempty"`
	Encrypted           bool   `xml:"encrypted"`
}

func blockDeviceItem(b ec2state.BlockDevice) imageBlockDevice {
	if b.Virtual != "" {
		return imageBlockDevice{DeviceName: b.Device, VirtualName: b.Virtual}
	}
	return imageBlockDevice{DeviceName: b.Device, EBS: &ebsDevice{
		b.SnapshotID, b.Size, b.DeleteOnTermination, b.Type, b.IOPS, b.Throughput, b.Encrypted,
	}}
}

func platformDetails(platform string) (name, details, operation string) {
	if platform == "windows" {
		return "windows", "Windows", "RunInstances:0002"
	}
	return "", "Linux/UNIX", "RunInstances"
}

// amazonAccount is an account of Amazon's, as the owner of its public images.
const amazonAccount = "137112412989"

func ownerID(owner string) string {
	if owner == "amazon" {
		return amazonAccount
	}
	return owner
}

func ownerAlias(owner string) string {
	if owner == "amazon" {
		return owner
	}
	return ""
}

func imageItemOf(im ec2state.Image) imageItem {
	item := imageItem{
		ID: im.ID, Location: ownerID(im.Owner) + "/" + im.Name, State: im.State, OwnerID: ownerID(im.Owner),
		OwnerAlias: ownerAlias(im.Owner), CreationDate: stamp(im.Created), Public: isPublic(im), Architecture: im.Architecture,
		ImageType: "machine", SriovNetSupport: im.Sriov, ENASupport: im.ENA, Name: im.Name, Description: im.Description,
		RootDeviceType: im.RootDeviceType, RootDeviceName: im.RootDeviceName, BlockDevices: setOf(im.BlockDevices, blockDeviceItem),
		Virtualization: im.Virtualization, Hypervisor: "xen", BootMode: im.BootMode, TPMSupport: im.TPM, IMDSSupport: im.IMDS,
		DeprecationTime: stamp(im.Deprecation), SourceInstance: im.SourceInstance, StateReason: reasonOf(im.Reason),
	}
	item.Platform, item.PlatformDetails, item.UsageOperation = platformDetails(im.Platform)
	if len(im.Tags) > 0 {
		item.Tags = new(tagSet(im.Tags))
	}
	return item
}

func isPublic(im ec2state.Image) bool {
	return slices.ContainsFunc(im.Permissions, func(p ec2state.Permission) bool { return p.Group == "all" })
}

type describeImagesResponse struct {
	Images    set[imageItem] `xml:"imagesSet"`
	NextToken string         `xml:"nextToken,omitempty"`
}

func describeImages(c *call, r *describeImagesRequest) (any, error) {
	images := slices.DeleteFunc(c.state.Images(), func(im ec2state.Image) bool { return !c.canLaunch(im) })
	id := func(im ec2state.Image) string { return im.ID }
	if err := c.state.CheckImageIDs(r.ImageIDs, idsOf(images, id)); err != nil {
		return nil, err
	}
	images = pick(images, r.ImageIDs, id)
	images = slices.DeleteFunc(images, func(im ec2state.Image) bool { return !c.asked(im, r) })
	images, err := c.imageFilters().apply(images, r.Filters)
	if err != nil {
		return nil, err
	}
	images, next, err := page(images, r.paging, 1, 1000, id)
	return describeImagesResponse{setOf(images, imageItemOf), next}, err
}

// canLaunch tells whether the account sees an image.
func (c *call) canLaunch(im ec2state.Image) bool {
	return im.Owner == c.state.Account || slices.ContainsFunc(im.Permissions, func(p ec2state.Permission) bool {
		return p.Group == "all" || p.UserID == c.state.Account
	})
}

func (c *call) asked(im ec2state.Image, r *describeImagesRequest) bool {
	mine, named := im.Owner == c.state.Account, len(r.ImageIDs) > 0
	if !named && !mine && !r.IncludeDeprecated && !im.Deprecation.IsZero() && im.Deprecation.Before(time.Now()) {
		return false
	}
	if im.State == "disabled" && !named && !r.IncludeDisabled {
		return false
	}
	byOwner := len(r.Owners) == 0 || slices.ContainsFunc(r.Owners, func(o string) bool {
		return o == im.Owner || o == ownerID(im.Owner) || o == "self" && mine
	})
	byUser := len(r.ExecutableBy) == 0 || slices.ContainsFunc(r.ExecutableBy, func(user string) bool {
		if user == "self" {
			user = c.state.Account
		}
		return slices.ContainsFunc(im.Permissions, func(p ec2state.Permission) bool { return p.Group == user || p.UserID == user })
	})
	return byOwner && byUser
}

func (c *call) imageFilters() filters[ec2state.Image] {
	type image = ec2state.Image
	devices := func(im image) []ec2state.BlockDevice { return im.BlockDevices }
	return filters[image]{
		tags: func(im image) map[string]string { return im.Tags },
		values: map[string]func(image) []string{
			"architecture":        one(func(im image) string { return im.Architecture }),
			"boot-mode":           one(func(im image) string { return im.BootMode }),
			"creation-date":       one(func(im image) string { return stamp(im.Created) }),
			"description":         one(func(im image) string { return im.Description }),
			"ena-support":         yesNo(func(im image) bool { return im.ENA }),
			"hypervisor":          one(func(image) string { return "xen" }),
			"image-id":            one(func(im image) string { return im.ID }),
			"image-type":          one(func(image) string { return "machine" }),
			"imds-support":        one(func(im image) string { return im.IMDS }),
			"is-public":           yesNo(isPublic),
			"manifest-location":   one(func(im image) string { return ownerID(im.Owner) + "/" + im.Name }),
			"name":                one(func(im image) string { return im.Name }),
			"owner-alias":         one(func(im image) string { return ownerAlias(im.Owner) }),
			"owner-id":            one(func(im image) string { return ownerID(im.Owner) }),
			"platform":            one(func(im image) string { return strings.TrimPrefix(im.Platform, "linux") }),
			"root-device-name":    one(func(im image) string { return im.RootDeviceName }),
			"root-device-type":    one(func(im image) string { return im.RootDeviceType }),
			"source-instance-id":  one(func(im image) string { return im.SourceInstance }),
			"source-image-id":     one(func(im image) string { return im.SourceImage }),
			"state":               one(func(im image) string { return im.State }),
			"state-reason-code":   one(func(im image) string { return im.Reason.Code }),
			"tpm-support":         one(func(im image) string { return im.TPM }),
			"virtualization-type": one(func(im image) string { return im.Virtualization }),
			"block-device-mapping.device-name": each(devices,
				func(b ec2state.BlockDevice) string { return b.Device }),
			"block-device-mapping.snapshot-id": each(devices,
				func(b ec2state.BlockDevice) string { return b.SnapshotID }),
			"block-device-mapping.volume-type": each(devices,
				func(b ec2state.BlockDevice) string { return b.Type }),
		},
	}
}

type createImageRequest struct {
	dry
	InstanceID   string             `q:"InstanceId"`
	Name         string             `q:"Name"`
	Description  string             `q:"Description"`
	NoReboot     bool               `q:"NoReboot"`
	BootMode     string             `q:"BootModeOverride"`
	BlockDevices []blockDeviceParam `q:"BlockDeviceMapping"`
	TagSpecs     []tagSpec          `q:"TagSpecification"`
}

type createImageResponse struct {
	ImageID string `xml:"imageId"`
}

func (r createImageResponse) made() []string { return []string{r.ImageID} }

func createImage(c *call, r *createImageRequest) (any, error) {
	if r.Name == "" {
		return nil, missingParameter("name")
	}
	tags, err := tagsByType(r.TagSpecs, "image", "snapshot")
	if err != nil {
		return nil, err
	}
	id, err := c.state.CreateImage(ec2state.ImageRequest{
		InstanceID: r.InstanceID, Name: r.Name, Description: r.Description, NoReboot: r.NoReboot, BootMode: r.BootMode,
		BlockDevices: overrides(r.BlockDevices), Tags: tags, DryRun: r.DryRun,
	})
	return createImageResponse{id}, err
}

type deregisterRequest struct {
	dry
	ImageID         string `q:"ImageId"`
	DeleteSnapshots bool   `q:"DeleteAssociatedSnapshots"`
}

type deregisterResponse struct {
	ok
	Snapshots *set[deletedSnapshot] `xml:"deleteSnapshotResultSet"`
}

type deletedSnapshot struct {
	SnapshotID string `xml:"snapshotId"`
	ReturnCode string `xml:"returnCode"`
}

func deregisterImage(c *call, r *deregisterRequest) (any, error) {
	deleted, err := c.state.DeregisterImage(r.ImageID, r.DeleteSnapshots, r.DryRun)
	response := deregisterResponse{ok: ok{true}}
	if r.DeleteSnapshots {
		response.Snapshots = new(setOf(deleted, func(id string) deletedSnapshot { return deletedSnapshot{id, "success"} }))
	}
	return response, err
}

type deprecationRequest struct {
	dry
	ImageID string    `q:"ImageId"`
	At      time.Time `q:"DeprecateAt"`
}

func enableDeprecation(c *call, r *deprecationRequest) (any, error) {
	if r.At.IsZero() {
		return nil, missingParameter("deprecateAt")
	}
	return ok{true}, c.state.Deprecate(r.ImageID, r.At, r.DryRun)
}

func disableDeprecation(c *call, r *deprecationRequest) (any, error) {
	return ok{true}, c.state.Deprecate(r.ImageID, time.Time{}, r.DryRun)
}
