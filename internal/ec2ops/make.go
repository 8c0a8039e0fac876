package ec2ops

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Launch launches one instance and returns it as EC2 answered, most likely
// pending and without an address. The client token makes it safe to repeat. It
// waits for its turn until ctx ends; once the request is on its way, its answer
// is heard.
func (c *Client) Launch(ctx context.Context, spec cloud.LaunchSpec) (cloud.Instance, error) {
	if err := checkRole("RunInstances", spec.ImageID, spec.Tags); err != nil {
		return cloud.Instance{}, err
	}
	var out *ec2.RunInstancesOutput
	err := shielded(ctx, func(ctx context.Context) (err error) {
		out, err = c.api.RunInstances(ctx, fromLaunchSpec(spec))
		return err
	})
	if err != nil {
		return cloud.Instance{}, c.failure(ctx, "RunInstances", spec.ImageID, err)
	}
	if len(out.Instances) != 1 {
		return cloud.Instance{}, c.failure(ctx, "RunInstances", spec.ImageID, errors.New("the answer holds no instance"))
	}
	launched := out.Instances[0]
	instance := toInstance(launched)
	c.ledger.madeNow(instance.ID)
	c.ledger.hold(instance, toHoldings(launched))
	c.instances.memory.began(instance.ID, instance)
	return instance, nil
}

// CreateImage starts an image of a stopped instance and returns its id; as for
// Launch, the answer is heard once the request is on its way. It has no client
// token: when the answer is lost, the repetition finds the name
// taken, and ImagesNamed tells by whom.
func (c *Client) CreateImage(ctx context.Context, spec cloud.ImageSpec) (id string, err error) {
	if err := checkRole("CreateImage", spec.InstanceID, spec.Tags); err != nil {
		return "", err
	}
	var out *ec2.CreateImageOutput
	err = shielded(ctx, func(ctx context.Context) (err error) {
		out, err = c.api.CreateImage(ctx, fromImageSpec(spec))
		return err
	})
	if err != nil {
		return "", c.failure(ctx, "CreateImage", spec.InstanceID, err)
	}
	id = aws.ToString(out.ImageId)
	if id == "" {
		return "", c.failure(ctx, "CreateImage", spec.InstanceID, errors.New("the answer holds no image id"))
	}
	c.ledger.madeNow(id)
	builder, _ := c.instances.memory.of(spec.InstanceID)
	c.images.memory.began(id, cloud.Image{ID: id, Name: spec.Name, State: cloud.ImagePending, Platform: builder.value.Platform, Tags: spec.Tags})
	return id, nil
}

// Tag adds tags or overwrites those with the same keys, together with other
// things that are to have the same tags at this moment.
func (c *Client) Tag(ctx context.Context, id string, tags map[string]string) error {
	if len(tags) == 0 {
		return nil
	}
	return c.untilVisible(ctx, "CreateTags", id, func() error { return c.tagging.do(ctx, id, tags) })
}

// checkRole keeps anything from being made that no later run would know as ours.
func checkRole(op, id string, tags map[string]string) error {
	if tags[cloud.TagRole] != "" {
		return nil
	}
	return &cloud.Error{Kind: cloud.Invalid, Op: op, ID: id, Message: "it would be made without the tag " + cloud.TagRole}
}
