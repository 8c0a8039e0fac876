package ec2ops

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"github.com/amirotate/amirotate/internal/cloud"
)

// RehearseLaunch asks whether the launch would be allowed; nothing is launched.
func (c *Client) RehearseLaunch(ctx context.Context, spec cloud.LaunchSpec) error {
	spec.ClientToken = "" // a rehearsal must not use it up
	in := fromLaunchSpec(spec)
	in.DryRun = aws.Bool(true)
	_, err := c.api.RunInstances(ctx, in)
	return c.rehearsed(ctx, "RunInstances", spec.ImageID, err)
}

// RehearseTag asks whether the tags could be set; none is.
func (c *Client) RehearseTag(ctx context.Context, id string, tags map[string]string) error {
	_, err := c.api.CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: []string{id}, Tags: fromTags(tags), DryRun: aws.Bool(true),
	})
	return c.rehearsed(ctx, "CreateTags", id, err)
}

// rehearsed: EC2 answers a dry run by an error in any case, and the one that
// means success is DryRunOperation.
func (c *Client) rehearsed(ctx context.Context, op, id string, err error) error {
	var answer smithy.APIError
	if err == nil || errors.As(err, &answer) && answer.ErrorCode() == "DryRunOperation" {
		return nil
	}
	return c.failure(ctx, op, id, err)
}
