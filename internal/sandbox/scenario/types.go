package scenario

import (
	"io/fs"
	"net/netip"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/iam"
)

// Scenario is a checked scenario with every default filled in.
type Scenario struct {
	Name           string          `yaml:"-"` // the file's path, or the name of an embedded one
	Region         string          `yaml:"region"`
	Account        string          `yaml:"account"` // 12 digits
	SlaveListPath  string          `yaml:"slave_list"`
	Certificate    Certificate     `yaml:"certificate"`
	Clock          Clock           `yaml:"clock"`
	Timings        Timings         `yaml:"timings"`
	Throttle       string          `yaml:"throttle"` // aws or off
	VPCs           []VPC           `yaml:"vpcs"`
	Subnets        []Subnet        `yaml:"subnets"`
	SecurityGroups []SecurityGroup `yaml:"security_groups"`
	KeyPairs       []KeyPair       `yaml:"key_pairs"`
	Unoffered      []Offer         `yaml:"unoffered"`
	NoCapacity     []Offer         `yaml:"no_capacity"`
	VCPUs          int             `yaml:"vcpus"` // that may run at a time in a region; 0: any number
	Images         []Image         `yaml:"images"`
	Instances      []Instance      `yaml:"instances"`
	Static         []Static        `yaml:"static"`
	Master         *Master         `yaml:"master"` // nil: none
	Faults         []Fault         `yaml:"faults"`
	PolicySpec     any             `yaml:"policy"`  // an IAM policy document, or the path of one; left out: everything is allowed
	Regions        []Region        `yaml:"regions"` // further ones

	SlaveList []byte `yaml:"-"` // the list's bytes
	OldCert   []byte `yaml:"-"` // PEM
	NewCert   []byte `yaml:"-"` // PEM
	OldKey    []byte `yaml:"-"` // PEM, nil unless the old certificate was made or its key is named
	NewKey    []byte `yaml:"-"` // PEM, nil unless the new certificate was made or its key is named

	Policy *iam.Policy `yaml:"-"` // what callers may do, nil for everything
}

// Region is a further region of the account: what it has is its own, and what a
// scenario says of pace and throttling holds there too.
type Region struct {
	Name           string          `yaml:"name"`
	VPCs           []VPC           `yaml:"vpcs"`
	Subnets        []Subnet        `yaml:"subnets"`
	SecurityGroups []SecurityGroup `yaml:"security_groups"`
	KeyPairs       []KeyPair       `yaml:"key_pairs"`
	Images         []Image         `yaml:"images"`
	Instances      []Instance      `yaml:"instances"`

	Scenario *Scenario `yaml:"-"` // the region as if it were the only one
}

// Certificate names the PEM files; what is left out is made.
type Certificate struct {
	Old    string `yaml:"old"`
	New    string `yaml:"new"`
	OldKey string `yaml:"old_key"`
	NewKey string `yaml:"new_key"`
}

// Clock sets the pace.
type Clock struct {
	Scale *float64 `yaml:"scale"` // real seconds per simulated second
}

// Timings are in simulated time.
type Timings struct {
	API       *time.Duration           `yaml:"api"`       // an API call
	Pending   *time.Duration           `yaml:"pending"`   // from pending to running
	Boot      map[string]time.Duration `yaml:"boot"`      // by platform, from power to the first answer
	Stop      *time.Duration           `yaml:"stop"`      // from stopping to stopped
	Image     *time.Duration           `yaml:"image"`     // from pending to available
	Terminate *time.Duration           `yaml:"terminate"` // from shutting-down to terminated
	Forget    *time.Duration           `yaml:"forget"`    // how long a terminated instance is still shown; 0: always
}

// VPC is a virtual network.
type VPC struct {
	ID      string            `yaml:"id"`
	Default bool              `yaml:"default"`
	Tags    map[string]string `yaml:"tags"`
}

// Subnet is a part of a VPC in one zone.
type Subnet struct {
	ID             string            `yaml:"id"`
	VPC            string            `yaml:"vpc"`
	Zone           string            `yaml:"zone"`
	DefaultForZone bool              `yaml:"default_for_zone"`
	Tags           map[string]string `yaml:"tags"`
}

// SecurityGroup is a group and who may come in.
type SecurityGroup struct {
	ID          string            `yaml:"id"`
	Name        string            `yaml:"name"`
	Description string            `yaml:"description"`
	VPC         string            `yaml:"vpc"`
	Ingress     []Ingress         `yaml:"ingress"`
	Tags        map[string]string `yaml:"tags"`
}

// Ingress lets one source in to a port or a range of ports.
type Ingress struct {
	PortSpec any    `yaml:"port"`     // a number, or a range such as "5000-6000"; left out: all
	From     string `yaml:"from"`     // bastion, anywhere, a CIDR, a group's id or name
	Protocol string `yaml:"protocol"` // tcp (the default), udp, icmp or -1

	FromPort, ToPort int          `yaml:"-"`
	Bastion          bool         `yaml:"-"`
	Prefix           netip.Prefix `yaml:"-"` // valid if From is anywhere or a CIDR
	GroupID          string       `yaml:"-"` // set if From is a group
}

