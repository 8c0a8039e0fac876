package ec2api

import (
	"net/netip"
	"strconv"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type describeGroupsRequest struct {
	dry
	paging
	GroupIDs   []string `q:"GroupId"`
	GroupNames []string `q:"GroupName"`
	Filters    []filter `q:"Filter"`
}

type groupItem struct {
	OwnerID     string              `xml:"ownerId"`
	GroupID     string              `xml:"groupId"`
	GroupName   string              `xml:"groupName"`
	Description string              `xml:"groupDescription"`
	VPCID       string              `xml:"vpcId"`
	Ingress     set[permissionRule] `xml:"ipPermissions"`
	Egress      set[permissionRule] `xml:"ipPermissionsEgress"`
	Tags        *set[tagItem]       `xml:"tagSet"`
}

type permissionRule struct {
	Protocol string         `xml:"ipProtocol"`
	FromPort *int           `xml:"fromPort"`
	ToPort   *int           `xml:"toPort"`
	Groups   set[groupPair] `xml:"groups"`
	IPv4     set[cidrItem]  `xml:"ipRanges"`
	IPv6     set[cidr6Item] `xml:"ipv6Ranges"`
	Prefixes set[valueItem] `xml:"prefixListIds"`
}

type groupPair struct {
	UserID  string `xml:"userId"`
	GroupID string `xml:"groupId"`
}

type cidrItem struct {
	CIDR        string `xml:"cidrIp"`
	Description string `xml:"description,omitempty"`
}

type cidr6Item struct {
	CIDR        string `xml:"cidrIpv6"`
	Description string `xml:"description,omitempty"`
}

type describeGroupsResponse struct {
	Groups    set[groupItem] `xml:"securityGroupInfo"`
	NextToken string         `xml:"nextToken,omitempty"`
}

func describeSecurityGroups(c *call, r *describeGroupsRequest) (any, error) {
	all := c.state.Groups()
	id := func(g ec2state.Group) string { return g.ID }
	if err := c.state.CheckGroupIDs(r.GroupIDs, idsOf(all, id)); err != nil {
		return nil, err
	}
	found := pick(all, r.GroupIDs, id)
	for _, name := range r.GroupNames {
		g, err := c.state.FindGroup("", name)
		if err != nil {
			return nil, err
		}
		r.Filters = append(r.Filters, filter{"vpc-id", []string{g.VPC}})
	}
	if len(r.GroupNames) > 0 {
		r.Filters = append(r.Filters, filter{"group-name", escaped(r.GroupNames)})
	}
	found, err := groupFilters(c).apply(found, r.Filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, r.paging, 5, 1000, id)
	return describeGroupsResponse{setOf(found, c.groupItem), next}, err
}

// escaped makes filter values that match literally.
func escaped(values []string) []string {
	var out []string
	for _, v := range values {
		var b []byte
		for i := range len(v) {
			if v[i] == '*' || v[i] == '?' || v[i] == '\\' {
				b = append(b, '\\')
			}
			b = append(b, v[i])
		}
		out = append(out, string(b))
	}
	return out
}

func groupFilters(c *call) filters[ec2state.Group] {
	rules := func(g ec2state.Group) []ec2state.Rule { return g.Ingress }
	return filters[ec2state.Group]{
		tags: func(g ec2state.Group) map[string]string { return g.Tags },
		values: map[string]func(ec2state.Group) []string{
			"description":            one(func(g ec2state.Group) string { return g.Description }),
			"group-id":               one(func(g ec2state.Group) string { return g.ID }),
			"group-name":             one(func(g ec2state.Group) string { return g.Name }),
			"owner-id":               one(func(ec2state.Group) string { return c.state.Account }),
			"vpc-id":                 one(func(g ec2state.Group) string { return g.VPC }),
			"ip-permission.cidr":     each(rules, func(r ec2state.Rule) string { return cidrText(r.CIDR) }),
			"ip-permission.group-id": each(rules, func(r ec2state.Rule) string { return r.GroupID }),
			"ip-permission.protocol": each(rules, func(r ec2state.Rule) string { return r.Protocol }),
			"ip-permission.from-port": each(rules, func(r ec2state.Rule) string {
				return strconv.Itoa(r.FromPort)
			}),
			"ip-permission.to-port": each(rules, func(r ec2state.Rule) string { return strconv.Itoa(r.ToPort) }),
		},
	}
}

func cidrText(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

func (c *call) groupItem(g ec2state.Group) groupItem {
	item := groupItem{OwnerID: c.state.Account, GroupID: g.ID, GroupName: g.Name, Description: g.Description, VPCID: g.VPC}
	for _, r := range g.Ingress {
		item.Ingress.Items = append(item.Ingress.Items, c.ruleItem(r))
	}
	item.Ingress.Items = merged(item.Ingress.Items)
	item.Egress.Items = []permissionRule{{Protocol: "-1", IPv4: set[cidrItem]{[]cidrItem{{CIDR: "0.0.0.0/0"}}}}}
	if len(g.Tags) > 0 {
		item.Tags = new(tagSet(g.Tags))
	}
	return item
}

func (c *call) ruleItem(r ec2state.Rule) permissionRule {
	rule := permissionRule{Protocol: r.Protocol}
	if r.Protocol != "-1" {
		rule.FromPort, rule.ToPort = new(r.FromPort), new(r.ToPort)
	}
	switch {
	case r.GroupID != "":
		rule.Groups.Items = []groupPair{{c.state.Account, r.GroupID}}
	case r.CIDR.Addr().Is6():
		rule.IPv6.Items = []cidr6Item{{r.CIDR.String(), r.Description}}
	case r.CIDR.IsValid():
		rule.IPv4.Items = []cidrItem{{r.CIDR.String(), r.Description}}
	}
	return rule
}

// merged puts the sources of the same protocol and ports into one permission,
// as EC2 shows them.
func merged(rules []permissionRule) []permissionRule {
	var out []permissionRule
next:
	for _, r := range rules {
		for i, o := range out {
			if o.Protocol == r.Protocol && valueOr(o.FromPort, -1) == valueOr(r.FromPort, -1) && valueOr(o.ToPort, -1) == valueOr(r.ToPort, -1) {
				out[i].Groups.Items = append(out[i].Groups.Items, r.Groups.Items...)
				out[i].IPv4.Items = append(out[i].IPv4.Items, r.IPv4.Items...)
				out[i].IPv6.Items = append(out[i].IPv6.Items, r.IPv6.Items...)
				continue next
			}
		}
		out = append(out, r)
	}
	return out
}

type createGroupRequest struct {
	dry
	Name        string    `q:"GroupName"`
	Description string    `q:"GroupDescription"`
	VPCID       string    `q:"VpcId"`
	TagSpecs    []tagSpec `q:"TagSpecification"`
}

type createGroupResponse struct {
	ok
	GroupID string        `xml:"groupId"`
	Tags    *set[tagItem] `xml:"tagSet"`
}

func (r createGroupResponse) made() []string { return []string{r.GroupID} }

func createSecurityGroup(c *call, r *createGroupRequest) (any, error) {
	tags, err := tagsByType(r.TagSpecs, "security-group")
	if err != nil {
		return nil, err
	}
	g, err := c.state.CreateGroup(r.Name, r.Description, r.VPCID, tags["security-group"], r.DryRun)
	response := createGroupResponse{ok: ok{true}, GroupID: g.ID}
	if len(g.Tags) > 0 {
		response.Tags = new(tagSet(g.Tags))
	}
	return response, err
}

type deleteGroupRequest struct {
	dry
	GroupID   string `q:"GroupId"`
	GroupName string `q:"GroupName"`
}

func deleteSecurityGroup(c *call, r *deleteGroupRequest) (any, error) {
	return ok{true}, c.state.DeleteGroup(r.GroupID, r.GroupName, r.DryRun)
}
