package ec2ops

import (
	"context"
	"errors"
	"maps"

	"github.com/amirotate/amirotate/internal/cloud"
)

func imageID(i cloud.Image) string       { return i.ID }
func instanceID(i cloud.Instance) string { return i.ID }

// Images is Client.Images.
func (r *Regions) Images(ctx context.Context, ids []string) ([]cloud.Image, error) {
	return gather(ctx, r, r.split(ids), imageID, func(ctx context.Context, c *Client, part []string) ([]cloud.Image, error) {
		return c.Images(ctx, part)
	})
}

// Replacements is Client.Replacements.
func (r *Regions) Replacements(ctx context.Context, sources []string) ([]cloud.Image, error) {
	return gather(ctx, r, r.split(sources), imageID, func(ctx context.Context, c *Client, part []string) ([]cloud.Image, error) {
		return c.Replacements(ctx, part)
	})
}

// ImagesNamed is Client.ImagesNamed; a name that was used to make an image is
// looked for where that was.
func (r *Regions) ImagesNamed(ctx context.Context, names []string) ([]cloud.Image, error) {
	return gather(ctx, r, r.split(names), imageID, func(ctx context.Context, c *Client, part []string) ([]cloud.Image, error) {
		return c.ImagesNamed(ctx, part)
	})
}

// LaunchPermissions is Client.LaunchPermissions.
func (r *Regions) LaunchPermissions(ctx context.Context, imageID string) ([]cloud.Permission, error) {
	return r.client(imageID).LaunchPermissions(ctx, imageID)
}

// Temporaries is Client.Temporaries.
func (r *Regions) Temporaries(ctx context.Context, sources []string) ([]cloud.Instance, error) {
	return gather(ctx, r, r.split(sources), instanceID, func(ctx context.Context, c *Client, part []string) ([]cloud.Instance, error) {
		return c.Temporaries(ctx, part)
	})
}

// Instance is Client.Instance.
func (r *Regions) Instance(ctx context.Context, id string) (cloud.Instance, error) {
	return r.client(id).Instance(ctx, id)
}

// InstanceWithToken is Client.InstanceWithToken, in the region where the token
// was used.
func (r *Regions) InstanceWithToken(ctx context.Context, token string) (*cloud.Instance, error) {
	c := r.client(token)
	found, err := c.InstanceWithToken(ctx, token)
	if found != nil {
		r.keep(c, found.ID)
	}
	return found, err
}

// InstancesAt is Client.InstancesAt, in all regions.
func (r *Regions) InstancesAt(ctx context.Context, addresses []string) ([]cloud.Instance, error) {
	return gather(ctx, r, r.everywhere(), instanceID, func(ctx context.Context, c *Client, _ []string) ([]cloud.Instance, error) {
		return c.InstancesAt(ctx, addresses)
	})
}

// Fleet is Client.Fleet.
func (r *Regions) Fleet(ctx context.Context, imageIDs []string) ([]cloud.Instance, error) {
	return gather(ctx, r, r.split(imageIDs), instanceID, func(ctx context.Context, c *Client, part []string) ([]cloud.Instance, error) {
		return c.Fleet(ctx, part)
	})
}

// AllReplacements is Client.AllReplacements, of all regions.
func (r *Regions) AllReplacements(ctx context.Context) ([]cloud.Image, error) {
	return gather(ctx, r, r.everywhere(), imageID, func(ctx context.Context, c *Client, _ []string) ([]cloud.Image, error) {
		return c.AllReplacements(ctx)
	})
}

// AllTemporaries is Client.AllTemporaries, of all regions.
func (r *Regions) AllTemporaries(ctx context.Context) ([]cloud.Instance, error) {
	return gather(ctx, r, r.everywhere(), instanceID, func(ctx context.Context, c *Client, _ []string) ([]cloud.Instance, error) {
		return c.AllTemporaries(ctx)
	})
}

// AllSnapshots is Client.AllSnapshots, of all regions.
func (r *Regions) AllSnapshots(ctx context.Context) ([]cloud.Snapshot, error) {
	return gather(ctx, r, r.everywhere(), func(s cloud.Snapshot) string { return s.ID },
		func(ctx context.Context, c *Client, _ []string) ([]cloud.Snapshot, error) { return c.AllSnapshots(ctx) })
}

