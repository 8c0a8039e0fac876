package ec2ops

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Stop asks EC2 to stop an instance of ours, together with others that are to
// be stopped at this moment, and returns when it has agreed.
func (c *Client) Stop(ctx context.Context, instanceID string) error {
	const op = "StopInstances"
	if !c.ledger.made(instanceID) {
		x, err := c.examine(ctx, op, []string{instanceID})
		if err != nil {
			return err
		}
		if err := x.failures[instanceID]; err != nil {
			return err
		}
	}
	return c.untilVisible(ctx, op, instanceID, func() error {
		return c.stops.do(ctx, op, []string{instanceID})[instanceID]
	})
}

// Terminate ends instances of ours, in one call with others that are to end at
// this moment, and sees to it that neither a volume nor a spot request outlives
// them. What is foreign or missing is reported after the others have been ended.
// An instance that has been terminated already is no error.
func (c *Client) Terminate(ctx context.Context, instanceIDs ...string) error {
	const op = "TerminateInstances"
	x, err := c.examine(ctx, op, instanceIDs)
	if err != nil {
		return err
	}
	c.releaseHoldings(ctx, &x)
	pending := x.ours
	err = c.patiently(ctx, op, only(pending), func() (again bool, err error) {
		results := c.terminations.do(ctx, op, pending)
		pending = nil
		for _, id := range x.ours {
			switch err := results[id]; {
			case c.notYet(id, err):
				pending = append(pending, id)
			case err != nil:
				x.failures[id] = err
			}
		}
		return len(pending) > 0, nil
	})
	if err != nil {
		return err
	}
	return joined(x.failures, distinct(instanceIDs))
}

// releaseHoldings makes sure that nothing outlives the instances. EC2's refusal
// is logged and doesn't keep them from being ended, but for a lack of permission:
// that can be mended, and afterwards nobody would know any more what is left.
func (c *Client) releaseHoldings(ctx context.Context, x *examination) {
	var requests, holders []string
	for _, id := range slices.Concat(x.gone, x.ours) {
		if r := c.ledger.holdings(id).spotRequest; r != "" {
			requests, holders = append(requests, r), append(holders, id)
		}
	}
	if len(requests) > 0 {
		_, err := c.api.CancelSpotInstanceRequests(ctx, &ec2.CancelSpotInstanceRequestsInput{SpotInstanceRequestIds: distinct(requests)})
		if err != nil {
			c.notReleased(x, c.failure(ctx, "CancelSpotInstanceRequests", only(requests), err), holders...)
		}
	}
	for _, id := range slices.Clone(x.ours) {
		if devices := c.ledger.holdings(id).outliving; len(devices) > 0 {
			if err := c.deleteOnTermination(ctx, id, devices); err != nil {
				c.notReleased(x, err, id)
			}
		}
	}
}

// notReleased spares the instances if it was a lack of permission.
func (c *Client) notReleased(x *examination, err error, ids ...string) {
	if cloud.KindOf(err) != cloud.Denied {
		c.options.Log("something outlives its instance: %v", err)
		return
	}
	for _, id := range ids {
		x.failures[id] = err
	}
	x.ours = slices.DeleteFunc(x.ours, func(id string) bool { return slices.Contains(ids, id) })
}

func (c *Client) deleteOnTermination(ctx context.Context, instanceID string, devices []string) error {
	in := &ec2.ModifyInstanceAttributeInput{InstanceId: aws.String(instanceID)}
	for _, d := range devices {
		in.BlockDeviceMappings = append(in.BlockDeviceMappings, types.InstanceBlockDeviceMappingSpecification{
			DeviceName: aws.String(d),
			Ebs:        &types.EbsInstanceBlockDeviceSpecification{DeleteOnTermination: aws.Bool(true)},
		})
	}
	_, err := c.api.ModifyInstanceAttribute(ctx, in)
	return c.failureOrNil(ctx, "ModifyInstanceAttribute", instanceID, err)
}

func (c *Client) stopAll(ctx context.Context, ids []string) map[string]error {
	return eachOf(ids, func(part []string) error {
		_, err := c.api.StopInstances(withResources(ctx, len(part)), &ec2.StopInstancesInput{InstanceIds: part})
		if err == nil {
			c.ending(part, cloud.InstanceStopping)
		}
		return c.failureOrNil(ctx, "StopInstances", only(part), err)
	})
}

func (c *Client) terminateAll(ctx context.Context, ids []string) map[string]error {
	return eachOf(ids, func(part []string) error {
		_, err := c.api.TerminateInstances(withResources(ctx, len(part)), &ec2.TerminateInstancesInput{InstanceIds: part})
		if err == nil {
			c.ending(part, cloud.InstanceShuttingDown)
		}
		return c.failureOrNil(ctx, "TerminateInstances", only(part), err)
	})
}

// ending notes that EC2 has agreed to stop or terminate instances. One that has
// been stopped was running, whether or not a look has shown it so.
func (c *Client) ending(ids []string, state cloud.InstanceState) {
	for _, id := range ids {
		if r, known := c.instances.memory.of(id); known && r.value.State != state {
			if r.value.State == cloud.InstancePending {
				r.value.State = cloud.InstanceRunning
				c.instances.memory.began(id, r.value)
			}
			r.value.State = state
			c.instances.memory.began(id, r.value)
		}
	}
}
