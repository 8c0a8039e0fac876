package ec2state

import "slices"

// ChangeInstance changes an instance's attributes. Groups must exist and belong
// to its VPC; its type can change only while it is stopped.
func (s *State) ChangeInstance(id string, dryRun bool, change func(*Instance) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, err := s.findInstance(id)
	if err != nil {
		return err
	}
	changed := in.Instance
	if err := change(&changed); err != nil {
		return err
	}
	if in.State == Terminated {
		return Refuse("IncorrectInstanceState", "The instance '%s' is not in a state from which it can be modified.", id)
	}
	stoppedOnly := changed.Type != in.Type || string(changed.UserData) != string(in.UserData) || changed.ENA != in.ENA ||
		changed.EBSOptimized != in.EBSOptimized
	if stoppedOnly && in.State != Stopped {
		return Refuse("IncorrectInstanceState", "The instance '%s' is not in the 'stopped' state.", id)
	}
	if _, ok := instanceTypes()[changed.Type]; !ok {
		return Refuse("InvalidInstanceAttributeValue", "The instance type '%s' is not recognized", changed.Type)
	}
	if !slices.Equal(changed.Groups, in.Groups) {
		for _, id := range changed.Groups {
			g, err := s.findGroup(id)
			if err != nil {
				return err
			}
			if g.VPC != in.VPC {
				return Refuse("InvalidGroup.NotFound", "The security group '%s' does not exist in VPC '%s'", id, in.VPC)
			}
		}
	}
	if dryRun {
		return DryRunOperation()
	}
	in.Instance = changed
	return nil
}
