package cloud

import "time"

// ImageState is an AMI's state, in EC2's words.
type ImageState string

// States of an AMI.
const (
	ImagePending      ImageState = "pending"
	ImageAvailable    ImageState = "available"
	ImageInvalid      ImageState = "invalid"
	ImageDeregistered ImageState = "deregistered"
	ImageTransient    ImageState = "transient"
	ImageFailed       ImageState = "failed"
	ImageError        ImageState = "error"
	ImageDisabled     ImageState = "disabled"
)

// Platforms of an image, as a configuration names them.
const (
	Linux   = "linux"
	Windows = "windows"
)

// Image is an AMI as DescribeImages shows it.
type Image struct {
	ID                 string
	Name               string
	Description        string
	OwnerID            string // account id, or an alias such as "amazon"
	Mine               bool   // owned by the calling account
	State              ImageState
	StateReason        string
	Platform           string // Linux or Windows
	Architecture       string // x86_64, i386, arm64 …
	VirtualizationType string // hvm or paravirtual
	RootDeviceType     string // ebs or instance-store
	RootDeviceName     string
	BootMode           string // "", legacy-bios, uefi, uefi-preferred
	ENASupport         bool
	SriovNetSupport    string
	IMDSSupport        string    // "" or v2.0
	TPMSupport         string    // "" or v2.0
	DeprecationTime    time.Time // zero: none
	CreationTime       time.Time
	BlockDevices       []BlockDevice
	Tags               map[string]string
}

// BlockDevice is one entry of an image's block device mapping.
type BlockDevice struct {
	DeviceName          string
	VirtualName         string // ephemeral0 …; then the fields below are empty
	SnapshotID          string
	VolumeType          string
	SizeGiB             int32
	IOPS                int32 // 0: not set
	ThroughputMiBps     int32 // 0: not set
	Encrypted           bool
	DeleteOnTermination bool
}

// Permission is one launch permission of an image: an account, a group ("all"),
// an organization or an organizational unit. Exactly one field is set.
type Permission struct {
	UserID                string
	Group                 string
	OrganizationARN       string
	OrganizationalUnitARN string
}

// ImageSpec is what CreateImage is asked for.
type ImageSpec struct {
	InstanceID  string
	Name        string // 3 to 128 of EC2's name characters, unique in account and region
	Description string
	Tags        map[string]string // on the image and on its snapshots
}

// Snapshot is an EBS snapshot.
type Snapshot struct {
	ID        string
	StartTime time.Time
	Tags      map[string]string
}
