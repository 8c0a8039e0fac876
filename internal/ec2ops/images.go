package ec2ops

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Images returns the images that exist, ours first. They are asked for among
// our own, and only those not found there among everybody's: so one call tells
// both what they are and whose.
func (c *Client) Images(ctx context.Context, ids []string) ([]cloud.Image, error) {
	var found []cloud.Image
	missing := distinct(ids)
	for _, mine := range []bool{true, false} {
		err := inChunks(missing, maxFilterValues, func(chunk []string) error {
			images, err := c.describeImages(ctx, mine, nil, filter("image-id", chunk...))
			found = append(found, images...)
			return err
		})
		if err != nil {
			return nil, err
		}
		missing = without(missing, found, func(i cloud.Image) string { return i.ID })
	}
	return found, nil
}

// Replacements returns our account's images that bear our tags for one of the
// source images, in any state.
func (c *Client) Replacements(ctx context.Context, sources []string) ([]cloud.Image, error) {
	var found []cloud.Image
	err := inChunks(sources, maxFilterValues, func(chunk []string) error {
		images, err := c.describeImages(ctx, true, nil,
			ofReplacements(), filter("tag:"+cloud.TagSourceImage, chunk...))
		found = append(found, images...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// ImagesNamed returns our account's images that bear one of the names. A name
// is unique within account and region, so there is at most one for each.
func (c *Client) ImagesNamed(ctx context.Context, names []string) ([]cloud.Image, error) {
	var found []cloud.Image
	err := inChunks(names, maxFilterValues, func(chunk []string) error {
		images, err := c.describeImages(ctx, true, nil, filter("name", chunk...))
		found = append(found, images...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// LaunchPermissions returns who else may launch the image. EC2 tells owners only.
func (c *Client) LaunchPermissions(ctx context.Context, imageID string) ([]cloud.Permission, error) {
	out, err := c.api.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
		ImageId:   aws.String(imageID),
		Attribute: types.ImageAttributeNameLaunchPermission,
	})
	if err != nil {
		return nil, c.failure(ctx, "DescribeImageAttribute", imageID, err)
	}
	var permissions []cloud.Permission
	for _, p := range out.LaunchPermissions {
		permissions = append(permissions, toPermission(p))
	}
	return permissions, nil
}

// without returns the ids that none of the found has.
func without[T any](ids []string, found []T, idOf func(T) string) []string {
	have := make(map[string]bool, len(found))
	for _, f := range found {
		have[idOf(f)] = true
	}
	var left []string
	for _, id := range ids {
		if !have[id] {
			left = append(left, id)
		}
	}
	return left
}
