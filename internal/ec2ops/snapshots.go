package ec2ops

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

// snapshotsOf returns those of the image's snapshots that bear our tags, and
// whether these are all that it has.
func (c *Client) snapshotsOf(ctx context.Context, image cloud.Image) (ours []string, all bool, err error) {
	var ids []string
	for _, d := range image.BlockDevices {
		ids = append(ids, d.SnapshotID)
	}
	ids = distinct(ids)
	if len(ids) == 0 {
		ours, err = c.ourSnapshots(ctx, madeFor(image.ID)) // an image that is pending may not name them yet
		return ours, false, err
	}
	ours, err = c.ourSnapshots(ctx, filter("snapshot-id", ids...))
	return ours, len(ours) == len(ids), err
}

// madeFor matches the snapshots of an image by the words that CreateImage gives
// them, "Created by CreateImage(i-…) for ami-… from vol-…"; older ones end there.
func madeFor(imageID string) types.Filter {
	return types.Filter{Name: aws.String("description"), Values: []string{
		"Created by CreateImage(*) for " + imageID,
		"Created by CreateImage(*) for " + imageID + " *",
	}}
}

// ourSnapshots returns the ids of those that bear our role tag.
func (c *Client) ourSnapshots(ctx context.Context, which types.Filter) ([]string, error) {
	found, err := c.describeSnapshots(ctx, which, ofReplacements())
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range found {
		ids = append(ids, s.ID)
	}
	return distinct(ids), nil
}

func (c *Client) describeSnapshots(ctx context.Context, filters ...types.Filter) ([]cloud.Snapshot, error) {
	var found []cloud.Snapshot
	p := ec2.NewDescribeSnapshotsPaginator(c.api, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, Filters: filters, MaxResults: aws.Int32(pageSize),
	})
	err := pages(ctx, p, func(page *ec2.DescribeSnapshotsOutput) {
		for _, s := range page.Snapshots {
			found = append(found, toSnapshot(s))
		}
	})
	if err != nil {
		return nil, c.failure(ctx, "DescribeSnapshots", "", err)
	}
	return found, nil
}

// DeleteSnapshot deletes a snapshot of ours; one that is gone is an error of
// kind cloud.NotFound.
func (c *Client) DeleteSnapshot(ctx context.Context, snapshotID string) error {
	const op = "DeleteSnapshot"
	found, err := c.describeSnapshots(ctx, filter("snapshot-id", snapshotID))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return notFound(op, snapshotID, "snapshot of this account")
	}
	if err := checkOurs(op, snapshotID, found[0].Tags, cloud.RoleReplacement); err != nil {
		return err
	}
	return c.deleteSnapshot(ctx, snapshotID)
}

func (c *Client) deleteSnapshot(ctx context.Context, id string) error {
	_, err := c.api.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: aws.String(id)})
	return c.failureOrNil(ctx, "DeleteSnapshot", id, err)
}

// deleteSnapshots deletes all; one that is gone is no error.
func (c *Client) deleteSnapshots(ctx context.Context, ids []string) error {
	var errs []error
	for _, id := range ids {
		if err := c.deleteSnapshot(ctx, id); err != nil && cloud.KindOf(err) != cloud.NotFound {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (c *Client) deleteOrphans(ctx context.Context, imageID string, missing error) error {
	orphans, err := c.ourSnapshots(ctx, madeFor(imageID))
	if err != nil {
		return err
	}
	if len(orphans) == 0 {
		return missing
	}
	return c.deleteSnapshots(ctx, orphans)
}
