package ec2ops

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Deregister removes an image of ours and those of its snapshots that bear our
// tags. If the image is gone already, snapshots that an earlier attempt left
// are removed; if there are none either, the error's kind is cloud.NotFound.
func (c *Client) Deregister(ctx context.Context, imageID string) error {
	const op = "DeregisterImage"
	image, err := c.ownImage(ctx, op, imageID)
	if cloud.KindOf(err) == cloud.NotFound {
		return c.deleteOrphans(ctx, imageID, err)
	}
	if err != nil {
		return err
	}
	if !c.ledger.made(imageID) {
		if err := checkOurs(op, imageID, image.Tags, cloud.RoleReplacement); err != nil {
			return err
		}
	}
	ours, all, err := c.snapshotsOf(ctx, image)
	if err != nil {
		return err
	}
	var left []string
	err = c.untilVisible(ctx, op, imageID, func() (err error) {
		left, err = c.deregister(ctx, imageID, ours, all)
		if err != nil && c.isGone(ctx, imageID, err) {
			left, err = ours, nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.deleteSnapshots(ctx, left)
}

// ownImage looks the image up among our account's, with patience if it was just
// made.
func (c *Client) ownImage(ctx context.Context, op, id string) (cloud.Image, error) {
	var found []cloud.Image
	err := c.untilVisible(ctx, op, id, func() (err error) {
		found, err = c.describeImages(ctx, true, nil, filter("image-id", id))
		if err == nil && len(found) == 0 {
			return notFound(op, id, "image of this account")
		}
		return err
	})
	if err != nil {
		return cloud.Image{}, err
	}
	return found[0], nil
}

// deregister makes the call, has EC2 delete the snapshots along with it if all
// are ours, and returns those that are left.
func (c *Client) deregister(ctx context.Context, id string, ours []string, all bool) (left []string, err error) {
	in := &ec2.DeregisterImageInput{ImageId: aws.String(id)}
	if all {
		in.DeleteAssociatedSnapshots = aws.Bool(true)
	}
	out, err := c.api.DeregisterImage(ctx, in)
	if err != nil {
		return nil, c.failure(ctx, "DeregisterImage", id, err)
	}
	deleted := map[string]bool{}
	for _, r := range out.DeleteSnapshotResults {
		deleted[aws.ToString(r.SnapshotId)] = r.ReturnCode == types.SnapshotReturnCodesSuccess
	}
	for _, s := range ours {
		if !deleted[s] {
			left = append(left, s)
		}
	}
	return left, nil
}

// isGone tells whether a refusal means that the image, which was there a moment
// ago, has been removed: by another run, or by an attempt whose answer was lost.
func (c *Client) isGone(ctx context.Context, id string, refusal error) bool {
	if k := cloud.KindOf(refusal); k != cloud.NotFound && k != cloud.WrongState {
		return false
	}
	found, err := c.describeImages(ctx, true, nil, filter("image-id", id))
	return err == nil && len(found) == 0
}
