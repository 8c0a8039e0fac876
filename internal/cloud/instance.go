package cloud

import "time"

// InstanceState is an instance's state, in EC2's words.
type InstanceState string

// States of an instance.
const (
	InstancePending      InstanceState = "pending"
	InstanceRunning      InstanceState = "running"
	InstanceShuttingDown InstanceState = "shutting-down"
	InstanceTerminated   InstanceState = "terminated"
	InstanceStopping     InstanceState = "stopping"
	InstanceStopped      InstanceState = "stopped"
)

// Gone tells whether the instance is terminated or about to be.
func (s InstanceState) Gone() bool {
	return s == InstanceShuttingDown || s == InstanceTerminated
}

// Instance is an EC2 instance as DescribeInstances shows it.
type Instance struct {
	ID              string
	ImageID         string
	State           InstanceState
	StateReason     string // EC2's code, such as Client.UserInitiatedShutdown
	Platform        string // Linux or Windows
	Type            string
	PrivateIP       string // "" until EC2 has given one
	PublicIP        string
	VPCID           string
	SubnetID        string
	Zone            string
	GroupIDs        []string
	KeyName         string
	InstanceProfile string // ARN, "" for none
	ClientToken     string
	Spot            bool
	LaunchTime      time.Time
	Tags            map[string]string
}

// LaunchSpec is what RunInstances is asked for: one instance, tagged in the
// same call, with no user data at all.
type LaunchSpec struct {
	ImageID         string
	Type            string
	GroupIDs        []string
	SubnetID        string // "" for the default subnet
	KeyName         string // "" for none
	InstanceProfile string // name or ARN, "" for none
	ClientToken     string // up to 64 ASCII characters
	RequireIMDSv2   bool
	Spot            bool
	Tags            map[string]string // on the instance, its volumes and a spot request
}
