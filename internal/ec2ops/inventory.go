package ec2ops

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

var temporaryStates = []string{
	string(cloud.InstancePending), string(cloud.InstanceRunning), string(cloud.InstanceShuttingDown),
	string(cloud.InstanceStopping), string(cloud.InstanceStopped),
}

func ofReplacements() types.Filter { return filter("tag:"+cloud.TagRole, cloud.RoleReplacement) }

func ofTemporaries() []types.Filter {
	return []types.Filter{
		filter("tag:"+cloud.TagRole, cloud.RoleBuilder, cloud.RoleProver),
		filter("instance-state-name", temporaryStates...),
	}
}

// AllReplacements returns our account's images that bear our role tag, in any
// state.
func (c *Client) AllReplacements(ctx context.Context) ([]cloud.Image, error) {
	return c.describeImages(ctx, true, nil, ofReplacements())
}

// AllTemporaries returns the builders and provers that are not yet terminated.
func (c *Client) AllTemporaries(ctx context.Context) ([]cloud.Instance, error) {
	return c.describeInstances(ctx, nil, ofTemporaries()...)
}

// AllSnapshots returns our account's snapshots that bear our role tag.
func (c *Client) AllSnapshots(ctx context.Context) ([]cloud.Snapshot, error) {
	return c.describeSnapshots(ctx, ofReplacements())
}

// References returns, for each image that something uses, the ids or ARNs of
// its users: instances that are not terminated, and what DescribeImageReferences
// knows of (launch templates, SSM parameters, Image Builder recipes). Where an
// endpoint doesn't serve that, launch templates' latest and default versions
// are read instead.
func (c *Client) References(ctx context.Context, imageIDs []string) (map[string][]string, error) {
	users := map[string][]string{}
	for _, read := range []func(context.Context, []string, map[string][]string) error{c.instancesOf, c.referencesTo} {
		if err := read(ctx, distinct(imageIDs), users); err != nil {
			return nil, err
		}
	}
	for id := range users {
		users[id] = distinct(users[id])
	}
	return users, nil
}

func (c *Client) instancesOf(ctx context.Context, imageIDs []string, users map[string][]string) error {
	return inChunks(imageIDs, maxFilterValues, func(chunk []string) error {
		instances, err := c.describeInstances(ctx, nil,
			filter("image-id", chunk...), filter("instance-state-name", temporaryStates...))
		for _, i := range instances {
			users[i.ImageID] = append(users[i.ImageID], i.ID)
		}
		return err
	})
}

// maxReferenceIDs is EC2's limit (API reference, DescribeImageReferences).
const maxReferenceIDs = 10

func (c *Client) referencesTo(ctx context.Context, imageIDs []string, users map[string][]string) error {
	err := inChunks(imageIDs, maxReferenceIDs, func(chunk []string) error {
		p := ec2.NewDescribeImageReferencesPaginator(c.api, &ec2.DescribeImageReferencesInput{
			ImageIds: chunk, IncludeAllResourceTypes: aws.Bool(true),
		})
		err := pages(ctx, p, func(page *ec2.DescribeImageReferencesOutput) {
			for _, r := range page.ImageReferences {
				if r.ResourceType != types.ImageReferenceResourceTypeEc2Instance { // instancesOf has them by id
					id := aws.ToString(r.ImageId)
					users[id] = append(users[id], aws.ToString(r.Arn))
				}
			}
		})
		if err != nil {
			return c.failure(ctx, "DescribeImageReferences", only(chunk), err)
		}
		return nil
	})
	if cloud.KindOf(err) == cloud.UnsupportedCall {
		return c.launchTemplatesOf(ctx, imageIDs, users)
	}
	return err
}

func (c *Client) launchTemplatesOf(ctx context.Context, imageIDs []string, users map[string][]string) error {
	p := ec2.NewDescribeLaunchTemplateVersionsPaginator(c.api, &ec2.DescribeLaunchTemplateVersionsInput{
		Versions: []string{"$Latest", "$Default"},
	})
	err := pages(ctx, p, func(page *ec2.DescribeLaunchTemplateVersionsOutput) {
		for _, v := range page.LaunchTemplateVersions {
			if v.LaunchTemplateData == nil {
				continue
			}
			if id := aws.ToString(v.LaunchTemplateData.ImageId); slices.Contains(imageIDs, id) {
				users[id] = append(users[id], aws.ToString(v.LaunchTemplateId))
			}
		}
	})
	if err = c.failureOrNil(ctx, "DescribeLaunchTemplateVersions", "", err); cloud.KindOf(err) == cloud.UnsupportedCall {
		return nil // an endpoint without launch templates has none that use the image
	}
	return err
}
