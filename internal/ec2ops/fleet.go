package ec2ops

import (
	"context"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Fleet returns the instances that were launched from any of the images and are
// not terminated, whoever launched them.
func (c *Client) Fleet(ctx context.Context, imageIDs []string) ([]cloud.Instance, error) {
	var found []cloud.Instance
	err := inChunks(imageIDs, maxFilterValues, func(chunk []string) error {
		instances, err := c.describeInstances(ctx, nil, filter("image-id", chunk...),
			filter("instance-state-name", "pending", "running", "stopping", "stopped"))
		found = append(found, instances...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
