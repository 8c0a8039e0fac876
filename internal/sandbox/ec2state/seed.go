package ec2state

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// vpcCIDR is the network of every VPC; addresses are unique over all of them.
var vpcCIDR = netip.MustParsePrefix("127.66.0.0/16")

// New makes the account that a scenario describes, writes its images' folders
// and boots its instances. A folder that is there already is an error.
func New(sc *scenario.Scenario, opts Options) (*State, error) {
	ctx, cancel := context.WithCancel(context.Background())
	t := sc.Timings
	s := &State{
		opts: opts, ctx: ctx, cancel: cancel, Region: sc.Region, Account: sc.Account,
		timings: timings{
			pending: *t.Pending, stop: *t.Stop, image: *t.Image, terminate: *t.Terminate, forget: *t.Forget, boot: t.Boot,
		},
		offers: newOffers(sc),
		images: newTable[image](), instances: newTable[instance](), volumes: newTable[Volume](),
		snapshots: newTable[Snapshot](), groups: newTable[Group](), vpcs: newTable[VPC](), subnets: newTable[Subnet](),
		keys: newTable[KeyPair](), spots: newTable[SpotRequest](), tokens: map[string]*launched{},
		hidden: map[string]int{}, addresses: map[netip.Addr]bool{}, next: map[string]netip.Addr{},
	}
	s.seedNetwork(sc)
	if err := s.seed(sc); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *State) seed(sc *scenario.Scenario) error {
	for _, k := range sc.KeyPairs {
		if err := s.addKey(k.Name, k.PublicKey, k.Tags); err != nil {
			return fmt.Errorf("cannot add key pair %s: %w", k.Name, err)
		}
	}
	for i := range sc.Images {
		if err := s.seedImage(&sc.Images[i]); err != nil {
			return err
		}
	}
	for i := range sc.Instances {
		if err := s.seedInstance(sc, &sc.Instances[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) seedNetwork(sc *scenario.Scenario) {
	for _, v := range sc.VPCs {
		put(s, s.vpcs, v.ID, &VPC{ID: v.ID, CIDR: vpcCIDR, Default: v.Default, Tags: v.Tags})
	}
	zones := map[string]bool{s.Region + "a": true, s.Region + "b": true}
	for i, n := range sc.Subnets {
		base := vpcCIDR.Addr().As4()
		base[2] = byte((s.opts.FirstSubnet + i) << 4)
		cidr := netip.PrefixFrom(netip.AddrFrom4(base), 20)
		put(s, s.subnets, n.ID, &Subnet{ID: n.ID, VPC: n.VPC, Zone: n.Zone, CIDR: cidr, DefaultForZone: n.DefaultForZone, Tags: n.Tags})
		zones[n.Zone] = true
	}
	s.Zones = slices.Sorted(maps.Keys(zones))
	for _, g := range sc.SecurityGroups {
		group := &Group{ID: g.ID, Name: g.Name, Description: g.Description, VPC: g.VPC, Tags: g.Tags}
		for _, in := range g.Ingress {
			rule := Rule{ID: newID("sgr-"), Protocol: in.Protocol, FromPort: in.FromPort, ToPort: in.ToPort, CIDR: in.Prefix, GroupID: in.GroupID}
			if in.Bastion {
				rule.CIDR = netip.PrefixFrom(s.opts.Bastion, s.opts.Bastion.BitLen())
			}
			group.Ingress = append(group.Ingress, rule)
		}
		put(s, s.groups, g.ID, group)
	}
}

func (s *State) seedImage(src *scenario.Image) error {
	im := &image{Image: Image{
		ID: src.ID, Name: src.Name, Description: src.Description, Owner: src.Owner, State: src.State, Platform: src.Platform,
		Architecture: src.Architecture, Virtualization: src.VirtualizationType, RootDeviceType: src.RootDeviceType,
		BootMode: src.BootMode, IMDS: src.IMDSSupport, TPM: src.TPMSupport, ENA: src.ENASupport, Created: src.CreationTime, Deprecation: src.DeprecationTime,
		Tags: src.Tags, User: src.User, Lineage: []string{src.ID},
	}}
	if src.State == "failed" {
		im.Reason = Reason{"Server.InternalError", "Server.InternalError: Internal error during image creation"}
	}
	for _, p := range src.LaunchPermissions {
		if p == "all" {
			im.Permissions = append(im.Permissions, Permission{Group: p})
		} else {
			im.Permissions = append(im.Permissions, Permission{UserID: p})
		}
	}
	for i, b := range src.BlockDevices {
		if i == 0 {
			im.RootDeviceName = b.Device
		}
		if b.Ephemeral != "" {
			im.BlockDevices = append(im.BlockDevices, BlockDevice{Device: b.Device, Virtual: b.Ephemeral})
			continue
		}
		snap := &Snapshot{
			ID: newID("snap-"), VolumeID: "vol-ffffffff", State: "completed", Owner: src.Owner, Size: b.Size, Encrypted: b.Encrypted,
			Started: im.Created, Description: fmt.Sprintf("Created by CreateImage for %s from vol-ffffffff", src.ID),
		}
		put(s, s.snapshots, snap.ID, snap)
		im.BlockDevices = append(im.BlockDevices, BlockDevice{
			Device: b.Device, SnapshotID: snap.ID, Type: b.Type, Size: b.Size, IOPS: b.IOPS, Throughput: b.Throughput,
			Encrypted: b.Encrypted, DeleteOnTermination: *b.DeleteOnTermination,
		})
	}
	if im.RootDeviceName == "" {
		im.RootDeviceName = "/dev/sda1"
	}
	put(s, s.images, im.ID, im)
	return WriteFiles(s.ImageRoot(im.ID), src.Platform, src.Files)
}

func (s *State) seedInstance(sc *scenario.Scenario, src *scenario.Instance) error {
	req := LaunchRequest{
		ImageID: src.Image, Type: src.Type, Min: 1, Max: 1, SubnetID: src.Subnet, KeyName: src.KeyPair,
		Tags: map[string]map[string]string{"instance": withName(src.Tags, src.Name)},
	}
	for _, g := range src.SecurityGroups {
		req.GroupIDs = append(req.GroupIDs, sc.Group(g).ID)
	}
	s.mu.Lock()
	plan, err := s.planLaunch(req)
	if err != nil {
		s.mu.Unlock()
		return fmt.Errorf("cannot launch instance %s: %w", src.ID, err)
	}
	plan.ids = []string{src.ID}
	in := s.makeInstances(plan).instances[0]
	in.State, in.Reason, in.ImageID = Running, Reason{}, src.LaunchedFrom
	in.Launched = in.Launched.Add(-30 * 24 * time.Hour)
	in.Ran = in.Launched
	if src.State == Stopped {
		in.State = Stopped
	}
	s.mu.Unlock()
	if err := copyTree(s.ImageRoot(src.Image), s.InstanceRoot(src.ID)); err != nil {
		return err
	}
	if err := WriteFiles(s.InstanceRoot(src.ID), in.Platform, src.Files); err != nil {
		return err
	}
	if in.State == Running {
		s.boot(in, 0)
	}
	return nil
}

func withName(tags map[string]string, name string) map[string]string {
	if name == "" {
		return tags
	}
	tags = maps.Clone(tags)
	if tags == nil {
		tags = map[string]string{}
	}
	if _, ok := tags["Name"]; !ok {
		tags["Name"] = name
	}
	return tags
}

// WriteFiles writes a scenario's files into a root folder, over what is there.
func WriteFiles(root, platform string, files []scenario.File) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return fmt.Errorf("cannot make %s: %w", root, err)
	}
	for _, f := range files {
		if err := writeFile(filepath.Join(root, hostPath(platform, f.Path)), f); err != nil {
			return fmt.Errorf("cannot write %s into %s: %w", f.Path, root, err)
		}
	}
	return nil
}

// hostPath turns a host's absolute path into one below its root folder.
func hostPath(platform, path string) string {
	if platform == scenario.Windows {
		return filepath.FromSlash(strings.ToUpper(path[:1]) + strings.ReplaceAll(path[2:], `\`, "/"))
	}
	return filepath.FromSlash(path)
}

func writeFile(path string, f scenario.File) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if f.Folder {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		return finish(path, f)
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if f.Link != "" {
		return os.Symlink(f.Link, path)
	}
	if err := os.WriteFile(path, f.Bytes, 0o600); err != nil {
		return err
	}
	// A time of long ago, so that whatever is written later shows.
	then := time.Date(2015, 2, 24, 17, 40, 0, 0, time.UTC)
	if err := finish(path, f); err != nil {
		return err
	}
	return os.Chtimes(path, then, then)
}

func finish(path string, f scenario.File) error {
	if f.UID >= 0 {
		if err := os.Lchown(path, f.UID, f.GID); err != nil {
			return fmt.Errorf("%w; only root may give files away, leave owner out", err)
		}
	}
	return os.Chmod(path, f.Mode.Perm()|f.Mode&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky))
}
