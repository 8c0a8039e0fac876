package ec2state

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// start lets a pending instance become running after the scenario's time, and
// boots its computer then.
func (s *State) start(in *instance) {
	s.mu.Lock()
	generation := in.generation
	s.mu.Unlock()
	s.behind(func(ctx context.Context) {
		if s.opts.Clock.Sleep(ctx, s.timings.pending) != nil {
			return
		}
		s.mu.Lock()
		current := in.generation == generation && in.State == Pending
		if current {
			in.State, in.Reason, in.Transition = Running, Reason{}, ""
		}
		s.mu.Unlock()
		if current {
			s.boot(in, s.timings.boot[in.Platform])
		}
	})
}

// boot switches an instance's computer on, if it should be.
func (s *State) boot(in *instance, takes time.Duration) {
	in.power.Lock()
	defer in.power.Unlock()
	s.bootLocked(in, takes)
}

// bootLocked is boot with in.power held.
func (s *State) bootLocked(in *instance, takes time.Duration) {
	s.mu.Lock()
	wanted := in.State == Running
	spec := s.spec(in)
	s.mu.Unlock()
	driver := s.opts.Drivers[in.Platform]
	if !wanted || in.computer != nil || driver == nil || s.ctx.Err() != nil {
		return
	}
	spec.FirstBoot, spec.Boot = !in.booted, takes
	in.booted = true
	computer, err := driver.Boot(s.ctx, spec)
	if err != nil {
		in.console = fmt.Appendf(in.console, "cannot boot: %v\n", err)
		reason := Reason{"Server.InternalError", "Server.InternalError: " + err.Error()}
		s.behind(func(context.Context) { s.end(in, reason, "Server.InternalError") })
		return
	}
	in.computer = computer
}

// spec says what computer an instance is; s.mu is held.
func (s *State) spec(in *instance) machine.Spec {
	spec := machine.Spec{
		InstanceID: in.ID, ImageID: in.ImageID, Lineage: append([]string{in.ID}, in.Lineage...), Platform: in.Platform,
		User: in.User, Address: in.Address, Root: s.InstanceRoot(in.ID), UserData: in.UserData,
		Groups: func() []machine.Group { return s.machineGroups(in) },
	}
	if k := s.keyNamed(in.Key); k != nil {
		spec.PublicKey = k.PublicKey
	}
	return spec
}

// machineGroups resolves an instance's groups as they are now.
func (s *State) machineGroups(in *instance) []machine.Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	var groups []machine.Group
	for _, id := range in.Groups {
		g := s.groups.rows[id]
		if g == nil {
			continue
		}
		group := machine.Group{ID: id}
		for _, r := range g.Ingress {
			if r.Protocol != "tcp" && r.Protocol != "-1" {
				continue
			}
			rule := machine.Rule{FromPort: r.FromPort, ToPort: r.ToPort}
			if r.Protocol == "-1" {
				rule.FromPort, rule.ToPort = 0, 65535
			}
			if r.CIDR.IsValid() {
				rule.Prefixes = append(rule.Prefixes, r.CIDR)
			}
			if r.GroupID != "" {
				rule.GroupIDs = append(rule.GroupIDs, r.GroupID)
			}
			group.Ingress = append(group.Ingress, rule)
		}
		groups = append(groups, group)
	}
	return groups
}

// switchOff ends the computer and keeps what EC2 goes on showing of it;
// in.power is held. A computer that can't be shut down says so on the console.
func (in *instance) switchOff(ctx context.Context) {
	if in.computer == nil {
		return
	}
	in.keepOutput()
	if err := in.computer.Shutdown(ctx); err != nil {
		in.console = fmt.Appendf(in.console, "cannot shut down: %v\n", err)
	}
	in.computer = nil
}

func (in *instance) keepOutput() {
	in.console = in.computer.Console()
	if p := in.computer.Password(); p != "" {
		in.password = p
	}
}

// StateChange is an instance's state before and after a command.
type StateChange struct{ ID, Before, After string }

// StopInstances stops all of the instances or, if one can't be, none.
func (s *State) StopInstances(ids []string, dryRun bool) ([]StateChange, error) {
	return s.command(ids, dryRun, func(in *instance) error {
		switch {
		case in.State == Pending:
			return Refuse("IncorrectInstanceState", "Instance '%s' cannot be stopped as it has never reached the 'running' state.", in.ID)
		case in.State == ShuttingDown || in.State == Terminated:
			return Refuse("IncorrectInstanceState", "This instance '%s' is not in a state from which it can be stopped.", in.ID)
		case !s.canStop(in):
			return Refuse("UnsupportedOperation", "You can't stop the Spot Instance '%s' because it is associated with a one-time Spot Instance request. "+
				"You can only stop Spot Instances associated with persistent Spot Instance requests.", in.ID)
		case in.RootDeviceType != "ebs":
			return Refuse("UnsupportedOperation", "The instance '%s' does not have an 'ebs' root device type and cannot be stopped", in.ID)
		case in.DisableAPIStop:
			return Refuse("OperationNotPermitted", "The instance '%s' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.", in.ID)
		}
		return nil
	}, func(in *instance) {
		if in.State == Running {
			s.halt(in, Reason{"Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"}, "User initiated", false)
		}
	})
}