// BakeProgress is Client.BakeProgress, of all regions.
func (r *Regions) BakeProgress(ctx context.Context) (map[string]float64, error) {
	done := map[string]float64{}
	for _, c := range r.clients {
		part, err := c.BakeProgress(ctx)
		if err != nil {
			return nil, err
		}
		maps.Copy(done, part)
	}
	return done, nil
}

// References is Client.References.
func (r *Regions) References(ctx context.Context, imageIDs []string) (map[string][]string, error) {
	users := map[string][]string{}
	for c, part := range r.split(imageIDs) {
		found, err := c.References(ctx, part)
		if err != nil {
			return nil, err
		}
		maps.Copy(users, found)
	}
	return users, nil
}

// Launch is Client.Launch, in the image's region.
func (r *Regions) Launch(ctx context.Context, spec cloud.LaunchSpec) (cloud.Instance, error) {
	c := r.client(spec.ImageID)
	r.keep(c, spec.ClientToken)
	launched, err := c.Launch(ctx, spec)
	r.keep(c, launched.ID)
	return launched, err
}

// CreateImage is Client.CreateImage, in the instance's region.
func (r *Regions) CreateImage(ctx context.Context, spec cloud.ImageSpec) (id string, err error) {
	c := r.client(spec.InstanceID)
	r.keep(c, spec.Name)
	id, err = c.CreateImage(ctx, spec)
	r.keep(c, id)
	return id, err
}

// Carry is Client.Carry.
func (r *Regions) Carry(ctx context.Context, source cloud.Image, permissions []cloud.Permission, replacement cloud.Image) error {
	return r.client(replacement.ID).Carry(ctx, source, permissions, replacement)
}

// Tag is Client.Tag.
func (r *Regions) Tag(ctx context.Context, id string, tags map[string]string) error {
	return r.client(id).Tag(ctx, id, tags)
}

// Stop is Client.Stop.
func (r *Regions) Stop(ctx context.Context, instanceID string) error {
	return r.client(instanceID).Stop(ctx, instanceID)
}

// Terminate is Client.Terminate, a call a region. It goes on after an error.
func (r *Regions) Terminate(ctx context.Context, instanceIDs ...string) error {
	parts := map[*Client][]string{}
	for _, id := range instanceIDs {
		parts[r.client(id)] = append(parts[r.client(id)], id)
	}
	var errs []error
	for _, c := range r.clients {
		if len(parts[c]) > 0 {
			errs = append(errs, c.Terminate(ctx, parts[c]...))
		}
	}
	return errors.Join(errs...)
}

// Deregister is Client.Deregister.
func (r *Regions) Deregister(ctx context.Context, imageID string) error {
	return r.client(imageID).Deregister(ctx, imageID)
}

// DeleteSnapshot is Client.DeleteSnapshot.
func (r *Regions) DeleteSnapshot(ctx context.Context, snapshotID string) error {
	return r.client(snapshotID).DeleteSnapshot(ctx, snapshotID)
}

// AwaitInstance is Client.AwaitInstance.
func (r *Regions) AwaitInstance(ctx context.Context, id string, until func(cloud.Instance) bool) (cloud.Instance, error) {
	return r.client(id).AwaitInstance(ctx, id, until)
}

// GuardInstance is Client.GuardInstance.
func (r *Regions) GuardInstance(ctx context.Context, id string, until func(cloud.Instance) bool) (cloud.Instance, error) {
	return r.client(id).GuardInstance(ctx, id, until)
}

// AwaitImage is Client.AwaitImage.
func (r *Regions) AwaitImage(ctx context.Context, id string, until func(cloud.Image) bool) (cloud.Image, error) {
	return r.client(id).AwaitImage(ctx, id, until)
}

// Console is Client.Console.
func (r *Regions) Console(ctx context.Context, instanceID string) (string, error) {
	return r.client(instanceID).Console(ctx, instanceID)
}

// PasswordData is Client.PasswordData.
func (r *Regions) PasswordData(ctx context.Context, instanceID string) (string, error) {
	return r.client(instanceID).PasswordData(ctx, instanceID)
}
