package rotate

import (
	"context"
	"maps"
	"slices"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// FleetReader reads who runs on which image.
type FleetReader interface {
	Images(ctx context.Context, ids []string) ([]cloud.Image, error)
	// Fleet returns the instances that were launched from any of the images and
	// are not terminated.
	Fleet(ctx context.Context, imageIDs []string) ([]cloud.Instance, error)
}

// FleetLook finds out who holds which certificate. It changes nothing.
type FleetLook struct {
	Reader FleetReader
	Pins   Pins
	// Overlap says that the strategy is to let old and new overlap, so that
	// there is a stage to tell.
	Overlap bool
	// Switches says that a rotation switches the master, too.
	Switches bool
	// Endpoint reads what the master presents; nil if nobody knows where it is.
	Endpoint func(ctx context.Context) Endpoint
	Static   []StaticStatus // static hosts, not looked at yet
	// StaticProbe reads what they hold; nil leaves them unknown.
	StaticProbe *StaticProbe
	Probe       *Probe // nil: only tags are read, and no host is logged in to
}

// Fleet is who holds which certificate.
type Fleet struct {
	Images    []ImageStatus    `json:"images"`
	Instances []InstanceStatus `json:"instances"`
	Static    []StaticStatus   `json:"static"`
	Endpoint  *Endpoint        `json:"endpoint,omitempty"`
	// Safe says that every image of the list holds the new certificate, every
	// instance booted with it and every static worker that counts was seen to hold
	// it: a master may present it to all of them.
	Safe      bool      `json:"safe"`
	InTheWay  []string  `json:"in_the_way"`         // images, static workers and instances that are behind
	NotProbed []string  `json:"not_probed"`         // static workers that count, and that nobody has asked
	Unnamed   []string  `json:"unnamed"`            // workers without ami= of whom nobody knows where they run
	LockedOut []string  `json:"locked_out"`         // of those that don't accept what the master presents
	Overlap   *Progress `json:"overlap,omitempty"`  // with strategy overlap
	Unprobed  int       `json:"unprobed,omitempty"` // instances that could not be probed
}

// Where it is known from what is held.
const (
	FromTags  = "tags"  // of the image
	FromProbe = "probe" // the file was read on the host
)

// Held is a certificate file that an image or a host holds. All is "" if its
// tags don't say: then amirotate has never replaced anything on it.
type Held struct {
	MD5      string   `json:"md5"`
	SHA256   string   `json:"sha256"`
	NotAfter string   `json:"not_after"` // RFC 3339
	Trusts   []string `json:"trusts"`    // pins of the certificates in it
	From     string   `json:"from"`      // FromTags, FromProbe or ""
}

// ImageStatus is an image of the list.
type ImageStatus struct {
	Image    string   `json:"image"`
	Name     string   `json:"name"`
	Platform string   `json:"platform"`
	State    string   `json:"state"` // "" if it does not exist
	Workers  []string `json:"workers"`
	Held     Held     `json:"certificate"`
	Trust    Trust    `json:"trust"`
	Behind   bool     `json:"behind"`
}

// InstanceStatus is a running or stopped instance of an image of the list, or of
// an image that one of those has replaced.
type InstanceStatus struct {
	Instance string `json:"instance"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Image    string `json:"image"`
	Listed   string `json:"listed"` // the image of the list that Image is, or an ancestor of
	Held     Held   `json:"certificate"`
	Trust    Trust  `json:"trust"`
	Behind   bool   `json:"behind"`
	Problem  string `json:"problem,omitempty"` // what the probe met: no way in, no such file

	platform, address string
}

// Endpoint is what the master presents.
type Endpoint struct {
	Address  string   `json:"address"`
	Presents Presents `json:"presents"`
	Subject  string   `json:"subject,omitempty"`
	Pin      string   `json:"pin,omitempty"`
	NotAfter string   `json:"not_after,omitempty"` // RFC 3339
	Expired  bool     `json:"expired"`
	Problem  string   `json:"problem,omitempty"` // why it could not be read
}

// At looks. Builders and provers don't count: they never join the farm.
func (l *FleetLook) At(ctx context.Context, list *slavelist.List) (*Fleet, error) {
	fleet := &Fleet{Images: []ImageStatus{}, Instances: []InstanceStatus{}, Static: append([]StaticStatus{}, l.Static...), Unnamed: l.unnamed(list)}
	images, err := lineages(ctx, l.Reader, list.Images())
	if err != nil {
		return nil, err
	}
	for _, id := range list.Images() {
		c := images[id].image
		held := l.Pins.heldBy(c)
		fleet.Images = append(fleet.Images, ImageStatus{Image: id, Name: c.Name, Platform: c.Platform, State: string(c.State),
			Workers: list.Workers(id), Held: held, Trust: l.Pins.Judge(held.Trusts)})
	}
	instances, err := l.Reader.Fleet(ctx, slices.Sorted(maps.Keys(images)))
	if err != nil {
		return nil, err
	}
	for _, i := range instances {
		if i.Tags[cloud.TagRole] != "" {
			continue
		}
		held := l.Pins.heldBy(images[i.ImageID].image)
		fleet.Instances = append(fleet.Instances, InstanceStatus{Instance: i.ID, Name: i.Tags[cloud.TagName], State: string(i.State),
			Image: i.ImageID, Listed: images[i.ImageID].listed, Held: held, Trust: l.Pins.Judge(held.Trusts), platform: i.Platform, address: i.PrivateIP})
	}
	if l.Probe != nil {
		l.Probe.all(ctx, l.Pins, fleet)
	}
	if l.StaticProbe != nil {
		l.StaticProbe.all(ctx, l.Pins, fleet.Static)
	}
	if l.Endpoint != nil {
		e := l.Endpoint(ctx)
		fleet.Endpoint = &e
	}
	fleet.judge(l)
	return fleet, ctx.Err()
}

// unnamed are the workers of the list that neither an image nor a static host has.
func (l *FleetLook) unnamed(list *slavelist.List) []string {
	names := []string{}
	for _, e := range list.Entries() {
		known := func(s StaticStatus) bool { return slices.Contains(s.Workers, e.Name) }
		if e.AMI == "" && !slices.ContainsFunc(l.Static, known) {
			names = append(names, e.Name)
		}
	}
	return names
}

// judge draws the conclusions.
func (f *Fleet) judge(l *FleetLook) {
	o := f.observed()
	o.Switches = l.Switches
	for i := range f.Images {
		f.Images[i].Behind = !f.Images[i].Trust.New()
	}
	for i := range f.Instances {
		f.Instances[i].Behind = !f.Instances[i].Trust.New()
	}
	for i := range f.Static {
		f.Static[i].Behind = l.StaticProbe != nil && !f.Static[i].Trust.New()
	}
	f.InTheWay = slices.Concat(behind(o.Images), behind(o.Static), behind(o.Running))
	f.NotProbed, f.LockedOut = o.notProbed(), o.lockedOut()
	f.Safe = len(f.InTheWay)+len(f.NotProbed) == 0
	if l.Overlap {
		progress := StageOf(o)
		f.Overlap = &progress
	}
}

func (f *Fleet) observed() Observed {
	o := Observed{Presents: f.presents(), Expired: f.Endpoint != nil && f.Endpoint.Expired}
	for _, img := range f.Images {
		o.Images = append(o.Images, Holder{ID: img.Image, Trust: img.Trust})
	}
	for _, s := range f.Static {
		o.Static = append(o.Static, Holder{ID: s.Worker(), Trust: s.Trust, Optional: s.Optional, NotProbed: s.Problem == NotProbed})
	}
	for _, i := range f.Instances {
		o.Running = append(o.Running, Holder{ID: i.Instance, Trust: i.Trust})
	}
	return o
}

func (f *Fleet) presents() Presents {
	if f.Endpoint == nil {
		return PresentsUnknown
	}
	return f.Endpoint.Presents
}

// KeepsOld tells whether a rotation is to give an image of the list the old
// certificate beside the new one.
func (f *Fleet) KeepsOld(image string) bool {
	i := slices.IndexFunc(f.Images, func(img ImageStatus) bool { return img.Image == image })
	return i < 0 || f.presents().keepsOld(f.Images[i].Trust)
}

// maxGenerations bounds how far back a lineage is followed.
const maxGenerations = 64

// ancestor is an image of the list, or one that such an image has replaced.
type ancestor struct {
	image  cloud.Image // without an id if it is gone: instances may still run on it
	listed string      // the image of the list
}

// lineages returns the images and all that they have replaced, by id.
func lineages(ctx context.Context, reader FleetReader, listed []string) (map[string]ancestor, error) {
	found := map[string]ancestor{}
	next := map[string]string{} // ancestor's id to listed image
	for _, id := range listed {
		next[id] = id
	}
	for range maxGenerations {
		if len(next) == 0 {
			break
		}
		for id, of := range next {
			found[id] = ancestor{listed: of}
		}
		images, err := reader.Images(ctx, slices.Sorted(maps.Keys(next)))
		if err != nil {
			return nil, err
		}
		next = map[string]string{}
		for _, c := range images {
			found[c.ID] = ancestor{c, found[c.ID].listed}
			source := c.Tags[cloud.TagSourceImage]
			if _, known := found[source]; source != "" && !known {
				next[source] = found[c.ID].listed
			}
		}
	}
	return found, nil
}
