package ec2state

import (
	"net/netip"
	"slices"
	"strings"
)

// launchPlan is a launch that was found to be possible.
type launchPlan struct {
	req                      LaunchRequest
	image                    *image
	subnet                   *Subnet
	groups                   []string
	devices                  []BlockDevice
	httpTokens, httpEndpoint string
	hopLimit                 int
	shutdown                 string
	ids                      []string     // given ids; nil: made
	spot                     *SpotRequest // the open request to be fulfilled; nil: none
}

// planLaunch checks a launch in the order in which EC2 does; s.mu is held.
func (s *State) planLaunch(req LaunchRequest) (*launchPlan, error) {
	p := &launchPlan{req: req}
	for _, check := range []func(*launchPlan) error{
		s.planImage, s.planKey, s.planSubnet, s.planGroups, s.planType, s.planDevices, s.planAddresses, s.planOptions,
	} {
		if err := check(p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s *State) planImage(p *launchPlan) error {
	im, err := s.findImage(p.req.ImageID)
	if err != nil {
		return err
	}
	if im.Owner != s.Account && !slices.ContainsFunc(im.Permissions, func(l Permission) bool {
		return l.Group == "all" || l.UserID == s.Account
	}) {
		return Refuse("AuthFailure", "Not authorized for images: [%s]", im.ID)
	}
	if im.State != "available" {
		return Refuse("InvalidAMIID.Unavailable", "The image ID: '%s' is not available (its state is %s)", im.ID, im.State)
	}
	p.image = im
	return nil
}

func (s *State) planKey(p *launchPlan) error {
	if p.req.KeyName != "" && s.keyNamed(p.req.KeyName) == nil {
		return Refuse("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", p.req.KeyName)
	}
	return nil
}

func (s *State) planSubnet(p *launchPlan) error {
	req := p.req
	if req.Zone != "" && !slices.Contains(s.Zones, req.Zone) {
		return Refuse("InvalidParameterValue", "Invalid availability zone: [%s]", req.Zone)
	}
	if req.SubnetID != "" {
		if p.subnet = look(s, s.subnets, req.SubnetID); p.subnet == nil {
			return Refuse("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", req.SubnetID)
		}
		if req.Zone != "" && req.Zone != p.subnet.Zone {
			return Refuse("InvalidParameterValue", "The availability zone '%s' does not match the subnet '%s'", req.Zone, req.SubnetID)
		}
		return nil
	}
	return s.chooseSubnet(p)
}

// chooseSubnet takes the default VPC's first subnet that has room for the type,
// or, if a group belongs to another VPC, says what EC2 says.
func (s *State) chooseSubnet(p *launchPlan) error {
	for _, id := range s.subnets.ids() {
		n := s.subnets.rows[id]
		if n.VPC != s.defaultVPC() || p.req.Zone != "" && n.Zone != p.req.Zone {
			continue
		}
		if p.subnet == nil || s.offers.problem(p.req.Type, p.subnet.Zone) != nil {
			p.subnet = n
		}
	}
	if p.subnet == nil {
		return Refuse("MissingInput", "No subnets found for the default VPC '%s'. Please specify a subnet.", s.defaultVPC())
	}
	return nil
}

func (s *State) defaultVPC() string {
	for id, v := range s.vpcs.rows {
		if v.Default {
			return id
		}
	}
	return ""
}

func (s *State) planGroups(p *launchPlan) error {
	for _, name := range p.req.GroupNames {
		if p.req.SubnetID != "" {
			return Refuse("InvalidParameterCombination", "The parameter groupName cannot be used with the parameter subnet")
		}
		g := s.groupNamed(s.defaultVPC(), name)
		if g == nil {
			return Refuse("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC '%s'", name, s.defaultVPC())
		}
		p.groups = append(p.groups, g.ID)
	}
	for _, id := range p.req.GroupIDs {
		g, err := s.findGroup(id)
		if err != nil {
			return err
		}
		if g.VPC != p.subnet.VPC {
			return Refuse("InvalidParameter", "Security group %s and subnet %s belong to different networks.", g.ID, p.subnet.ID)
		}
		p.groups = append(p.groups, g.ID)
	}
	if len(p.groups) == 0 {
		if g := s.groupNamed(p.subnet.VPC, "default"); g != nil {
			p.groups = []string{g.ID}
		}
	}
	return nil
}

func (s *State) planType(p *launchPlan) error {
	t, ok := instanceTypes()[p.req.Type]
	if !ok {
		return Refuse("InvalidParameterValue", "Invalid value '%s' for InstanceType.", p.req.Type)
	}
	im := p.image
	if !slices.Contains(t.Architectures, im.Architecture) {
		return Refuse("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. "+
			"Specify an instance type and an AMI that have matching architectures, and try again. "+
			"You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.",
			strings.Join(t.Architectures, ","), im.Architecture)
	}
	if !slices.Contains(t.Virtualizations, im.Virtualization) {
		return Refuse("InvalidParameterCombination",
			"Non-Windows instances with a virtualization type of '%s' are currently not supported for this instance type : %s.", im.Virtualization, t.Name)
	}
	if t.ENA == "required" && !im.ENA {
		return Refuse("InvalidParameterCombination", "Enhanced networking with the Elastic Network Adapter (ENA) is required for the '%s' instance type. "+
			"Ensure that you are using an AMI that is enabled for ENA.", t.Name)
	}
	if im.BootMode != "" && im.BootMode != "uefi-preferred" && !slices.Contains(t.BootModes, im.BootMode) {
		return Refuse("UnsupportedOperation", "The instance type '%s' does not support the boot mode '%s' of the specified AMI.", t.Name, im.BootMode)
	}
	if im.RootDeviceType == "instance-store" && t.Nitro {
		return Refuse("InvalidParameterCombination", "The instance type '%s' does not support instance store-backed AMIs.", t.Name)
	}
	return s.offers.problem(t.Name, p.subnet.Zone)
}

func (s *State) planDevices(p *launchPlan) error {
	devices, err := overrideDevices(p.image.BlockDevices, p.req.BlockDevices)
	if err != nil {
		return err
	}
	for _, b := range devices {
		if b.SnapshotID != "" && s.snapshots.rows[b.SnapshotID] == nil {
			return Refuse("InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.", b.SnapshotID)
		}
	}
	p.devices = devices
	return nil
}

// overrideDevices applies a request's block device mappings to an image's.
func overrideDevices(devices []BlockDevice, overrides []BlockDeviceOverride) ([]BlockDevice, error) {
	devices = slices.Clone(devices)
	for _, o := range overrides {
		i := slices.IndexFunc(devices, func(b BlockDevice) bool { return b.Device == o.Device })
		if o.NoDevice {
			if i >= 0 {
				devices = slices.Delete(devices, i, i+1)
			}
			continue
		}
		b := BlockDevice{Device: o.Device, Type: "gp2", DeleteOnTermination: true}
		if i >= 0 {
			b = devices[i]
		}
		if o.Virtual != "" {
			b = BlockDevice{Device: o.Device, Virtual: o.Virtual}
		}
		if o.Size != nil && *o.Size < b.Size && b.SnapshotID != "" {
			return nil, Refuse("InvalidBlockDeviceMapping", "Volume of size %dGB is smaller than snapshot '%s', expect size >= %dGB", *o.Size, b.SnapshotID, b.Size)
		}
		set(&b.SnapshotID, o.SnapshotID)
		set(&b.Type, o.Type)
		set(&b.Size, o.Size)
		set(&b.IOPS, o.IOPS)
		set(&b.Throughput, o.Throughput)
		set(&b.Encrypted, o.Encrypted)
		set(&b.DeleteOnTermination, o.DeleteOnTermination)
		if i >= 0 {
			devices[i] = b
		} else {
			devices = append(devices, b)
		}
	}
	return devices, nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

func (s *State) planOptions(p *launchPlan) error {
	p.httpTokens, p.httpEndpoint, p.hopLimit, p.shutdown = "optional", "enabled", 1, "stop"
	if p.image.IMDS == "v2.0" {
		p.httpTokens, p.hopLimit = "required", 2
	}
	if p.req.HTTPTokens != "" {
		p.httpTokens = p.req.HTTPTokens
	}
	if p.req.HTTPEndpoint != "" {
		p.httpEndpoint = p.req.HTTPEndpoint
	}
	if p.req.HopLimit != 0 {
		p.hopLimit = p.req.HopLimit
	}
	if p.req.ShutdownBehavior != "" {
		p.shutdown = p.req.ShutdownBehavior
	} else if p.image.RootDeviceType == "instance-store" {
		p.shutdown = "terminate"
	}
	return nil
}

func (s *State) planAddresses(p *launchPlan) error {
	if s.free(p.subnet) < p.req.Max {
		return Refuse("InsufficientFreeAddressesInSubnet", "The specified subnet does not have enough free addresses to satisfy the request.")
	}
	return nil
}

// reserved is how many addresses of a subnet are EC2's own: the first four and
// the last.
const reserved = 5

// free counts a subnet's free addresses; s.mu is held.
func (s *State) free(n *Subnet) int {
	count := 1<<(32-n.CIDR.Bits()) - reserved
	for addr := range s.addresses {
		if n.CIDR.Contains(addr) {
			count--
		}
	}
	return count
}

// FreeAddresses counts a subnet's free addresses.
func (s *State) FreeAddresses(n Subnet) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.free(&n)
}

// allocate takes a subnet's next free address; s.mu is held, and there
// is one.
func (s *State) allocate(n *Subnet) netip.Addr {
	first := n.CIDR.Addr().Next().Next().Next().Next()
	addr, ok := s.next[n.ID]
	if !ok {
		addr = first
	}
	for s.addresses[addr] || !n.CIDR.Contains(addr.Next()) {
		if addr = addr.Next(); !n.CIDR.Contains(addr.Next()) {
			addr = first
		}
	}
	s.addresses[addr], s.next[n.ID] = true, addr.Next()
	return addr
}