// TerminateInstances terminates all of the instances or, if one can't be, none.
func (s *State) TerminateInstances(ids []string, dryRun bool) ([]StateChange, error) {
	return s.command(ids, dryRun, func(in *instance) error {
		if in.DisableAPITermination {
			return Refuse("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", in.ID)
		}
		return nil
	}, func(in *instance) {
		if in.State != ShuttingDown && in.State != Terminated {
			s.halt(in, Reason{"Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"}, "User initiated", true)
		}
	})
}

// StartInstances starts all of the instances or, if one can't be, none.
func (s *State) StartInstances(ids []string, dryRun bool) ([]StateChange, error) {
	return s.command(ids, dryRun, func(in *instance) error {
		if !slices.Contains([]string{Stopped, Running, Pending}, in.State) {
			return Refuse("IncorrectInstanceState", "The instance '%s' is not in a state from which it can be started.", in.ID)
		}
		return s.offers.problem(in.Type, in.Zone)
	}, func(in *instance) {
		if in.State == Stopped {
			in.State, in.Reason, in.Transition, in.Ran = Pending, Reason{"pending", "pending"}, "", s.opts.Clock.Now()
			in.generation++
			s.spotStarted(in)
			s.behind(func(context.Context) { s.start(in) })
		}
	})
}

// RebootInstances restarts the computers; the instances stay running.
func (s *State) RebootInstances(ids []string, dryRun bool) error {
	_, err := s.command(ids, dryRun, func(in *instance) error {
		if in.State != Running {
			return Refuse("IncorrectState", "The instance '%s' is not in the 'running' state.", in.ID)
		}
		return nil
	}, func(in *instance) {
		s.behind(func(ctx context.Context) {
			in.power.Lock()
			defer in.power.Unlock()
			in.switchOff(ctx)
			s.bootLocked(in, s.timings.boot[in.Platform])
		})
	})
	return err
}

// command does something to several instances, or to none of them.
func (s *State) command(ids []string, dryRun bool, check func(*instance) error, do func(*instance)) ([]StateChange, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.findInstances(ids)
	if err != nil {
		return nil, err
	}
	for _, in := range found {
		if err := check(in); err != nil {
			return nil, err
		}
	}
	if dryRun {
		return nil, DryRunOperation()
	}
	var changes []StateChange
	for _, in := range found {
		before := in.State
		do(in)
		changes = append(changes, StateChange{in.ID, before, in.State})
	}
	return changes, nil
}

// PowerFail is what EC2 sees when a computer dies by itself.
func (s *State) PowerFail(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.instances.rows[id]
	if in == nil || in.State != Running && in.State != Pending {
		return
	}
	s.halt(in, Reason{"Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown"},
		"Instance initiated", in.ShutdownBehavior == "terminate")
}

// end terminates an instance with a reason that is EC2's own.
func (s *State) end(in *instance, reason Reason, transition string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.State != ShuttingDown && in.State != Terminated {
		s.halt(in, reason, transition, true)
	}
}

// halt begins to stop or to terminate an instance; s.mu is held.
func (s *State) halt(in *instance, reason Reason, by string, forGood bool) {
	now := s.opts.Clock.Now()
	in.generation++
	generation := in.generation
	in.State, in.Reason = Stopping, reason
	in.Transition = fmt.Sprintf("%s (%s)", by, now.UTC().Format("2006-01-02 15:04:05 MST"))
	takes := s.timings.stop
	if forGood {
		in.State, takes = ShuttingDown, s.timings.terminate
	} else {
		s.spotStopped(in)
	}
	s.behind(func(ctx context.Context) {
		in.power.Lock()
		in.switchOff(ctx)
		in.power.Unlock()
		if s.opts.Clock.Sleep(ctx, takes-s.opts.Clock.Now().Sub(now)) != nil {
			return
		}
		if forGood {
			s.finishTermination(in)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if in.generation == generation {
			in.State = Stopped
		}
	})
}

// finishTermination removes what belongs to a terminated instance alone.
func (s *State) finishTermination(in *instance) {
	in.power.Lock()
	defer in.power.Unlock()
	if err := removeTree(s.instanceFolder(in.ID)); err != nil {
		in.console = fmt.Appendf(in.console, "cannot remove the instance's folder: %v\n", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range in.Volumes {
		v := s.volumes.rows[a.VolumeID]
		if v == nil {
			continue
		}
		if v.DeleteOnTermination {
			s.volumes.drop(v.ID)
		} else {
			v.State, v.InstanceID, v.Device = "available", "", ""
		}
	}
	s.spotEnded(in)
	delete(s.addresses, in.Address)
	in.State, in.Volumes, in.Ephemerals, in.ended = Terminated, nil, nil, s.opts.Clock.Now()
}
