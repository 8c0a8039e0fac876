package ec2ops

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/amirotate/amirotate/internal/cloud"
)

// SecurityGroups finds groups by name or id; what does not exist is left out.
// A name may stand for a group in each of several VPCs: all are returned.
func (c *Client) SecurityGroups(ctx context.Context, namesOrIDs []string) ([]cloud.SecurityGroup, error) {
	var ids, names []string
	for _, s := range namesOrIDs {
		if strings.HasPrefix(s, "sg-") { // no group's name may begin so
			ids = append(ids, s)
		} else {
			names = append(names, s)
		}
	}
	var found []cloud.SecurityGroup
	for key, values := range map[string][]string{"group-id": ids, "group-name": names} {
		err := inChunks(values, maxFilterValues, func(chunk []string) error {
			p := ec2.NewDescribeSecurityGroupsPaginator(c.api, &ec2.DescribeSecurityGroupsInput{
				Filters: []types.Filter{filter(key, chunk...)}, MaxResults: aws.Int32(pageSize),
			})
			return pages(ctx, p, func(page *ec2.DescribeSecurityGroupsOutput) {
				for _, g := range page.SecurityGroups {
					found = append(found, toSecurityGroup(g))
				}
			})
		})
		if err != nil {
			return nil, c.failure(ctx, "DescribeSecurityGroups", only(namesOrIDs), err)
		}
	}
	slices.SortFunc(found, func(a, b cloud.SecurityGroup) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(found, func(a, b cloud.SecurityGroup) bool { return a.ID == b.ID }), nil
}

// Subnets finds subnets by id, leaving out what does not exist; with no ids,
// the default subnets.
func (c *Client) Subnets(ctx context.Context, ids []string) ([]cloud.Subnet, error) {
	var found []cloud.Subnet
	ask := func(f types.Filter) error {
		p := ec2.NewDescribeSubnetsPaginator(c.api, &ec2.DescribeSubnetsInput{
			Filters: []types.Filter{f}, MaxResults: aws.Int32(pageSize),
		})
		return pages(ctx, p, func(page *ec2.DescribeSubnetsOutput) {
			for _, s := range page.Subnets {
				found = append(found, toSubnet(s))
			}
		})
	}
	var err error
	if len(ids) == 0 {
		err = ask(filter("default-for-az", "true"))
	} else {
		err = inChunks(ids, maxFilterValues, func(chunk []string) error { return ask(filter("subnet-id", chunk...)) })
	}
	if err != nil {
		return nil, c.failure(ctx, "DescribeSubnets", only(ids), err)
	}
	return found, nil
}

// KeyPairs returns those of the names that exist.
func (c *Client) KeyPairs(ctx context.Context, names []string) ([]string, error) {
	var found []string
	err := inChunks(names, maxFilterValues, func(chunk []string) error {
		out, err := c.api.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{
			Filters: []types.Filter{filter("key-name", chunk...)},
		})
		if err != nil {
			return err
		}
		for _, k := range out.KeyPairs {
			found = append(found, aws.ToString(k.KeyName))
		}
		return nil
	})
	if err != nil {
		return nil, c.failure(ctx, "DescribeKeyPairs", only(names), err)
	}
	return found, nil
}

// InstanceTypes describes those of the types that exist.
func (c *Client) InstanceTypes(ctx context.Context, names []string) ([]cloud.InstanceType, error) {
	var found []cloud.InstanceType
	err := inChunks(names, maxFilterValues, func(chunk []string) error {
		p := ec2.NewDescribeInstanceTypesPaginator(c.api, &ec2.DescribeInstanceTypesInput{
			Filters: []types.Filter{filter("instance-type", chunk...)},
		})
		return pages(ctx, p, func(page *ec2.DescribeInstanceTypesOutput) {
			for _, t := range page.InstanceTypes {
				known := toInstanceType(t)
				c.consoles.note(known.Name, known.Nitro)
				found = append(found, known)
			}
		})
	})
	if err != nil {
		return nil, c.failure(ctx, "DescribeInstanceTypes", only(names), err)
	}
	return found, nil
}

// Offerings returns the zones of the region that offer each type, sorted.
func (c *Client) Offerings(ctx context.Context, typeNames []string) (map[string][]string, error) {
	zones := map[string][]string{}
	err := inChunks(typeNames, maxFilterValues, func(chunk []string) error {
		p := ec2.NewDescribeInstanceTypeOfferingsPaginator(c.api, &ec2.DescribeInstanceTypeOfferingsInput{
			LocationType: types.LocationTypeAvailabilityZone,
			Filters:      []types.Filter{filter("instance-type", chunk...)},
			MaxResults:   aws.Int32(pageSize),
		})
		return pages(ctx, p, func(page *ec2.DescribeInstanceTypeOfferingsOutput) {
			for _, o := range page.InstanceTypeOfferings {
				t := string(o.InstanceType)
				zones[t] = append(zones[t], aws.ToString(o.Location))
			}
		})
	})
	if err != nil {
		return nil, c.failure(ctx, "DescribeInstanceTypeOfferings", only(typeNames), err)
	}
	for t := range zones {
		slices.Sort(zones[t])
	}
	return zones, nil
}
