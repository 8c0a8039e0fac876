package rotate

import (
	"context"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
)

// Images reads images. An id that does not exist is left out of the answer.
type Images interface {
	Images(ctx context.Context, ids []string) ([]cloud.Image, error)
	// Replacements returns the calling account's images that bear our tags for
	// one of the source images, in any state.
	Replacements(ctx context.Context, sources []string) ([]cloud.Image, error)
	// ImagesNamed returns the calling account's images that bear one of the names.
	ImagesNamed(ctx context.Context, names []string) ([]cloud.Image, error)
	LaunchPermissions(ctx context.Context, imageID string) ([]cloud.Permission, error)
}

// Instances reads instances.
type Instances interface {
	// Temporaries returns the instances that bear our tags for one of the
	// source images and are not yet terminated.
	Temporaries(ctx context.Context, sources []string) ([]cloud.Instance, error)
	Instance(ctx context.Context, id string) (cloud.Instance, error)
	// InstanceWithToken finds what an earlier RunInstances with that client
	// token made; nil if nothing is to be seen of it.
	InstanceWithToken(ctx context.Context, token string) (*cloud.Instance, error)
	// InstancesAt finds instances by public or private address.
	InstancesAt(ctx context.Context, addresses []string) ([]cloud.Instance, error)
}

// Surroundings reads what a launch depends on.
type Surroundings interface {
	// SecurityGroups finds groups by name or id; what does not exist is left out.
	SecurityGroups(ctx context.Context, namesOrIDs []string) ([]cloud.SecurityGroup, error)
	// Subnets finds subnets by id; with no ids, the default subnets.
	Subnets(ctx context.Context, ids []string) ([]cloud.Subnet, error)
	// KeyPairs tells which of the names exist.
	KeyPairs(ctx context.Context, names []string) ([]string, error)
	// InstanceTypes describes the types that exist, and Offerings tells in
	// which zones each is offered.
	InstanceTypes(ctx context.Context, names []string) ([]cloud.InstanceType, error)
	Offerings(ctx context.Context, types []string) (map[string][]string, error)
}

// Rehearsal asks EC2 whether a call would be allowed, with DryRun. The error's
// kind is cloud.Denied when it would not; nil when it would.
type Rehearsal interface {
	RehearseLaunch(ctx context.Context, spec cloud.LaunchSpec) error
	RehearseTag(ctx context.Context, id string, tags map[string]string) error
}

// Maker makes temporary instances and replacements. Each method returns as soon
// as EC2 has answered; the waiting is Watcher's. Launch and CreateImage wait for
// their turn until ctx ends, but hear the answer to what has been asked even
// then: an id that is not heard is a leak.
type Maker interface {
	Launch(ctx context.Context, spec cloud.LaunchSpec) (cloud.Instance, error)
	CreateImage(ctx context.Context, spec cloud.ImageSpec) (id string, err error)
	// Carry gives a replacement what CreateImage does not carry over: launch
	// permissions, deprecation time, IMDS support.
	Carry(ctx context.Context, source cloud.Image, permissions []cloud.Permission, replacement cloud.Image) error
	Tag(ctx context.Context, id string, tags map[string]string) error
}

// Destroyer ends things. Every method looks at the tags first and refuses, with
// cloud.ForeignResource, what is not ours.
type Destroyer interface {
	Stop(ctx context.Context, instanceID string) error
	Terminate(ctx context.Context, instanceIDs ...string) error
	// Deregister removes an image and its snapshots.
	Deregister(ctx context.Context, imageID string) error
}

// Watcher waits. Until is asked at every look; a resource not to be seen yet,
// right after it was made, is waited for.
type Watcher interface {
	AwaitInstance(ctx context.Context, id string, until func(cloud.Instance) bool) (cloud.Instance, error)
	// GuardInstance is AwaitInstance for what nothing waits for: it may look a
	// minute late, so as to cost hardly any calls.
	GuardInstance(ctx context.Context, id string, until func(cloud.Instance) bool) (cloud.Instance, error)
	AwaitImage(ctx context.Context, id string, until func(cloud.Image) bool) (cloud.Image, error)
}

// Host is a computer whose files can be read and replaced. All paths are the
// host's own, absolute.
type Host interface {
	// Read reports what stands at each path, in order. A file that cannot be
	// read is an answer, not an error.
	Read(ctx context.Context, paths []string) ([]verify.File, error)
	// Replace replaces all the files whose content is an expected old one, or,
	// if any of them holds anything but old or new, none of them: then the error
	// is a *verify.Refusal. It returns what stood there before, in order.
	Replace(ctx context.Context, changes []verify.Change) ([]verify.File, error)
	// Find returns the files that a search finds, as far as the user may see
	// them, with path and digests, which are "" if the user may not read a file.
	// What it found before an error it returns beside it.
	Find(ctx context.Context, s verify.Search) ([]verify.File, error)
	Close() error
}

// Target is an instance to connect to.
type Target struct {
	Source     string // the source image, by which the access settings are found
	InstanceID string
	Address    string // private IP address
}

// Inventory reads all that bears our tags, whatever it is for.
type Inventory interface {
	AllReplacements(ctx context.Context) ([]cloud.Image, error)
	// AllTemporaries returns builders and provers that are not yet terminated.
	AllTemporaries(ctx context.Context) ([]cloud.Instance, error)
	AllSnapshots(ctx context.Context) ([]cloud.Snapshot, error)
	// References tells, for each image that something uses, who uses it:
	// instances that are not terminated, launch templates, SSM parameters …
	References(ctx context.Context, imageIDs []string) (map[string][]string, error)
}

// Collector removes what nobody needs any more. As Destroyer, it refuses what is
// not ours.
type Collector interface {
	Terminate(ctx context.Context, instanceIDs ...string) error
	Deregister(ctx context.Context, imageID string) error
	DeleteSnapshot(ctx context.Context, snapshotID string) error
}

// ListFile is the slave list where it lies. Replace puts new bytes in its place,
// atomically and only if it still holds old; the old bytes are kept beside it
// as NAME.previous. The error is ErrListChanged if it holds anything else.
type ListFile interface {
	Read(ctx context.Context) ([]byte, error)
	Replace(ctx context.Context, old, new []byte) error
}

// StaticDialer connects to the static host of a worker. DialStatic keeps trying
// until ctx ends or the answer is final.
type StaticDialer interface {
	DialStatic(ctx context.Context, worker string) (Host, error)
}

// Dialer connects to instances. Dial keeps trying while the host is still
// booting, until ctx ends or the answer is final (a wrong host key, a bastion
// that refuses); its error names the last cause.
type Dialer interface {
	Dial(ctx context.Context, t Target) (Host, error)
}
