package ec2state

import "slices"

// CreateGroup makes a security group without ingress.
func (s *State) CreateGroup(name, description, vpc string, tags map[string]string, dryRun bool) (Group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if vpc == "" {
		vpc = s.defaultVPC()
	}
	switch {
	case name == "":
		return Group{}, Refuse("MissingParameter", "The request must contain the parameter GroupName")
	case description == "":
		return Group{}, Refuse("MissingParameter", "The request must contain the parameter GroupDescription")
	case s.vpcs.rows[vpc] == nil:
		return Group{}, Refuse("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", vpc)
	case s.groupNamed(vpc, name) != nil:
		return Group{}, Refuse("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", name, vpc)
	case dryRun:
		return Group{}, DryRunOperation()
	}
	g := &Group{ID: newID("sg-"), Name: name, Description: description, VPC: vpc, Tags: tags}
	put(s, s.groups, g.ID, g)
	return *g, nil
}

// FindGroup finds a group by id or, in the default VPC, by name.
func (s *State) FindGroup(id, name string) (Group, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.groupBy(id, name)
	if err != nil {
		return Group{}, err
	}
	return *g, nil
}

// groupBy needs s.mu.
func (s *State) groupBy(id, name string) (*Group, error) {
	if id != "" {
		return s.findGroup(id)
	}
	if name == "" {
		return nil, Refuse("MissingParameter", "The request must contain the parameter groupName or groupId")
	}
	g := s.groupNamed(s.defaultVPC(), name)
	if g == nil {
		return nil, Refuse("InvalidGroup.NotFound", "The security group '%s' does not exist in default VPC '%s'", name, s.defaultVPC())
	}
	return g, nil
}

// DeleteGroup deletes a group that no instance and no other group uses.
func (s *State) DeleteGroup(id, name string, dryRun bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.groupBy(id, name)
	if err != nil {
		return err
	}
	if g.Name == "default" {
		return Refuse("CannotDelete", "the specified group: \"%s\" name: \"default\" cannot be deleted by a user", g.ID)
	}
	for _, in := range s.instances.rows {
		if in.State != Terminated && slices.Contains(in.Groups, g.ID) {
			return Refuse("DependencyViolation", "resource %s has a dependent object", g.ID)
		}
	}
	for _, other := range s.groups.rows {
		if other != g && slices.ContainsFunc(other.Ingress, func(r Rule) bool { return r.GroupID == g.ID }) {
			return Refuse("DependencyViolation", "resource %s has a dependent object", g.ID)
		}
	}
	if dryRun {
		return DryRunOperation()
	}
	s.groups.drop(g.ID)
	return nil
}

// same tells whether two rules let in the same.
func (r Rule) same(other Rule) bool {
	return r.Protocol == other.Protocol && r.FromPort == other.FromPort && r.ToPort == other.ToPort &&
		r.CIDR == other.CIDR && r.GroupID == other.GroupID
}

// Authorize adds rules to a group.
func (s *State) Authorize(id, name string, rules []Rule, dryRun bool) (Group, []Rule, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.groupBy(id, name)
	if err != nil {
		return Group{}, nil, err
	}
	for i := range rules {
		if slices.ContainsFunc(g.Ingress, rules[i].same) {
			return Group{}, nil, Refuse("InvalidPermission.Duplicate", "the specified rule \"peer: %s%s, %s, from port: %d, to port: %d, ALLOW\" already exists",
				rules[i].peer(), rules[i].GroupID, rules[i].Protocol, rules[i].FromPort, rules[i].ToPort)
		}
		rules[i].ID = newID("sgr-")
	}
	if dryRun {
		return Group{}, nil, DryRunOperation()
	}
	g.Ingress = slices.Concat(g.Ingress, rules)
	return *g, rules, nil
}

func (r Rule) peer() string {
	if r.CIDR.IsValid() {
		return r.CIDR.String()
	}
	return ""
}

// Revoke takes rules from a group, those of the ids and those that are the same.
func (s *State) Revoke(id, name string, rules []Rule, ruleIDs []string, dryRun bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.groupBy(id, name)
	if err != nil {
		return err
	}
	for _, rule := range rules {
		if !slices.ContainsFunc(g.Ingress, rule.same) {
			return Refuse("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
		}
	}
	for _, ruleID := range ruleIDs {
		if !slices.ContainsFunc(g.Ingress, func(r Rule) bool { return r.ID == ruleID }) {
			return Refuse("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", ruleID)
		}
	}
	if dryRun {
		return DryRunOperation()
	}
	g.Ingress = slices.DeleteFunc(slices.Clone(g.Ingress), func(r Rule) bool {
		return slices.Contains(ruleIDs, r.ID) || slices.ContainsFunc(rules, r.same)
	})
	return nil
}
