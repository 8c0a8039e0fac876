package rotate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cloud"
)

// launchPlace is where builders and provers are launched.
type launchPlace struct {
	groups  []cloud.SecurityGroup
	subnets []cloud.Subnet // to be tried in turn
	keyName string
}

// lookAtSurroundings judges what a launch depends on: groups, subnet, key pair,
// instance types, permissions, the bastion.
func (p *planning) lookAtSurroundings(ctx context.Context) error {
	place, err := p.findPlace(ctx)
	if err != nil {
		return err
	}
	if err := p.lookAtTypes(ctx, place); err != nil {
		return err
	}
	if err := p.lookAtBastion(ctx, place.groups); err != nil {
		return err
	}
	p.settle(place)
	return p.rehearse(ctx)
}

// findPlace finds groups, subnets and key pair, from the configuration or from
// the instance that the builders are to be like.
func (p *planning) findPlace(ctx context.Context) (*launchPlace, error) {
	groups, subnet, key := p.req.SecurityGroups, p.req.Subnet, p.req.KeyPair
	if p.req.LikeInstance != "" {
		like, err := p.Instances.Instance(ctx, p.req.LikeInstance)
		if cloud.KindOf(err) == cloud.NotFound {
			p.report(Problem{Code: "like-instance-missing", Severity: Error,
				Message: fmt.Sprintf("instance %s, which builders are to be like, does not exist in %s", p.req.LikeInstance, p.req.Region),
				Hint:    "give --like-instance the id of an instance that the bastion reaches"})
			return &launchPlace{}, nil
		}
		if err != nil {
			return nil, err
		}
		if len(groups) == 0 {
			groups = like.GroupIDs
		}
		if subnet == "" {
			subnet = like.SubnetID
		}
		if key == "" {
			key = like.KeyName
		}
	}
	place := &launchPlace{keyName: key}
	if err := p.findGroups(ctx, place, groups); err != nil {
		return nil, err
	}
	if err := p.findSubnets(ctx, place, subnet); err != nil {
		return nil, err
	}
	return place, p.findKey(ctx, key)
}

func (p *planning) findGroups(ctx context.Context, place *launchPlace, wanted []string) error {
	if len(wanted) == 0 {
		p.report(Problem{Code: "no-group", Severity: Error,
			Message: "no security group is given, and the default one hardly lets the bastion in",
			Hint:    "give --security-group, or --like-instance with an instance that the bastion reaches"})
		return nil
	}
	found, err := p.Surroundings.SecurityGroups(ctx, wanted)
	if err != nil {
		return err
	}
	for _, w := range wanted {
		matches := 0
		for _, g := range found {
			if g.ID == w || g.Name == w {
				matches++
			}
		}
		switch {
		case matches == 0:
			p.report(Problem{Code: "group-missing", Severity: Error,
				Message: fmt.Sprintf("security group %s does not exist in %s", w, p.req.Region),
				Hint:    "check its name (capitals matter) and the region"})
		case matches > 1:
			p.report(Problem{Code: "group-ambiguous", Severity: Error,
				Message: fmt.Sprintf("%d security groups are named %s, in different VPCs", matches, w),
				Hint:    "give the group by its sg- id"})
		}
	}
	place.groups = found
	for _, g := range found[min(1, len(found)):] {
		if g.VPCID != found[0].VPCID {
			p.report(Problem{Code: "group-vpc", Severity: Error,
				Message: fmt.Sprintf("security groups %s and %s are in different VPCs (%s and %s)", found[0].ID, g.ID, found[0].VPCID, g.VPCID),
				Hint:    "an instance can only have groups of one VPC"})
		}
	}
	return nil
}

// findSubnets takes the one that was named, or else all default subnets of the
// groups' VPC, so that a zone without capacity is not the end.
func (p *planning) findSubnets(ctx context.Context, place *launchPlace, wanted string) error {
	var ids []string
	if wanted != "" {
		ids = []string{wanted}
	}
	subnets, err := p.Surroundings.Subnets(ctx, ids)
	if err != nil {
		return err
	}
	if wanted != "" && len(subnets) == 0 {
		p.report(Problem{Code: "subnet-missing", Severity: Error,
			Message: fmt.Sprintf("subnet %s does not exist in %s", wanted, p.req.Region),
			Hint:    "check its id and the region"})
		return nil
	}
	vpc := ""
	if len(place.groups) > 0 {
		vpc = place.groups[0].VPCID
	}
	for _, s := range subnets {
		if vpc == "" || s.VPCID == vpc {
			place.subnets = append(place.subnets, s)
		}
	}
	if vpc == "" || len(place.subnets) > 0 {
		return nil
	}
	if wanted != "" {
		p.report(Problem{Code: "group-vpc", Severity: Error,
			Message: fmt.Sprintf("security group %s is in %s, but subnet %s is in %s", place.groups[0].ID, vpc, wanted, subnets[0].VPCID),
			Hint:    "name a subnet and groups of the same VPC"})
		return nil
	}
	p.report(Problem{Code: "no-subnet", Severity: Error,
		Message: fmt.Sprintf("security group %s is in %s, which has no default subnet", place.groups[0].ID, vpc),
		Hint:    "give --subnet, or --like-instance with an instance that the bastion reaches"})
	return nil
}

