package ec2state

import (
	"maps"
	"strings"
)

// maxTags is how many tags a resource may have.
const maxTags = 50

// tagsOf finds a resource's tags by its id; s.mu is held.
func (s *State) tagsOf(id string) (*map[string]string, error) {
	prefix, _, _ := strings.Cut(id, "-")
	var tags *map[string]string
	code := ""
	switch prefix {
	case "ami":
		code, tags = "InvalidAMIID.NotFound", tagsIn(s, s.images, id, func(r *image) *map[string]string { return &r.Tags })
	case "i":
		code, tags = "InvalidInstanceID.NotFound", tagsIn(s, s.instances, id, func(r *instance) *map[string]string { return &r.Tags })
	case "vol":
		code, tags = "InvalidVolume.NotFound", tagsIn(s, s.volumes, id, func(r *Volume) *map[string]string { return &r.Tags })
	case "snap":
		code, tags = "InvalidSnapshot.NotFound", tagsIn(s, s.snapshots, id, func(r *Snapshot) *map[string]string { return &r.Tags })
	case "sg":
		code, tags = "InvalidGroup.NotFound", tagsIn(s, s.groups, id, func(r *Group) *map[string]string { return &r.Tags })
	case "vpc":
		code, tags = "InvalidVpcID.NotFound", tagsIn(s, s.vpcs, id, func(r *VPC) *map[string]string { return &r.Tags })
	case "subnet":
		code, tags = "InvalidSubnetID.NotFound", tagsIn(s, s.subnets, id, func(r *Subnet) *map[string]string { return &r.Tags })
	case "key":
		code, tags = "InvalidKeyPair.NotFound", tagsIn(s, s.keys, id, func(r *KeyPair) *map[string]string { return &r.Tags })
	case "sir":
		code, tags = "InvalidSpotInstanceRequestID.NotFound", tagsIn(s, s.spots, id, func(r *SpotRequest) *map[string]string { return &r.Tags })
	default:
		return nil, Refuse("InvalidID", "The ID '%s' is not valid", id)
	}
	if tags == nil {
		return nil, Refuse(code, "The %s ID '%s' does not exist", kindOf(prefix), id)
	}
	return tags, nil
}

// TagsOf returns the tags of a resource; false if there is none of that id.
func (s *State) TagsOf(id string) (map[string]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tags, err := s.tagsOf(id)
	if err != nil {
		return nil, false
	}
	return maps.Clone(*tags), true
}

func tagsIn[T any](s *State, t table[T], id string, tags func(*T) *map[string]string) *map[string]string {
	if row := look(s, t, id); row != nil {
		return tags(row)
	}
	return nil
}

// kindOf names a kind of resource as EC2 does where it misses one.
func kindOf(prefix string) string {
	kinds := map[string]string{
		"ami": "AMI", "i": "instance", "vol": "volume", "snap": "snapshot", "sg": "security group", "key": "key pair",
		"sir": "spot instance request",
	}
	if kind, ok := kinds[prefix]; ok {
		return kind
	}
	return prefix
}

// CreateTags sets tags on all of the resources or, if one is missing, on none.
func (s *State) CreateTags(ids []string, tags map[string]string, dryRun bool) error {
	if err := CheckTags(tags); err != nil {
		return err
	}
	return s.retag(ids, dryRun, func(now map[string]string) error {
		maps.Copy(now, tags)
		if len(now) > maxTags {
			return Refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
		}
		return nil
	})
}

// DeleteTags removes tags by key and, where it isn't nil, value; no keys: all.
func (s *State) DeleteTags(ids []string, tags map[string]*string, dryRun bool) error {
	return s.retag(ids, dryRun, func(now map[string]string) error {
		if len(tags) == 0 {
			clear(now)
		}
		for key, value := range tags {
			if is, ok := now[key]; ok && (value == nil || *value == is) {
				delete(now, key)
			}
		}
		return nil
	})
}

func (s *State) retag(ids []string, dryRun bool, change func(map[string]string) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	fields := make([]*map[string]string, len(ids))
	changed := make([]map[string]string, len(ids))
	for i, id := range ids {
		tags, err := s.tagsOf(id)
		if err != nil {
			return err
		}
		fields[i], changed[i] = tags, map[string]string{}
		maps.Copy(changed[i], *tags)
		if err := change(changed[i]); err != nil {
			return err
		}
	}
	if dryRun {
		return DryRunOperation()
	}
	for i, field := range fields {
		*field = changed[i]
	}
	return nil
}

// CheckTags refuses what EC2 refuses as a tag.
func CheckTags(tags map[string]string) error {
	for key, value := range tags {
		switch {
		case key == "":
			return Refuse("InvalidParameterValue", "Tag keys cannot be empty.")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return Refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case len([]rune(key)) > 127:
			return Refuse("InvalidParameterValue", "Tag key exceeds the maximum length of 127 characters")
		case len([]rune(value)) > 255:
			return Refuse("InvalidParameterValue", "Tag value exceeds the maximum length of 255 characters")
		}
	}
	if len(tags) > maxTags {
		return Refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	return nil
}
