package ec2api

import (
	"slices"
	"strconv"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type describeSnapshotsRequest struct {
	dry
	paging
	SnapshotIDs  []string `q:"SnapshotId"`
	Owners       []string `q:"Owner"`
	RestorableBy []string `q:"RestorableBy"`
	Filters      []filter `q:"Filter"`
}

type snapshotItem struct {
	ID          string        `xml:"snapshotId"`
	VolumeID    string        `xml:"volumeId"`
	Status      string        `xml:"status"`
	StartTime   string        `xml:"startTime"`
	Progress    string        `xml:"progress"`
	OwnerID     string        `xml:"ownerId"`
	VolumeSize  int32         `xml:"volumeSize"`
	Description string        `xml:"description"`
	Encrypted   bool          `xml:"encrypted"`
	Tier        string        `xml:"storageTier"`
	Tags        *set[tagItem] `xml:"tagSet"`
}

type describeSnapshotsResponse struct {
	Snapshots set[snapshotItem] `xml:"snapshotSet"`
	NextToken string            `xml:"nextToken,omitempty"`
}

func describeSnapshots(c *call, r *describeSnapshotsRequest) (any, error) {
	type snapshot = ec2state.Snapshot
	id := func(s snapshot) string { return s.ID }
	all := slices.DeleteFunc(c.state.Snapshots(), func(s snapshot) bool { return s.Owner != c.state.Account && s.Owner != "amazon" })
	if err := c.state.CheckSnapshotIDs(r.SnapshotIDs, idsOf(all, id)); err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(pick(all, r.SnapshotIDs, id), func(s snapshot) bool {
		mine := s.Owner == c.state.Account
		return len(r.Owners) > 0 && !slices.ContainsFunc(r.Owners, func(o string) bool {
			return o == s.Owner || o == ownerID(s.Owner) || o == "self" && mine
		})
	})
	f := filters[snapshot]{
		tags: func(s snapshot) map[string]string { return s.Tags },
		values: map[string]func(snapshot) []string{
			"description":  one(func(s snapshot) string { return s.Description }),
			"encrypted":    yesNo(func(s snapshot) bool { return s.Encrypted }),
			"owner-id":     one(func(s snapshot) string { return ownerID(s.Owner) }),
			"progress":     one(c.progress),
			"snapshot-id":  one(id),
			"start-time":   one(func(s snapshot) string { return stamp(s.Started) }),
			"status":       one(func(s snapshot) string { return s.State }),
			"storage-tier": one(func(snapshot) string { return "standard" }),
			"volume-id":    one(func(s snapshot) string { return s.VolumeID }),
		},
	}
	found, err := f.apply(found, r.Filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, r.paging, 5, 1000, id)
	return describeSnapshotsResponse{setOf(found, c.snapshotItemOf), next}, err
}

func (c *call) progress(s ec2state.Snapshot) string {
	return strconv.Itoa(s.Progress(c.opts.Clock.Now())) + "%"
}

func (c *call) snapshotItemOf(s ec2state.Snapshot) snapshotItem {
	item := snapshotItem{
		s.ID, s.VolumeID, s.State, stamp(s.Started), c.progress(s), ownerID(s.Owner), s.Size, s.Description, s.Encrypted, "standard", nil,
	}
	if len(s.Tags) > 0 {
		item.Tags = new(tagSet(s.Tags))
	}
	return item
}

type deleteSnapshotRequest struct {
	dry
	SnapshotID string `q:"SnapshotId"`
}

func deleteSnapshot(c *call, r *deleteSnapshotRequest) (any, error) {
	return ok{true}, c.state.DeleteSnapshot(r.SnapshotID, r.DryRun)
}

type describeVolumesRequest struct {
	dry
	paging
	VolumeIDs []string `q:"VolumeId"`
	Filters   []filter `q:"Filter"`
	Managed   ignored  `q:"IncludeManagedResources"`
}

type volumeItem struct {
	ID          string                `xml:"volumeId"`
	Size        int32                 `xml:"size"`
	SnapshotID  string                `xml:"snapshotId"`
	Zone        string                `xml:"availabilityZone"`
	Status      string                `xml:"status"`
	CreateTime  string                `xml:"createTime"`
	Attachments set[volumeAttachment] `xml:"attachmentSet"`
	Type        string                `xml:"volumeType"`
	IOPS        int32                 `xml:"iops,omitempty"`
	Throughput  int32                 `xml:"throughput,omitempty"`
	Encrypted   bool                  `xml:"encrypted"`
	Tags        *set[tagItem]         `xml:"tagSet"`
}

type volumeAttachment struct {
	VolumeID            string `xml:"volumeId"`
	InstanceID          string `xml:"instanceId"`
	Device              string `xml:"device"`
	Status              string `xml:"status"`
	AttachTime          string `xml:"attachTime"`
	DeleteOnTermination bool   `xml:"deleteOnTermination"`
}

type describeVolumesResponse struct {
	Volumes   set[volumeItem] `xml:"volumeSet"`
	NextToken string          `xml:"nextToken,omitempty"`
}

func describeVolumes(c *call, r *describeVolumesRequest) (any, error) {
	type volume = ec2state.Volume
	all := c.state.Volumes()
	id := func(v volume) string { return v.ID }
	if err := c.state.CheckVolumeIDs(r.VolumeIDs, idsOf(all, id)); err != nil {
		return nil, err
	}
	f := filters[volume]{
		tags: func(v volume) map[string]string { return v.Tags },
		values: map[string]func(volume) []string{
			"attachment.device":                one(func(v volume) string { return v.Device }),
			"attachment.instance-id":           one(func(v volume) string { return v.InstanceID }),
			"attachment.delete-on-termination": yesNo(func(v volume) bool { return v.DeleteOnTermination }),
			"availability-zone":                one(func(v volume) string { return v.Zone }),
			"create-time":                      one(func(v volume) string { return stamp(v.Created) }),
			"encrypted":                        yesNo(func(v volume) bool { return v.Encrypted }),
			"snapshot-id":                      one(func(v volume) string { return v.SnapshotID }),
			"status":                           one(func(v volume) string { return v.State }),
			"volume-id":                        one(id),
			"volume-type":                      one(func(v volume) string { return v.Type }),
		},
	}
	found, err := f.apply(pick(all, r.VolumeIDs, id), r.Filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, r.paging, 5, 1000, id)
	return describeVolumesResponse{setOf(found, volumeItemOf), next}, err
}

func volumeItemOf(v ec2state.Volume) volumeItem {
	item := volumeItem{
		ID: v.ID, Size: v.Size, SnapshotID: v.SnapshotID, Zone: v.Zone, Status: v.State, CreateTime: stamp(v.Created),
		Type: v.Type, IOPS: v.IOPS, Throughput: v.Throughput, Encrypted: v.Encrypted,
	}
	if v.InstanceID != "" {
		item.Attachments.Items = []volumeAttachment{{v.ID, v.InstanceID, v.Device, "attached", stamp(v.Created), v.DeleteOnTermination}}
	}
	if len(v.Tags) > 0 {
		item.Tags = new(tagSet(v.Tags))
	}
	return item
}