// KeyPair is a key pair that the account has.
type KeyPair struct {
	Name          string            `yaml:"name"`
	PublicKeyPath string            `yaml:"public_key"` // left out: made, nobody holds the private half
	Tags          map[string]string `yaml:"tags"`

	PublicKey string `yaml:"-"` // in authorized_keys format
}

// Offer names instance types in a zone.
type Offer struct {
	Type string `yaml:"type"` // may hold * and ?
	Zone string `yaml:"zone"` // left out: every zone
}

// Image is an AMI and what is on its disk.
type Image struct {
	ID                  string            `yaml:"id"`
	Name                string            `yaml:"name"`
	Description         string            `yaml:"description"`
	Owner               string            `yaml:"owner"` // self, amazon or an account id
	State               string            `yaml:"state"`
	Platform            string            `yaml:"platform"`
	Architecture        string            `yaml:"architecture"`
	VirtualizationType  string            `yaml:"virtualization_type"`
	RootDeviceType      string            `yaml:"root_device_type"` // ebs or instance-store
	BootMode            string            `yaml:"boot_mode"`
	ENASupport          bool              `yaml:"ena_support"`
	IMDSSupport         string            `yaml:"imds_support"`
	TPMSupport          string            `yaml:"tpm_support"`
	CreationTimeText    string            `yaml:"creation_time"`
	DeprecationTimeText string            `yaml:"deprecation_time"`
	LaunchPermissions   []string          `yaml:"launch_permissions"` // account ids, or all
	BlockDevices        []BlockDevice     `yaml:"block_devices"`
	Tags                map[string]string `yaml:"tags"`
	User                string            `yaml:"user"`
	Files               []File            `yaml:"files"`

	CreationTime    time.Time `yaml:"-"`
	DeprecationTime time.Time `yaml:"-"` // zero: none
}

// BlockDevice is one entry of an image's block device mapping; the first is the
// root device.
type BlockDevice struct {
	Device              string `yaml:"device"`
	Size                int32  `yaml:"size"` // GiB
	Type                string `yaml:"type"`
	IOPS                int32  `yaml:"iops"`
	Throughput          int32  `yaml:"throughput"` // MiB/s
	Encrypted           bool   `yaml:"encrypted"`
	DeleteOnTermination *bool  `yaml:"delete_on_termination"`
	Ephemeral           string `yaml:"ephemeral"` // ephemeral0 …; then it is instance storage
}

// File is a file, a link or an empty folder on an image.
type File struct {
	Path     string  `yaml:"path"`    // the host's own absolute path
	From     string  `yaml:"from"`    // old, new, or a file's path
	Content  *string `yaml:"content"` // the bytes themselves
	Link     string  `yaml:"link"`    // a symbolic link to here
	Folder   bool    `yaml:"folder"`
	ModeSpec any     `yaml:"mode"`  // octal, as text; "0644" if left out
	Owner    string  `yaml:"owner"` // "uid:gid"; left out: whoever runs the sandbox

	Mode     fs.FileMode `yaml:"-"`
	Bytes    []byte      `yaml:"-"`
	UID, GID int         `yaml:"-"` // -1 if Owner is left out
}

// Instance is one that runs when the sandbox starts.
type Instance struct {
	ID             string            `yaml:"id"`
	Image          string            `yaml:"image"`
	LaunchedFrom   string            `yaml:"launched_from"` // the image id that EC2 shows, if it isn't Image; it may be gone
	Name           string            `yaml:"name"`
	Type           string            `yaml:"type"`
	State          string            `yaml:"state"` // running or stopped
	Subnet         string            `yaml:"subnet"`
	SecurityGroups []string          `yaml:"security_groups"` // ids or names
	KeyPair        string            `yaml:"key_pair"`
	Tags           map[string]string `yaml:"tags"`
	Files          []File            `yaml:"files"` // laid over the image's
}

// Fault is something that goes wrong: with an EC2 action, with a host, or at
// random.
type Fault struct {
	Action string `yaml:"action"` // may hold *
	Error  string `yaml:"error"`

	Host string `yaml:"host"` // an instance id, an image id: then its descendants too, or a static host's name
	At   string `yaml:"at"`
	Do   string `yaml:"do"`

	Seed *uint64 `yaml:"seed"` // makes random faults: the same for the same calls
	Rate float64 `yaml:"rate"` // how likely each call, and each visit to a point, goes wrong
	Most *int    `yaml:"most"` // after so many nothing goes wrong any more; left out: no end

	NthSpec    *int `yaml:"nth"`    // left out: 1
	RepeatSpec *int `yaml:"repeat"` // left out: 1

	Nth    int `yaml:"-"` // counts from 1; 0: every
	Repeat int `yaml:"-"` // how many in a row, from the nth on
}

// Platforms of an image.
const (
	Linux   = "linux"
	Windows = "windows"
)
