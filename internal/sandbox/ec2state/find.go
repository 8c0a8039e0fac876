package ec2state

import (
	"strings"
)

// IsID tells whether id has the form of a resource's id: the prefix and 8 or
// 17 hexadecimal digits.
func IsID(prefix, id string) bool {
	digits, ok := strings.CutPrefix(id, prefix)
	return ok && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}

func malformed(code, prefix, id string) error {
	if !strings.HasPrefix(id, prefix) {
		return Refuse(code, "Invalid id: \"%s\" (expecting \"%s...\")", id, prefix)
	}
	return Refuse(code, "Invalid id: \"%s\"", id)
}

// CheckImageIDs refuses malformed ids, and those that are not to be seen.
func (s *State) CheckImageIDs(ids, visible []string) error {
	return missing(ids, visible, "ami-", "InvalidAMIID", "The image id '[%s]' does not exist", "The image ids '[%s]' do not exist")
}

// CheckInstanceIDs is CheckImageIDs for instances.
func (s *State) CheckInstanceIDs(ids, visible []string) error {
	return missing(ids, visible, "i-", "InvalidInstanceID", "The instance ID '%s' does not exist", "The instance IDs '%s' do not exist")
}

// CheckSnapshotIDs is CheckImageIDs for snapshots.
func (s *State) CheckSnapshotIDs(ids, visible []string) error {
	return missing(ids, visible, "snap-", "InvalidSnapshot", "The snapshot '%s' does not exist.", "The snapshots '%s' do not exist.")
}

// CheckVolumeIDs is CheckImageIDs for volumes.
func (s *State) CheckVolumeIDs(ids, visible []string) error {
	return missing(ids, visible, "vol-", "InvalidVolume", "The volume '%s' does not exist.", "The volumes '%s' do not exist.")
}

// CheckGroupIDs is CheckImageIDs for security groups.
func (s *State) CheckGroupIDs(ids, visible []string) error {
	return missing(ids, visible, "sg-", "InvalidGroup", "The security group '%s' does not exist", "The security groups '%s' do not exist")
}

// CheckSubnetIDs is CheckImageIDs for subnets.
func (s *State) CheckSubnetIDs(ids, visible []string) error {
	return missing(ids, visible, "subnet-", "InvalidSubnetID", "The subnet ID '%s' does not exist", "The subnet IDs '%s' do not exist")
}

// CheckVPCIDs is CheckImageIDs for VPCs.
func (s *State) CheckVPCIDs(ids, visible []string) error {
	return missing(ids, visible, "vpc-", "InvalidVpcID", "The vpc ID '%s' does not exist", "The vpc IDs '%s' do not exist")
}

// CheckSpotIDs is CheckImageIDs for spot requests.
func (s *State) CheckSpotIDs(ids, visible []string) error {
	return missing(ids, visible, "sir-", "InvalidSpotInstanceRequestID",
		"The spot instance request ID '%s' does not exist", "The spot instance request IDs '%s' do not exist")
}

func missing(ids, visible []string, prefix, code, one, many string) error {
	seen := map[string]bool{}
	for _, id := range visible {
		seen[id] = true
	}
	var gone []string
	for _, id := range ids {
		if !IsID(prefix, id) {
			return malformed(code+".Malformed", prefix, id)
		}
		if !seen[id] {
			gone = append(gone, id)
		}
	}
	switch len(gone) {
	case 0:
		return nil
	case 1:
		return Refuse(code+".NotFound", one, gone[0])
	}
	return Refuse(code+".NotFound", many, strings.Join(gone, ", "))
}

// The finders need s.mu.

func (s *State) findImage(id string) (*image, error) {
	if id == "" {
		return nil, Refuse("MissingParameter", "The request must contain the parameter ImageId")
	}
	if !IsID("ami-", id) {
		return nil, malformed("InvalidAMIID.Malformed", "ami-", id)
	}
	im := look(s, s.images, id)
	if im == nil {
		return nil, Refuse("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
	}
	return im, nil
}

// ownImage finds an image that the account may change.
func (s *State) ownImage(id string) (*image, error) {
	im, err := s.findImage(id)
	if err == nil && im.Owner != s.Account {
		err = Refuse("AuthFailure", "Not authorized for image:%s", id)
	}
	return im, err
}

func (s *State) findInstance(id string) (*instance, error) {
	found, err := s.findInstances([]string{id})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

func (s *State) findInstances(ids []string) ([]*instance, error) {
	if len(ids) == 0 || ids[0] == "" {
		return nil, Refuse("MissingParameter", "The request must contain the parameter InstanceId")
	}
	var found []*instance
	var visible []string
	for _, id := range ids {
		if in := look(s, s.instances, id); in != nil {
			found, visible = append(found, in), append(visible, id)
		}
	}
	return found, s.CheckInstanceIDs(ids, visible)
}

func (s *State) findGroup(id string) (*Group, error) {
	var visible []string
	g := look(s, s.groups, id)
	if g != nil {
		visible = []string{id}
	}
	return g, s.CheckGroupIDs([]string{id}, visible)
}

func (s *State) groupNamed(vpc, name string) *Group {
	for _, g := range s.groups.rows {
		if g.VPC == vpc && g.Name == name {
			return g
		}
	}
	return nil
}

func (s *State) keyNamed(name string) *KeyPair {
	for _, k := range s.keys.rows {
		if k.Name == name {
			return k
		}
	}
	return nil
}
