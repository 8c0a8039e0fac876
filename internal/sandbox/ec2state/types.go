package ec2state

import (
	"net/netip"
	"time"
)

// Reason is why something is in its state, in EC2's code and words.
type Reason struct{ Code, Message string }

// Image is an AMI.
type Image struct {
	ID, Name, Description        string
	Owner                        string // account id, or amazon
	State                        string
	Reason                       Reason
	Platform                     string // linux or windows
	Architecture, Virtualization string
	RootDeviceType               string
	RootDeviceName               string
	BootMode, IMDS, TPM, Sriov   string
	ENA                          bool
	Created                      time.Time
	Deprecation                  time.Time // zero: none
	BlockDevices                 []BlockDevice
	Tags                         map[string]string
	Permissions                  []Permission
	SourceInstance               string
	SourceImage                  string
	User                         string   // the login user
	Lineage                      []string // image ids, from this one back to the scenario's
}

// Permission is one launch permission; one field is set.
type Permission struct{ UserID, Group, OrganizationARN, OrganizationalUnitARN string }

// BlockDevice is one entry of a block device mapping.
type BlockDevice struct {
	Device              string
	Virtual             string // ephemeral0 …; then the rest is empty
	SnapshotID          string
	Type                string
	Size                int32 // GiB
	IOPS, Throughput    int32
	Encrypted           bool
	DeleteOnTermination bool
}

// Instance states, as EC2 names them.
const (
	Pending      = "pending"
	Running      = "running"
	ShuttingDown = "shutting-down"
	Terminated   = "terminated"
	Stopping     = "stopping"
	Stopped      = "stopped"
)

// Instance is an instance.
type Instance struct {
	ID, ImageID, ReservationID   string
	State                        string
	Reason                       Reason
	Transition                   string // such as "User initiated (2015-07-14 02:30:00 GMT)"
	Platform                     string
	Architecture, Virtualization string
	RootDeviceType               string
	RootDeviceName               string
	BootMode, TPM, Sriov         string
	ENA                          bool
	Type                         string
	Address                      netip.Addr
	VPC, Subnet, Zone            string
	Groups                       []string
	Key                          string
	Profile                      string // instance profile, name or ARN
	Token                        string
	SpotRequest                  string // "" unless it is a spot instance
	Launched                     time.Time
	Ran                          time.Time // when it was last powered on
	Tags                         map[string]string
	UserData                     []byte
	HTTPTokens, HTTPEndpoint     string // IMDS
	HopLimit                     int
	ShutdownBehavior             string // stop or terminate
	DisableAPITermination        bool
	DisableAPIStop               bool
	EBSOptimized                 bool
	LaunchIndex                  int
	Volumes                      []Attachment
	Ephemerals                   []BlockDevice
	Lineage                      []string
	User                         string
	ended                        time.Time
}

// Attachment is a volume on an instance.
type Attachment struct {
	Device, VolumeID    string
	Attached            time.Time
	DeleteOnTermination bool
}

// Volume is an EBS volume.
type Volume struct {
	ID, State, Zone, Type, SnapshotID string
	Size, IOPS, Throughput            int32
	Encrypted                         bool
	Created                           time.Time
	Tags                              map[string]string
	InstanceID, Device                string
	DeleteOnTermination               bool
}

// Snapshot is an EBS snapshot.
type Snapshot struct {
	ID, VolumeID, State, Description, Owner string
	Size                                    int32
	Encrypted                               bool
	Started                                 time.Time
	Takes                                   time.Duration // until it is complete, 0 for one that is
	Tags                                    map[string]string
}

// Progress is how far a snapshot has got at a time, in percent.
func (s Snapshot) Progress(now time.Time) int {
	if s.State == "completed" || s.Takes <= 0 {
		return 100
	}
	return int(min(99, 100*now.Sub(s.Started)/s.Takes))
}

// Group is a security group.
type Group struct {
	ID, Name, Description, VPC string
	Ingress                    []Rule
	Tags                       map[string]string
}

// Rule lets one source in.
type Rule struct {
	ID               string
	Protocol         string // tcp, udp, icmp or -1
	FromPort, ToPort int
	CIDR             netip.Prefix // or
	GroupID          string
	Description      string
}

// VPC is a virtual network.
type VPC struct {
	ID      string
	CIDR    netip.Prefix
	Default bool
	Tags    map[string]string
}

// Subnet is a part of a VPC.
type Subnet struct {
	ID, VPC, Zone  string
	CIDR           netip.Prefix
	DefaultForZone bool
	Tags           map[string]string
}

// KeyPair is a key pair's public half.
type KeyPair struct {
	ID, Name, Type, Fingerprint string
	PublicKey                   string // authorized_keys format
	Created                     time.Time
	Tags                        map[string]string
}

// SpotRequest is a request for a spot instance, fulfilled at once.
type SpotRequest struct {
	ID, State, StatusCode, StatusMessage string
	InstanceID, ImageID, Type, Zone      string
	Persistence                          string
	Created                              time.Time
	Tags                                 map[string]string
	again                                LaunchRequest // what a persistent request launches
}
