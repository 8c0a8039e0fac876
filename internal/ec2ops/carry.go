package ec2ops

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

const imdsV2 = "v2.0"

// Carry gives a replacement what CreateImage leaves out: IMDS support,
// deprecation time and, last, when nothing else is missing, the launch
// permissions. It may be repeated. A
// deprecation time that has passed cannot be set and is left out: EC2 takes
// none from the past.
func (c *Client) Carry(ctx context.Context, source cloud.Image, permissions []cloud.Permission, replacement cloud.Image) error {
	if source.IMDSSupport == imdsV2 && replacement.IMDSSupport != imdsV2 {
		err := c.modifyImage(ctx, &ec2.ModifyImageAttributeInput{
			ImageId:     aws.String(replacement.ID),
			ImdsSupport: &types.AttributeValue{Value: aws.String(imdsV2)},
		})
		if err != nil {
			return err
		}
	}
	if at, due := deprecationToSet(source.DeprecationTime, replacement.DeprecationTime, time.Now()); due {
		if err := c.deprecate(ctx, replacement.ID, at); err != nil {
			return err
		}
	}
	if len(permissions) == 0 {
		return nil
	}
	return c.share(ctx, permissions, replacement.ID)
}

// share adds permissions; one that the image has already is no error.
func (c *Client) share(ctx context.Context, permissions []cloud.Permission, imageID string) error {
	var add []types.LaunchPermission
	for _, p := range permissions {
		add = append(add, fromPermission(p))
	}
	return c.modifyImage(ctx, &ec2.ModifyImageAttributeInput{
		ImageId:          aws.String(imageID),
		LaunchPermission: &types.LaunchPermissionModifications{Add: add},
	})
}

func (c *Client) modifyImage(ctx context.Context, in *ec2.ModifyImageAttributeInput) error {
	id := aws.ToString(in.ImageId)
	return c.untilVisible(ctx, "ModifyImageAttribute", id, func() error {
		_, err := c.api.ModifyImageAttribute(ctx, in)
		return c.failureOrNil(ctx, "ModifyImageAttribute", id, err)
	})
}

func (c *Client) deprecate(ctx context.Context, id string, at time.Time) error {
	return c.untilVisible(ctx, "EnableImageDeprecation", id, func() error {
		_, err := c.api.EnableImageDeprecation(ctx, &ec2.EnableImageDeprecationInput{
			ImageId: aws.String(id), DeprecateAt: aws.Time(at),
		})
		return c.failureOrNil(ctx, "EnableImageDeprecation", id, err)
	})
}

// deprecationToSet returns the time to set, within EC2's limits: to the minute,
// not in the past, at most ten years ahead.
func deprecationToSet(want, has, now time.Time) (at time.Time, due bool) {
	if want.IsZero() {
		return time.Time{}, false
	}
	at = want.UTC().Round(time.Minute)
	if latest := now.UTC().AddDate(10, 0, 0).Truncate(time.Minute); at.After(latest) {
		at = latest
	}
	if at.Before(now.Add(time.Minute)) || at.Equal(has.UTC().Round(time.Minute)) {
		return time.Time{}, false
	}
	return at, true
}
