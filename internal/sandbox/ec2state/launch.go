package ec2state

import (
	"context"
	"maps"
	"os"
)

// LaunchRequest is what RunInstances is asked for.
type LaunchRequest struct {
	ImageID, Type         string
	Min, Max              int
	GroupIDs, GroupNames  []string
	SubnetID, Zone        string
	KeyName, Profile      string
	Token                 string
	Fingerprint           string // of all parameters; the same token with another one is refused
	UserData              []byte
	HTTPTokens            string // "", optional or required
	HTTPEndpoint          string
	HopLimit              int
	Spot                  bool
	Persistent            bool // the spot request outlives its instance
	ShutdownBehavior      string
	DisableAPITermination bool
	DisableAPIStop        bool
	EBSOptimized          bool
	BlockDevices          []BlockDeviceOverride
	Tags                  map[string]map[string]string // by resource type
	DryRun                bool
}

// BlockDeviceOverride changes or adds one entry of a block device mapping; what
// is nil stays as the image has it.
type BlockDeviceOverride struct {
	Device, Virtual     string
	NoDevice            bool
	SnapshotID, Type    *string
	Size                *int32
	IOPS, Throughput    *int32
	Encrypted           *bool
	DeleteOnTermination *bool
}

// Reservation is what one RunInstances made.
type Reservation struct {
	ID        string
	Instances []Instance
}

// launched is a reservation that can be found by its client token.
type launched struct {
	id          string
	fingerprint string
	instances   []*instance
}

// RunInstances launches, or returns what the same client token launched before.
// The instances' folders are there when it returns.
func (s *State) RunInstances(req LaunchRequest) (Reservation, error) {
	s.mu.Lock()
	if earlier := s.tokens[req.Token]; req.Token != "" && earlier != nil {
		defer s.mu.Unlock()
		if earlier.fingerprint != req.Fingerprint {
			return Reservation{}, Refuse("IdempotentParameterMismatch",
				"Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
		}
		return earlier.reservation(), nil
	}
	plan, err := s.planLaunch(req)
	if err == nil && req.DryRun {
		err = DryRunOperation()
	}
	if err == nil {
		err = s.checkQuota(plan)
	}
	if err != nil {
		s.mu.Unlock()
		return Reservation{}, err
	}
	return s.launchLocked(plan)
}

// launchLocked launches what was planned. It is called with s.mu held, and
// lets go of it.
func (s *State) launchLocked(plan *launchPlan) (Reservation, error) {
	made := s.makeInstances(plan)
	if plan.req.Token != "" {
		s.tokens[plan.req.Token] = made
	}
	answer := made.reservation()
	plan.image.files.RLock()
	for _, in := range made.instances {
		in.power.Lock()
	}
	s.mu.Unlock()

	err := s.fillFolders(plan.image, made.instances)
	plan.image.files.RUnlock()
	for _, in := range made.instances {
		if err != nil {
			s.end(in, Reason{"Server.InternalError", "Server.InternalError: Internal error on launch"}, "Server.InternalError")
			continue
		}
		s.start(in)
	}
	if err != nil {
		return Reservation{}, internalError(err)
	}
	return answer, nil
}

// fillFolders copies the image to each instance and lets go of their power.
func (s *State) fillFolders(im *image, instances []*instance) error {
	var failed error
	for _, in := range instances {
		if failed == nil {
			failed = os.MkdirAll(s.instanceFolder(in.ID), 0o755)
		}
		if failed == nil {
			failed = copyTree(s.ImageRoot(im.ID), s.InstanceRoot(in.ID))
		}
		in.power.Unlock()
	}
	return failed
}

func (l *launched) reservation() Reservation {
	r := Reservation{ID: l.id}
	for _, in := range l.instances {
		r.Instances = append(r.Instances, in.Instance)
	}
	return r
}

// makeInstances enters planned instances, pending; s.mu is held.
func (s *State) makeInstances(p *launchPlan) *launched {
	now := s.opts.Clock.Now()
	made := &launched{id: newID("r-"), fingerprint: p.req.Fingerprint}
	for i := range p.req.Max {
		id := newID("i-")
		if len(p.ids) > 0 {
			id = p.ids[i]
		}
		im, req := p.image, p.req
		in := &instance{Instance: Instance{
			ID: id, ImageID: im.ID, ReservationID: made.id, State: Pending, Reason: Reason{"pending", "pending"},
			Platform: im.Platform, Architecture: im.Architecture, Virtualization: im.Virtualization,
			RootDeviceType: im.RootDeviceType, RootDeviceName: im.RootDeviceName, BootMode: im.BootMode, TPM: im.TPM,
			Sriov: im.Sriov, ENA: im.ENA, Type: req.Type, Address: s.allocate(p.subnet), VPC: p.subnet.VPC,
			Subnet: p.subnet.ID, Zone: p.subnet.Zone, Groups: p.groups, Key: req.KeyName, Profile: req.Profile,
			Token: req.Token, Launched: now, Ran: now, Tags: maps.Clone(req.Tags["instance"]), UserData: req.UserData,
			HTTPTokens: p.httpTokens, HTTPEndpoint: p.httpEndpoint, HopLimit: p.hopLimit,
			ShutdownBehavior: p.shutdown, DisableAPITermination: req.DisableAPITermination,
			DisableAPIStop: req.DisableAPIStop, EBSOptimized: req.EBSOptimized, LaunchIndex: i,
			Lineage: im.Lineage, User: im.User,
		}}
		s.attachVolumes(in, p)
		if req.Spot {
			s.requestSpot(in, p)
		}
		put(s, s.instances, id, in)
		made.instances = append(made.instances, in)
	}
	return made
}

// attachVolumes makes an instance's volumes; s.mu is held.
func (s *State) attachVolumes(in *instance, p *launchPlan) {
	for _, b := range p.devices {
		if b.Virtual != "" {
			in.Ephemerals = append(in.Ephemerals, b)
			continue
		}
		v := &Volume{
			ID: newID("vol-"), State: "in-use", Zone: in.Zone, Type: b.Type, SnapshotID: b.SnapshotID, Size: b.Size,
			IOPS: b.IOPS, Throughput: b.Throughput, Encrypted: b.Encrypted, Created: in.Launched,
			Tags: maps.Clone(p.req.Tags["volume"]), InstanceID: in.ID, Device: b.Device,
			DeleteOnTermination: b.DeleteOnTermination,
		}
		put(s, s.volumes, v.ID, v)
		in.Volumes = append(in.Volumes, Attachment{b.Device, v.ID, in.Launched, b.DeleteOnTermination})
	}
}

// DoomInstance makes an instance end as EC2's own failure would, when it would
// otherwise have become running.
func (s *State) DoomInstance(id string) {
	s.mu.Lock()
	in := s.instances.rows[id]
	s.mu.Unlock()
	if in == nil {
		return
	}
	s.behind(func(context.Context) {
		s.end(in, Reason{"Server.InternalError", "Server.InternalError: Internal error on launch"}, "Server.InternalError")
	})
}
