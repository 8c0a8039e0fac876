package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/ec2ops"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// regionKey is the key by which a line of the list says where its image is.
const regionKey = "region"

// placement says in which region each image of a list is. An image's id is of
// one region alone.
type placement struct {
	of       map[string]string // region by image
	others   []string          // regions but home
	problems []rotate.Problem
}

// placeImages finds each image's region: what the list says, else an override,
// else home.
func placeImages(c *config.Config, list *slavelist.List, home string) *placement {
	p := &placement{of: map[string]string{}}
	for _, region := range c.OtherRegions() {
		if region != home {
			p.others = append(p.others, region)
		}
	}
	by := map[string]slavelist.Entry{} // the entry that told
	for _, e := range list.Entries() {
		if e.AMI == "" {
			continue
		}
		region := cmp.Or(e.Value(regionKey), c.RegionOf(e.Name), home)
		first, known := p.of[e.AMI]
		switch {
		case !config.IsRegion(region):
			p.problem(e.AMI, fmt.Sprintf("line %d: worker %s is in %.40q, which is no region", e.Line, e.Name, region), "write one such as region=eu-west-1")
			p.of[e.AMI] = cmp.Or(first, home)
			continue
		case known && first != region:
			p.problem(e.AMI, fmt.Sprintf("workers %s and %s share %s, but one is in %s and the other in %s", by[e.AMI].Name, e.Name, e.AMI, first, region),
				"an image's id is of one region: let both say the same, in the list (region=) or in overrides, or name the other region's image")
			continue
		}
		p.of[e.AMI], by[e.AMI] = region, e
		if region != home && !slices.Contains(p.others, region) {
			p.others = append(p.others, region)
		}
	}
	return p
}

func (p *placement) problem(image, message, hint string) {
	p.problems = append(p.problems, rotate.Problem{Code: "image-region", Severity: rotate.Error, Image: image, Message: message, Hint: hint})
}

// newRegions makes the clients of a command: one for the configuration's region
// and one for each other in which an image of the list is.
func (g *globals) newRegions(ctx context.Context, c *config.Config, list *slavelist.List) (*ec2ops.Regions, *placement, error) {
	home, err := g.newHome(ctx, c, list)
	if err != nil {
		return nil, nil, err
	}
	placed := placeImages(c, list, home.Region())
	var others []*ec2ops.Client
	for _, region := range placed.others {
		there := *c
		there.Region = region
		client, err := g.newEC2(ctx, &there)
		if err != nil {
			return nil, nil, err
		}
		others = append(others, client)
	}
	regions := ec2ops.NewRegions(home, others...)
	for image, region := range placed.of {
		regions.Place(region, image)
	}
	return regions, placed, nil
}

// requestIn is what one region is asked for.
func (r *rotation) requestIn(req rotate.Request, region string) rotate.Request {
	req.Region = region
	req.Elsewhere = func(image string) bool { return r.placed.of[image] != region }
	if region == r.cloud.Region() {
		return req
	}
	req.Static = nil
	launch := r.config.Launch.In(region)
	req.SecurityGroups, req.LikeInstance, req.Subnet, req.KeyPair = launch.SecurityGroups, launch.LikeInstance, launch.Subnet, launch.KeyPair
	return req
}

// planRegions makes a plan for each region and puts them together.
func (r *rotation) planRegions(ctx context.Context, planner rotate.Planner, req rotate.Request) (*rotate.Plan, error) {
	var plans []*rotate.Plan
	for _, region := range r.cloud.Names() {
		there := planner
		client := r.cloud.In(region)
		there.Images, there.Instances, there.Surroundings, there.Rehearsal = client, client, client, client
		plan, err := there.Plan(ctx, r.requestIn(req, region))
		if err != nil {
			return nil, err
		}
		plans = append(plans, plan)
	}
	plan, err := rotate.Join(plans...)
	if err != nil {
		return nil, err
	}
	for _, problem := range r.placed.problems {
		blockImage(plan, problem)
	}
	return plan, nil
}
