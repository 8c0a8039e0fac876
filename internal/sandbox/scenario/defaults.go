package scenario

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// What an account has when the scenario does not say otherwise.
const (
	defaultRegion  = "us-west-1"
	defaultAccount = "314159265358"
	defaultVPC     = "vpc-7ac51b3e"
	defaultScale   = 0.001
)

// fillDefaults fills in what needs no other file; the checker does the rest.
func (s *Scenario) fillDefaults() {
	orElse(&s.Region, defaultRegion)
	orElse(&s.Account, defaultAccount)
	orElse(&s.Throttle, "aws")
	if s.Clock.Scale == nil {
		s.Clock.Scale = new(defaultScale)
	}
	s.Timings.fillDefaults()
	s.fillNetwork()
	for i := range s.Images {
		s.Images[i].fillDefaults(s.Account)
	}
	for i := range s.Instances {
		s.fillInstance(&s.Instances[i])
	}
	for i := range s.Static {
		s.Static[i].fillDefaults()
	}
	if s.Master != nil {
		s.Master.fillDefaults()
	}
	for i := range s.Faults {
		f := &s.Faults[i]
		f.Nth, f.Repeat = 1, 1
		if f.NthSpec != nil {
			f.Nth = *f.NthSpec
		}
		if f.RepeatSpec != nil {
			f.Repeat = *f.RepeatSpec
		}
	}
}

func (t *Timings) fillDefaults() {
	for field, seconds := range map[**time.Duration]float64{
		&t.API: 0.1, &t.Pending: 15, &t.Stop: 30, &t.Image: 180, &t.Terminate: 30, &t.Forget: 0,
	} {
		if *field == nil {
			*field = new(time.Duration(seconds * float64(time.Second)))
		}
	}
	boot := map[string]time.Duration{"linux": 25 * time.Second, "windows": 180 * time.Second}
	maps.Copy(boot, t.Boot)
	t.Boot = boot
}

// fillNetwork makes the VPCs that groups and subnets name, the default VPC with
// a subnet in two zones, and each VPC's default group.
func (s *Scenario) fillNetwork() {
	if !slices.ContainsFunc(s.VPCs, func(v VPC) bool { return v.Default }) {
		s.VPCs = append(s.VPCs, VPC{ID: defaultVPC, Default: true})
	}
	def := s.DefaultVPC()
	for i := range s.SecurityGroups {
		orElse(&s.SecurityGroups[i].VPC, def)
		orElse(&s.SecurityGroups[i].Description, s.SecurityGroups[i].Name)
		s.needVPC(s.SecurityGroups[i].VPC)
	}
	if len(s.SecurityGroups) == 0 {
		s.SecurityGroups = []SecurityGroup{{
			ID: "sg-4b1f0d2e", Name: "rust-slave", Description: "Buildbot workers", VPC: def,
			Ingress: []Ingress{{PortSpec: uint64(22), From: "bastion"}, {PortSpec: uint64(5986), From: "bastion"}},
		}}
	}
	for i := range s.Subnets {
		orElse(&s.Subnets[i].VPC, def)
		orElse(&s.Subnets[i].Zone, s.Region+"a")
		s.needVPC(s.Subnets[i].VPC)
	}
	if !slices.ContainsFunc(s.Subnets, func(n Subnet) bool { return n.VPC == def }) {
		s.Subnets = append(s.Subnets,
			Subnet{ID: "subnet-0e3c9a51", VPC: def, Zone: s.Region + "a", DefaultForZone: true},
			Subnet{ID: "subnet-0e3c9a52", VPC: def, Zone: s.Region + "b", DefaultForZone: true})
	}
	for i, v := range s.VPCs {
		if !slices.ContainsFunc(s.SecurityGroups, func(g SecurityGroup) bool { return g.VPC == v.ID && g.Name == "default" }) {
			s.SecurityGroups = append(s.SecurityGroups, SecurityGroup{
				ID: fmt.Sprintf("sg-0de%05x", i), Name: "default", Description: "default VPC security group", VPC: v.ID,
				Ingress: []Ingress{{From: fmt.Sprintf("sg-0de%05x", i), Protocol: "-1"}},
			})
		}
	}
}

func (s *Scenario) needVPC(id string) {
	if !slices.ContainsFunc(s.VPCs, func(v VPC) bool { return v.ID == id }) {
		s.VPCs = append(s.VPCs, VPC{ID: id})
	}
}

// DefaultVPC returns the id of the VPC that is used when none is named.
func (s *Scenario) DefaultVPC() string {
	for _, v := range s.VPCs {
		if v.Default {
			return v.ID
		}
	}
	return ""
}

func (im *Image) fillDefaults(account string) {
	orElse(&im.Platform, "linux")
	orElse(&im.Name, im.ID)
	orElse(&im.Owner, "self")
	if im.Owner == "self" {
		im.Owner = account
	}
	if im.Owner != account && im.LaunchPermissions == nil {
		im.LaunchPermissions = []string{"all"} // or nobody here would see it
	}
	orElse(&im.State, "available")
	orElse(&im.Architecture, "x86_64")
	orElse(&im.VirtualizationType, "hvm")
	orElse(&im.RootDeviceType, "ebs")
	orElse(&im.CreationTimeText, "2015-02-24T18:03:11Z")
	user, size := "rustbuild", int32(8)
	if im.Platform == "windows" {
		user, size = "Administrator", 30
	}
	orElse(&im.User, user)
	if len(im.BlockDevices) == 0 && im.RootDeviceType == "ebs" {
		im.BlockDevices = []BlockDevice{{Device: "/dev/sda1", Size: size}}
	}
	for i := range im.BlockDevices {
		b := &im.BlockDevices[i]
		if b.Ephemeral != "" {
			continue
		}
		orElse(&b.Type, "gp2")
		if b.Size == 0 {
			b.Size = size
		}
		if b.DeleteOnTermination == nil {
			b.DeleteOnTermination = new(true)
		}
	}
	fillFiles(im.Files)
}

func (s *Scenario) fillInstance(in *Instance) {
	orElse(&in.Type, "c3.2xlarge")
	orElse(&in.State, "running")
	orElse(&in.LaunchedFrom, in.Image)
	if len(in.SecurityGroups) == 0 {
		in.SecurityGroups = []string{s.SecurityGroups[0].ID}
	}
	if in.Subnet == "" {
		for _, n := range s.Subnets {
			if n.VPC == s.DefaultVPC() {
				in.Subnet = n.ID
				break
			}
		}
	}
	fillFiles(in.Files)
}

func fillFiles(files []File) {
	for i := range files {
		switch f := &files[i]; {
		case f.ModeSpec != nil:
		case f.Folder:
			f.ModeSpec = "0755"
		default:
			f.ModeSpec = "0644"
		}
	}
}

func orElse(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
