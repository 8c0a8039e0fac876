package ec2ops

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

func (c *Client) lookAtInstances(ctx context.Context, ids []string, known map[string]bool) (map[string]cloud.Instance, error) {
	return lookAt(ids, known, "instance-id",
		func(ids []string, f ...types.Filter) ([]cloud.Instance, error) {
			return c.describeInstances(ctx, ids, f...)
		},
		func(i cloud.Instance) string { return i.ID })
}

func (c *Client) lookAtImages(ctx context.Context, ids []string, known map[string]bool) (map[string]cloud.Image, error) {
	return lookAt(ids, known, "image-id",
		func(ids []string, f ...types.Filter) ([]cloud.Image, error) {
			return c.describeImages(ctx, true, ids, f...)
		},
		func(i cloud.Image) string { return i.ID })
}

// lookAt asks for all ids in as few calls as EC2 allows. A filter takes 200 and
// leaves out what doesn't exist; a list of ids takes 1,000 but fails for one
// that isn't there, so only those seen before go that way, and by filter after
// all should one have vanished.
func lookAt[T any](
	ids []string, known map[string]bool, key string,
	describe func(ids []string, filters ...types.Filter) ([]T, error), idOf func(T) string,
) (map[string]T, error) {
	found := make(map[string]T, len(ids))
	keep := func(values []T, err error) error {
		for _, v := range values {
			found[idOf(v)] = v
		}
		return err
	}
	byFilter := func(chunk []string) error { return keep(describe(nil, filter(key, chunk...))) }
	byID := func(chunk []string) error {
		err := keep(describe(chunk))
		if cloud.KindOf(err) == cloud.NotFound {
			return inChunks(chunk, maxFilterValues, byFilter)
		}
		return err
	}
	if len(ids) <= maxFilterValues {
		return found, inChunks(ids, maxFilterValues, byFilter)
	}
	var seen, unseen []string
	for _, id := range ids {
		if known[id] {
			seen = append(seen, id)
		} else {
			unseen = append(unseen, id)
		}
	}
	if err := inChunks(seen, maxIDs, byID); err != nil {
		return found, err
	}
	return found, inChunks(unseen, maxFilterValues, byFilter)
}
