package ec2state

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"time"
)

// ImageRequest is what CreateImage is asked for.
type ImageRequest struct {
	InstanceID, Name, Description string
	NoReboot                      bool
	BootMode                      string // overrides the instance's
	BlockDevices                  []BlockDeviceOverride
	Tags                          map[string]map[string]string // by resource type
	DryRun                        bool
}

var imageName = regexp.MustCompile(`^[A-Za-z0-9()\[\] ./'@_-]{3,128}$`)

// CreateImage makes an image of an instance as it is when the call is accepted:
// its folder is copied before the call returns. A running instance is shut down
// for it and booted again, unless NoReboot.
//
// The image gets what EC2 gives it: the instance's hardware settings and block
// devices, and the tags of the request. Tags, description, launch permissions,
// deprecation and IMDS support of the source image are not carried over.
func (s *State) CreateImage(req ImageRequest) (id string, err error) {
	in, im, err := s.enterImage(req)
	if err != nil {
		return "", err
	}
	in.power.Lock()
	wasOn := in.computer != nil
	if wasOn && !req.NoReboot {
		in.switchOff(s.ctx)
	}
	if err = os.MkdirAll(s.imageFolder(im.ID), 0o755); err == nil {
		err = copyTree(s.InstanceRoot(in.ID), s.ImageRoot(im.ID))
	}
	if wasOn && !req.NoReboot {
		s.bootLocked(in, s.timings.boot[in.Platform])
	}
	in.power.Unlock()
	im.files.Unlock()
	if err != nil {
		s.failImage(im, err)
		return "", internalError(err)
	}
	s.later(s.timings.image, func() {
		if im.State == "pending" {
			im.State = "available"
		}
		s.completeSnapshots(im)
	})
	return im.ID, nil
}

// enterImage checks the request and enters a pending image, whose folder it
// locks.
func (s *State) enterImage(req ImageRequest) (*instance, *image, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, err := s.findInstance(req.InstanceID)
	if err != nil {
		return nil, nil, err
	}
	if err := s.checkImageName(req.Name); err != nil {
		return nil, nil, err
	}
	if in.RootDeviceType != "ebs" {
		return nil, nil, Refuse("InvalidParameterValue", "Instance %s does not have an EBS root device; CreateImage needs one.", in.ID)
	}
	if !slices.Contains([]string{Running, Stopping, Stopped}, in.State) {
		return nil, nil, Refuse("InvalidParameterValue",
			"Invalid value '%s' for instanceId. Instance is not in state 'running' or 'stopping' or 'stopped'", in.ID)
	}
	devices, err := overrideDevices(s.deviceMapping(in), req.BlockDevices)
	if err != nil {
		return nil, nil, err
	}
	if req.DryRun {
		return nil, nil, DryRunOperation()
	}
	im := s.newImage(in, req, devices)
	im.files.Lock()
	put(s, s.images, im.ID, im)
	return in, im, nil
}

func (s *State) checkImageName(name string) error {
	if !imageName.MatchString(name) {
		return Refuse("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'")
	}
	for _, im := range s.images.rows {
		if im.Name == name && im.Owner == s.Account {
			return Refuse("InvalidAMIName.Duplicate", "AMI name %s is already in use by AMI %s", name, im.ID)
		}
	}
	return nil
}

// deviceMapping is an instance's block devices as an image has them; s.mu is held.
func (s *State) deviceMapping(in *instance) []BlockDevice {
	var devices []BlockDevice
	for _, a := range in.Volumes {
		if v := s.volumes.rows[a.VolumeID]; v != nil {
			devices = append(devices, BlockDevice{
				Device: a.Device, Type: v.Type, Size: v.Size, IOPS: v.IOPS, Throughput: v.Throughput,
				Encrypted: v.Encrypted, DeleteOnTermination: a.DeleteOnTermination,
			})
		}
	}
	return append(devices, in.Ephemerals...)
}

// newImage builds the image and its snapshots; s.mu is held.
func (s *State) newImage(in *instance, req ImageRequest, devices []BlockDevice) *image {
	id, now := newID("ami-"), s.opts.Clock.Now()
	im := &image{Image: Image{
		ID: id, Name: req.Name, Description: req.Description, Owner: s.Account, State: "pending", Platform: in.Platform,
		Architecture: in.Architecture, Virtualization: in.Virtualization, RootDeviceType: "ebs",
		RootDeviceName: in.RootDeviceName, BootMode: in.BootMode, TPM: in.TPM, Sriov: in.Sriov, ENA: in.ENA,
		Created: now, Tags: maps.Clone(req.Tags["image"]), SourceInstance: in.ID, SourceImage: in.ImageID, User: in.User,
		Lineage: append([]string{id}, in.Lineage...),
	}}
	if req.BootMode != "" {
		im.BootMode = req.BootMode
	}
	volumes := map[string]string{}
	for _, a := range in.Volumes {
		volumes[a.Device] = a.VolumeID
	}
	for _, b := range devices {
		if volume := volumes[b.Device]; volume != "" && b.Virtual == "" {
			snap := &Snapshot{
				ID: newID("snap-"), VolumeID: volume, State: "pending", Owner: s.Account, Size: b.Size, Encrypted: b.Encrypted,
				Started: now, Takes: s.timings.image, Tags: maps.Clone(req.Tags["snapshot"]),
				Description: fmt.Sprintf("Created by CreateImage(%s) for %s", in.ID, id),
			}
			put(s, s.snapshots, snap.ID, snap)
			b.SnapshotID = snap.ID
		}
		im.BlockDevices = append(im.BlockDevices, b)
	}
	return im
}

