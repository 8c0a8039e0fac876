package ec2ops

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

// BakeProgress returns which part of the snapshots of each replacement under way
// is done, from 0 to 1, by the source image that it is for; one call tells of
// all. Those with no snapshot under way are left out.
func (c *Client) BakeProgress(ctx context.Context) (map[string]float64, error) {
	return c.snapshotProgressBy(ctx, func(s types.Snapshot) string { return toTags(s.Tags)[cloud.TagSourceImage] })
}

// snapshotProgress returns which part of each image's snapshots is done, the
// slowest counting, by image id. Images with no snapshot of ours under way are
// left out.
func (c *Client) snapshotProgress(ctx context.Context) (map[string]float64, error) {
	return c.snapshotProgressBy(ctx, func(s types.Snapshot) string { return imageOf(aws.ToString(s.Description)) })
}

// snapshotProgressBy returns the progress of the slowest snapshot under each key.
func (c *Client) snapshotProgressBy(ctx context.Context, key func(types.Snapshot) string) (map[string]float64, error) {
	done := map[string]float64{}
	p := ec2.NewDescribeSnapshotsPaginator(c.api, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, MaxResults: aws.Int32(pageSize),
		Filters: []types.Filter{ofReplacements(), filter("status", string(types.SnapshotStatePending))},
	})
	err := pages(ctx, p, func(page *ec2.DescribeSnapshotsOutput) {
		for _, s := range page.Snapshots {
			k := key(s)
			percent, err := strconv.ParseFloat(strings.TrimSuffix(aws.ToString(s.Progress), "%"), 64)
			if k == "" || err != nil {
				continue
			}
			if least, known := done[k]; !known || percent/100 < least {
				done[k] = percent / 100
			}
		}
	})
	return done, c.failureOrNil(ctx, "DescribeSnapshots", "", err)
}
