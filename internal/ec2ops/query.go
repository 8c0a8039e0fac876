package ec2ops

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

// EC2's limits for a Describe call.
const (
	maxFilterValues = 200
	maxIDs          = 1000
	pageSize        = 1000
)

type pager[O any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*ec2.Options)) (O, error)
}

// pages calls each with every page.
func pages[O any](ctx context.Context, p pager[O], each func(O)) error {
	for p.HasMorePages() {
		page, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		each(page)
	}
	return nil
}

// distinct returns the values without "" and repetitions, sorted.
func distinct(values []string) []string {
	out := slices.Clone(values)
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(s string) bool { return s == "" })
}

// inChunks calls do with at most size values at a time, until one fails.
func inChunks(values []string, size int, do func([]string) error) error {
	for chunk := range slices.Chunk(distinct(values), size) {
		if err := do(chunk); err != nil {
			return err
		}
	}
	return nil
}

// describeInstances asks by filters or by ids; ids that don't exist are an
// error then, with filters they are left out. What is seen of our own
// instances goes to the ledger.
func (c *Client) describeInstances(ctx context.Context, ids []string, filters ...types.Filter) ([]cloud.Instance, error) {
	in := &ec2.DescribeInstancesInput{InstanceIds: ids, Filters: filters}
	if len(ids) == 0 {
		in.MaxResults = aws.Int32(pageSize) // not allowed together with ids
	}
	var found []cloud.Instance
	err := pages(ctx, ec2.NewDescribeInstancesPaginator(c.api, in), func(page *ec2.DescribeInstancesOutput) {
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				instance := toInstance(i)
				c.ledger.saw(instance.ID)
				c.ledger.hold(instance, toHoldings(i))
				found = append(found, instance)
			}
		}
	})
	if err != nil {
		return nil, c.failure(ctx, "DescribeInstances", only(ids), err)
	}
	return found, nil
}

// describeImages asks for images that we own, or for anybody's that we may see,
// disabled and deprecated ones too.
func (c *Client) describeImages(ctx context.Context, mine bool, ids []string, filters ...types.Filter) ([]cloud.Image, error) {
	in := &ec2.DescribeImagesInput{
		ImageIds:          ids,
		Filters:           filters,
		IncludeDeprecated: aws.Bool(true),
		IncludeDisabled:   aws.Bool(true),
	}
	if len(ids) == 0 {
		in.MaxResults = aws.Int32(pageSize)
	}
	if mine {
		in.Owners = []string{"self"}
	}
	var found []cloud.Image
	err := pages(ctx, ec2.NewDescribeImagesPaginator(c.api, in), func(page *ec2.DescribeImagesOutput) {
		for _, i := range page.Images {
			image := toImage(i, mine)
			c.ledger.saw(image.ID)
			found = append(found, image)
		}
	})
	if err != nil {
		return nil, c.failure(ctx, "DescribeImages", only(ids), err)
	}
	return found, nil
}

// only returns the one id that a call was about, if it was about one.
func only(ids []string) string {
	if len(ids) == 1 {
		return ids[0]
	}
	return ""
}

func notFound(op, id, what string) error {
	return &cloud.Error{Kind: cloud.NotFound, Op: op, ID: id, Message: "there is no such " + what}
}