// completeSnapshots needs s.mu.
func (s *State) completeSnapshots(im *image) {
	for _, b := range im.BlockDevices {
		if snap := s.snapshots.rows[b.SnapshotID]; snap != nil && snap.State == "pending" {
			snap.State = "completed"
		}
	}
}

// DoomImage makes a pending image end as failed.
func (s *State) DoomImage(id string) {
	s.mu.Lock()
	im := s.images.rows[id]
	s.mu.Unlock()
	if im != nil {
		s.behind(func(ctx context.Context) {
			if s.opts.Clock.Sleep(ctx, s.timings.image*9/10) == nil {
				s.failImage(im, errors.New("Internal error during image creation"))
			}
		})
	}
}

func (s *State) failImage(im *image, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	im.State, im.Reason = "failed", Reason{"Server.InternalError", "Server.InternalError: " + cause.Error()}
	for _, b := range im.BlockDevices {
		if snap := s.snapshots.rows[b.SnapshotID]; snap != nil {
			snap.State = "error"
		}
	}
}

// DeregisterImage removes an image, its folder and, if asked to, its snapshots,
// whose ids it returns.
func (s *State) DeregisterImage(id string, withSnapshots, dryRun bool) ([]string, error) {
	s.mu.Lock()
	im, err := s.ownImage(id)
	if err == nil && dryRun {
		err = DryRunOperation()
	}
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	s.images.drop(id)
	var deleted []string
	for _, b := range im.BlockDevices {
		if withSnapshots && b.SnapshotID != "" && s.snapshotUser(b.SnapshotID) == "" {
			s.snapshots.drop(b.SnapshotID)
			deleted = append(deleted, b.SnapshotID)
		}
	}
	s.mu.Unlock()
	im.files.Lock()
	defer im.files.Unlock()
	if err := removeTree(s.imageFolder(id)); err != nil {
		return deleted, internalError(err)
	}
	return deleted, nil
}

// ChangeImage changes an image of the account's own.
func (s *State) ChangeImage(id string, dryRun bool, change func(*Image) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	im, err := s.ownImage(id)
	if err != nil {
		return err
	}
	changed := im.Image
	if err := change(&changed); err != nil {
		return err
	}
	if dryRun {
		return DryRunOperation()
	}
	im.Image = changed
	return nil
}

// Deprecate sets the time from which on an image is no longer offered; zero
// takes it back.
func (s *State) Deprecate(id string, at time.Time, dryRun bool) error {
	return s.ChangeImage(id, dryRun, func(im *Image) error {
		now := time.Now() // a client reckons with its own clock, not with the simulated one
		switch {
		case at.IsZero():
		case at.Before(now):
			return Refuse("InvalidParameterValue", "Invalid value for 'deprecateAt'. The date must be in the future")
		case at.After(now.AddDate(10, 0, 0)):
			return Refuse("InvalidParameterValue", "Invalid value for 'deprecateAt'. The date must be within 10 years")
		}
		im.Deprecation = at.Truncate(time.Minute)
		return nil
	})
}

// snapshotUser is the image that a snapshot belongs to, "" if none; s.mu is held.
func (s *State) snapshotUser(snapshot string) string {
	for id, im := range s.images.rows {
		if slices.ContainsFunc(im.BlockDevices, func(b BlockDevice) bool { return b.SnapshotID == snapshot }) {
			return id
		}
	}
	return ""
}

// DeleteSnapshot deletes a snapshot that no image needs.
func (s *State) DeleteSnapshot(id string, dryRun bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var visible []string
	snap := look(s, s.snapshots, id)
	if snap != nil {
		visible = []string{id}
	}
	if err := s.CheckSnapshotIDs([]string{id}, visible); err != nil {
		return err
	}
	if snap.Owner != s.Account {
		return Refuse("AuthFailure", "Not authorized for snapshot:%s", id)
	}
	if user := s.snapshotUser(id); user != "" {
		return Refuse("InvalidSnapshot.InUse", "The snapshot %s is currently in use by %s", id, user)
	}
	if dryRun {
		return DryRunOperation()
	}
	s.snapshots.drop(id)
	return nil
}
