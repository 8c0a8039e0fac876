package rotate

import (
	"context"
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

// Fleet is who holds which certificate, as the tags of images tell it.
type Fleet struct {
	Images    []ImageStatus    `json:"images"`
	Instances []InstanceStatus `json:"instances"`
	// Safe says that every image of the list holds the new certificate and
	// every instance booted with it: a master may present it to all of them.
	Safe     bool     `json:"safe"`
	InTheWay []string `json:"in_the_way"` // ids of images and instances that are behind
}

// Held is a certificate that an image holds. All is "" if its tags don't say:
// then amirotate has never replaced anything on it.
type Held struct {
	MD5      string `json:"md5"`
	SHA256   string `json:"sha256"`
	NotAfter string `json:"not_after"` // RFC 3339
}

// ImageStatus is an image of the list.
type ImageStatus struct {
	Image   string   `json:"image"`
	Name    string   `json:"name"`
	State   string   `json:"state"` // "" if it does not exist
	Workers []string `json:"workers"`
	Held    Held     `json:"certificate"`
	Behind  bool     `json:"behind"`
}

// InstanceStatus is a running or stopped instance of an image of the list, or of
// an image that one of those has replaced.
type InstanceStatus struct {
	Instance string `json:"instance"`
	Name     string `json:"name"`
	State    string `json:"state"`
	Image    string `json:"image"`
	Held     Held   `json:"certificate"`
	Behind   bool   `json:"behind"`
}

// maxGenerations bounds how far back a lineage is followed.
const maxGenerations = 64

// LookAtFleet finds out who is behind the certificate with that MD5. It changes
// nothing. Builders and provers don't count: they never join the farm.
func LookAtFleet(ctx context.Context, reader FleetReader, list *slavelist.List, wantedMD5 string) (*Fleet, error) {
	images, err := lineages(ctx, reader, list.Images())
	if err != nil {
		return nil, err
	}
	fleet := &Fleet{Images: []ImageStatus{}, Instances: []InstanceStatus{}, InTheWay: []string{}}
	for _, id := range list.Images() {
		c := images[id]
		fleet.add(id, heldBy(c).MD5 != wantedMD5)
		fleet.Images = append(fleet.Images, ImageStatus{Image: id, Name: c.Name, State: string(c.State), Workers: list.Workers(id),
			Held: heldBy(c), Behind: heldBy(c).MD5 != wantedMD5})
	}
	instances, err := reader.Fleet(ctx, sortedKeys(images))
	if err != nil {
		return nil, err
	}
	for _, i := range instances {
		if i.Tags[cloud.TagRole] != "" {
			continue
		}
		held := heldBy(images[i.ImageID])
		fleet.add(i.ID, held.MD5 != wantedMD5)
		fleet.Instances = append(fleet.Instances, InstanceStatus{Instance: i.ID, Name: i.Tags[cloud.TagName], State: string(i.State),
			Image: i.ImageID, Held: held, Behind: held.MD5 != wantedMD5})
	}
	fleet.Safe = len(fleet.InTheWay) == 0
	return fleet, nil
}

func (f *Fleet) add(id string, behind bool) {
	if behind {
		f.InTheWay = append(f.InTheWay, id)
	}
}

func heldBy(c cloud.Image) Held {
	return Held{MD5: c.Tags[cloud.TagCertMD5], SHA256: c.Tags[cloud.TagCertSHA256], NotAfter: c.Tags[cloud.TagCertNotAfter]}
}

// lineages returns the images and all that they have replaced, by id. One that
// is gone is there by its id alone: instances may still run on it.
func lineages(ctx context.Context, reader FleetReader, ids []string) (map[string]cloud.Image, error) {
	found := map[string]cloud.Image{}
	for range maxGenerations {
		ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { _, known := found[id]; return known })
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			found[id] = cloud.Image{}
		}
		images, err := reader.Images(ctx, ids)
		if err != nil {
			return nil, err
		}
		ids = nil
		for _, c := range images {
			found[c.ID] = c
			if source := c.Tags[cloud.TagSourceImage]; source != "" {
				ids = append(ids, source)
			}
		}
	}
	return found, nil
}