func (p *planning) findKey(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	found, err := p.Surroundings.KeyPairs(ctx, []string{name})
	if err != nil {
		return err
	}
	if !slices.Contains(found, name) {
		p.report(Problem{Code: "key-missing", Severity: Error,
			Message: fmt.Sprintf("key pair %s does not exist in %s", name, p.req.Region),
			Hint:    "check launch.key_pair; it may be left out where the images know their users' keys"})
	}
	return nil
}

// lookAtTypes checks each image against its instance type, and leaves only the
// subnets whose zone offers it.
func (p *planning) lookAtTypes(ctx context.Context, place *launchPlace) error {
	var names []string
	for _, img := range p.plan.Images {
		if img.Action == Replace && !slices.Contains(names, img.InstanceType) {
			names = append(names, img.InstanceType)
		}
	}
	if len(names) == 0 {
		return nil
	}
	types, err := p.Surroundings.InstanceTypes(ctx, names)
	if err != nil {
		return err
	}
	offered, err := p.Surroundings.Offerings(ctx, names)
	if err != nil {
		return err
	}
	for _, img := range p.plan.Images {
		if img.Action == Replace {
			p.judgeType(img, types, offered[img.InstanceType], place)
		}
	}
	return nil
}

func (p *planning) judgeType(img *ImagePlan, types []cloud.InstanceType, zones []string, place *launchPlace) {
	i := slices.IndexFunc(types, func(t cloud.InstanceType) bool { return t.Name == img.InstanceType })
	if i < 0 {
		p.block(img, Problem{Code: "type-unknown",
			Message: fmt.Sprintf("instance type %s does not exist in %s (%s, worker %s)", img.InstanceType, p.req.Region, img.Source, img.Workers[0]),
			Hint:    "give instance_type in the configuration (launch, or overrides for these workers)"})
		return
	}
	for _, problem := range typeProblems(img.image, types[i]) {
		p.block(img, problem)
	}
	for _, s := range place.subnets {
		if slices.Contains(zones, s.Zone) {
			img.Launch.Subnets = append(img.Launch.Subnets, s.ID)
		}
	}
	if len(place.subnets) > 0 && len(img.Launch.Subnets) == 0 {
		p.block(img, Problem{Code: "type-not-offered",
			Message: fmt.Sprintf("instance type %s is not offered in %s; it is in %s", img.InstanceType, zonesOf(place.subnets), orNone(zones)),
			Hint:    "give another --subnet, or instance_type in the configuration"})
	}
}

func zonesOf(subnets []cloud.Subnet) string {
	zones := make([]string, len(subnets))
	for i, s := range subnets {
		zones[i] = s.Zone
	}
	return strings.Join(zones, ", ")
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// settle writes the place into the image plans.
func (p *planning) settle(place *launchPlace) {
	ids := []string{}
	for _, g := range place.groups {
		ids = append(ids, g.ID)
	}
	for _, img := range p.plan.Images {
		img.Launch.SecurityGroups, img.Launch.KeyPair = ids, place.keyName
		img.Launch.InstanceProfile, img.Launch.Spot = p.req.InstanceProfile, p.req.Spot
	}
}

// rehearse asks EC2, with DryRun, whether it would let us launch. One image
// stands for all: RunInstances has the smallest of EC2's rate limits.
func (p *planning) rehearse(ctx context.Context) error {
	i := slices.IndexFunc(p.plan.Images, func(img *ImagePlan) bool { return img.Action == Replace })
	if i < 0 || len(p.plan.Errors()) > 0 {
		return nil
	}
	img := p.plan.Images[i]
	err := p.Rehearsal.RehearseLaunch(ctx, img.launchSpec(runID(p.plan.Images), cloud.RoleBuilder, img.image, 0))
	switch cloud.KindOf(err) {
	case cloud.Denied:
		p.reportDenied(err)
		return nil
	case cloud.Invalid, cloud.NotFound:
		p.block(img, problemFrom("launch-refused", err))
		return nil
	case cloud.Capacity, cloud.Quota:
		p.report(Problem{Code: "capacity", Severity: Warning, Message: err.Error(),
			Hint: "a rotation waits for room; another --subnet, or instance_type in the configuration, may have some"})
		return nil
	}
	if err != nil {
		return err
	}
	return p.rehearseSeal(ctx)
}

// rehearseSeal asks whether a replacement could be tagged as proven, where that
// can be known beforehand: EC2 rehearses a call only on what there is, and only
// an image that is a replacement itself has the tags that the permission is
// bound to. Nothing else that a rotation does can be rehearsed before there is a
// builder.
func (p *planning) rehearseSeal(ctx context.Context) error {
	for _, img := range p.plan.Images {
		if img.Action != Replace || img.image.Tags[cloud.TagRole] != cloud.RoleReplacement {
			continue
		}
		err := p.Rehearsal.RehearseTag(ctx, img.Source, map[string]string{cloud.TagProvenAt: img.image.Tags[cloud.TagProvenAt]})
		if cloud.KindOf(err) == cloud.Denied {
			p.reportDenied(err)
			return nil
		}
		return err
	}
	return nil
}

func (p *planning) reportDenied(err error) {
	p.report(Problem{Code: "permission", Severity: Error, Message: err.Error(),
		Hint: "the credentials must allow what `amirotate iam-policy` prints"})
}
