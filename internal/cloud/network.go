package cloud

// SecurityGroup is a group and who may come in by it.
type SecurityGroup struct {
	ID      string
	Name    string
	VPCID   string // "" for EC2-Classic
	Ingress []Rule
}

// Rule lets traffic in from any of its sources.
type Rule struct {
	Protocol    string // tcp, udp, icmp, or -1 for all
	FromPort    int32  // meaningless for protocol -1
	ToPort      int32
	CIDRs       []string // IPv4 and IPv6
	GroupIDs    []string
	PrefixLists []string
}

// Subnet is a subnet of a VPC.
type Subnet struct {
	ID             string
	VPCID          string
	Zone           string
	DefaultForZone bool
}

// InstanceType is what a type of instance can run.
type InstanceType struct {
	Name                string
	Architectures       []string // i386, x86_64, arm64
	VirtualizationTypes []string // hvm, paravirtual
	BootModes           []string // legacy-bios, uefi
	ENARequired         bool
	Nitro               bool
	VCPUs               int32
}
