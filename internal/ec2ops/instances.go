package ec2ops

import (
	"context"
	"net/netip"
	"slices"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Temporaries returns the builders and provers for any of the source images
// that are not yet terminated.
func (c *Client) Temporaries(ctx context.Context, sources []string) ([]cloud.Instance, error) {
	var found []cloud.Instance
	err := inChunks(sources, maxFilterValues, func(chunk []string) error {
		instances, err := c.describeInstances(ctx, nil,
			append(ofTemporaries(), filter("tag:"+cloud.TagSourceImage, chunk...))...)
		found = append(found, instances...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Instance returns an instance as it is now. One that is not to be seen is an
// error of kind cloud.NotFound, even if it was just made: AwaitInstance waits.
func (c *Client) Instance(ctx context.Context, id string) (cloud.Instance, error) {
	instances, err := c.describeInstances(ctx, nil, filter("instance-id", id))
	if err != nil {
		return cloud.Instance{}, err
	}
	if len(instances) == 0 {
		return cloud.Instance{}, notFound("DescribeInstances", id, "instance")
	}
	return instances[0], nil
}

// InstanceWithToken returns the instance that a RunInstances with that client
// token made, terminated or not; nil if none is to be seen.
func (c *Client) InstanceWithToken(ctx context.Context, token string) (*cloud.Instance, error) {
	instances, err := c.describeInstances(ctx, nil, filter("client-token", token))
	if err != nil {
		return nil, err
	}
	for _, i := range instances {
		if i.ClientToken == token {
			return &i, nil
		}
	}
	return nil, nil
}

// InstancesAt returns the instances that have one of the addresses, private or
// public.
func (c *Client) InstancesAt(ctx context.Context, addresses []string) ([]cloud.Instance, error) {
	var found []cloud.Instance
	left := distinct(addresses)
	seen := map[string]bool{}
	for _, name := range []string{"private-ip-address", "ip-address"} {
		err := inChunks(left, maxFilterValues, func(chunk []string) error {
			instances, err := c.describeInstances(ctx, nil, filter(name, chunk...))
			for _, i := range instances {
				if !seen[i.ID] {
					seen[i.ID] = true
					found = append(found, i)
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		left = slices.DeleteFunc(without(left, found, func(i cloud.Instance) string { return i.PrivateIP }), neverPublic)
	}
	return found, nil
}

// neverPublic tells whether no instance can have the address as its public one.
func neverPublic(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast())
}
