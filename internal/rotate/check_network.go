package rotate

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cloud"
)

// bastionSide is what a builder sees of the bastion: where its connections may
// come from.
type bastionSide struct {
	addresses []netip.Addr
	groups    []string // ids, if it is an instance of this account
	certain   bool     // the addresses are those that instances see
}

// lookAtBastion checks that the bastion answers with the right key, and that
// the groups let it in: the only trap that the postmortem names.
func (p *planning) lookAtBastion(ctx context.Context, groups []cloud.SecurityGroup) error {
	if err := p.checkBastion(ctx); err != nil {
		return err
	}
	if p.req.BastionAddress == "" || len(groups) == 0 {
		return nil
	}
	side, err := p.bastionSide(ctx)
	if err != nil || len(side.addresses) == 0 {
		return err
	}
	ports := make([]int, 0, len(p.ports))
	for port := range p.ports {
		ports = append(ports, port)
	}
	slices.Sort(ports)
	for _, port := range ports {
		p.judgeGroups(groups, side, int32(port))
	}
	return nil
}

// checkBastion checks, once, that the bastion answers with the right key.
func (p *planning) checkBastion(ctx context.Context) error {
	if p.CheckBastion == nil || p.bastionChecked {
		return nil
	}
	p.bastionChecked = true
	err := p.CheckBastion(ctx)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return err
	}
	problem := problemFrom("bastion", err)
	problem.Severity = Error
	p.report(problem)
	return nil
}

// bastionSide finds the bastion among the account's instances, for its private
// address and groups. A bastion elsewhere is known by its own address only.
func (p *planning) bastionSide(ctx context.Context) (bastionSide, error) {
	var side bastionSide
	names, err := p.Resolve(ctx, p.req.BastionAddress)
	if err != nil {
		return side, ctx.Err() // CheckBastion has reported it
	}
	for _, n := range names {
		if a, err := netip.ParseAddr(n); err == nil {
			side.addresses = append(side.addresses, a.Unmap())
			side.certain = side.certain || a.IsPrivate() || a.IsLoopback()
		}
	}
	instances, err := p.Instances.InstancesAt(ctx, names)
	if err != nil {
		return side, err
	}
	for _, i := range instances {
		if a, err := netip.ParseAddr(i.PrivateIP); err == nil {
			side.addresses = append(side.addresses, a)
			side.certain = true
		}
		side.groups = append(side.groups, i.GroupIDs...)
	}
	return side, nil
}

func (p *planning) judgeGroups(groups []cloud.SecurityGroup, side bastionSide, port int32) {
	opened := false
	for _, g := range groups {
		for _, rule := range g.Ingress {
			if !covers(rule, port) {
				continue
			}
			opened = opened || len(rule.CIDRs)+len(rule.GroupIDs)+len(rule.PrefixLists) > 0
			if admits(rule, side) {
				return
			}
		}
	}
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = fmt.Sprintf("%s (%s)", g.Name, g.ID)
	}
	problem := Problem{Code: "group-closed", Severity: Error,
		Message: fmt.Sprintf("no rule of security group %s lets the bastion in on TCP port %d", strings.Join(names, ", "), port),
		Hint:    fmt.Sprintf("allow TCP %d from the bastion in one of the groups, or give --like-instance with an instance that it reaches", port)}
	if opened && !side.certain {
		problem.Severity = Warning
		problem.Message = fmt.Sprintf("can't tell whether security group %s lets the bastion in on TCP port %d: its private address is not known",
			strings.Join(names, ", "), port)
	}
	p.report(problem)
}

func covers(r cloud.Rule, port int32) bool {
	switch r.Protocol {
	case "-1":
		return true
	case "tcp", "6":
		return r.FromPort <= port && port <= r.ToPort || r.FromPort == -1
	}
	return false
}

func admits(r cloud.Rule, side bastionSide) bool {
	for _, cidr := range r.CIDRs {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			continue
		}
		if slices.ContainsFunc(side.addresses, prefix.Contains) {
			return true
		}
	}
	return slices.ContainsFunc(r.GroupIDs, func(id string) bool { return slices.Contains(side.groups, id) })
}
