package ec2api

import (
	"net/netip"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type ingressRequest struct {
	dry
	GroupID     string            `q:"GroupId"`
	GroupName   string            `q:"GroupName"`
	Permissions []permissionInput `q:"IpPermissions"`
	TagSpecs    []tagSpec         `q:"TagSpecification"`
	RuleIDs     []string          `q:"SecurityGroupRuleId"`
	Protocol    string            `q:"IpProtocol"`
	FromPort    *int              `q:"FromPort"`
	ToPort      *int              `q:"ToPort"`
	CIDR        string            `q:"CidrIp"`
	SourceGroup string            `q:"SourceSecurityGroupName"`
}

type permissionInput struct {
	Protocol string       `q:"IpProtocol"`
	FromPort *int         `q:"FromPort"`
	ToPort   *int         `q:"ToPort"`
	IPv4     []cidrInput  `q:"IpRanges"`
	IPv6     []cidr6Input `q:"Ipv6Ranges"`
	Groups   []groupInput `q:"Groups"`
}

type cidrInput struct {
	CIDR        string `q:"CidrIp"`
	Description string `q:"Description"`
}

type cidr6Input struct {
	CIDR        string `q:"CidrIpv6"`
	Description string `q:"Description"`
}

type groupInput struct {
	GroupID     string `q:"GroupId"`
	GroupName   string `q:"GroupName"`
	UserID      string `q:"UserId"`
	Description string `q:"Description"`
}

// rules turns both forms of a request into single rules.
func (r *ingressRequest) rules(c *call) ([]ec2state.Rule, error) {
	permissions := r.Permissions
	if r.Protocol != "" || r.CIDR != "" || r.SourceGroup != "" {
		p := permissionInput{Protocol: r.Protocol, FromPort: r.FromPort, ToPort: r.ToPort}
		if r.CIDR != "" {
			p.IPv4 = []cidrInput{{CIDR: r.CIDR}}
		}
		if r.SourceGroup != "" {
			p.Groups = []groupInput{{GroupName: r.SourceGroup}}
		}
		permissions = append(permissions, p)
	}
	var rules []ec2state.Rule
	for _, p := range permissions {
		some, err := p.rules(c)
		if err != nil {
			return nil, err
		}
		rules = append(rules, some...)
	}
	return rules, nil
}

func (p permissionInput) rules(c *call) ([]ec2state.Rule, error) {
	base, err := p.ports()
	if err != nil {
		return nil, err
	}
	var rules []ec2state.Rule
	ranges := p.IPv4
	for _, r := range p.IPv6 {
		ranges = append(ranges, cidrInput(r))
	}
	for _, r := range ranges {
		prefix, err := netip.ParsePrefix(r.CIDR)
		if err != nil {
			return nil, ec2state.Refuse("InvalidParameterValue", "CIDR block %s is malformed", r.CIDR)
		}
		rule := base
		rule.CIDR, rule.Description = prefix.Masked(), r.Description
		rules = append(rules, rule)
	}
	for _, r := range p.Groups {
		g, err := c.state.FindGroup(r.GroupID, r.GroupName)
		if err != nil {
			return nil, err
		}
		rule := base
		rule.GroupID, rule.Description = g.ID, r.Description
		rules = append(rules, rule)
	}
	return rules, nil
}

// ports is a rule without a source.
func (p permissionInput) ports() (ec2state.Rule, error) {
	if p.Protocol == "-1" {
		return ec2state.Rule{Protocol: p.Protocol, ToPort: 65535}, nil
	}
	protocol := map[string]string{"tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "icmp": "icmp", "1": "icmp"}[p.Protocol]
	if protocol == "" {
		return ec2state.Rule{}, ec2state.Refuse("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", p.Protocol)
	}
	if p.FromPort == nil || p.ToPort == nil {
		return ec2state.Rule{}, ec2state.Refuse("InvalidParameterValue", "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
	}
	rule := ec2state.Rule{Protocol: protocol, FromPort: *p.FromPort, ToPort: *p.ToPort}
	if protocol != "icmp" && (rule.FromPort < 0 || rule.ToPort > 65535 || rule.FromPort > rule.ToPort) {
		return ec2state.Rule{}, ec2state.Refuse("InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", rule.FromPort, rule.ToPort)
	}
	return rule, nil
}

type ruleItem struct {
	ID        string          `xml:"securityGroupRuleId"`
	GroupID   string          `xml:"groupId"`
	OwnerID   string          `xml:"groupOwnerId"`
	Egress    bool            `xml:"isEgress"`
	Protocol  string          `xml:"ipProtocol"`
	FromPort  int             `xml:"fromPort"`
	ToPort    int             `xml:"toPort"`
	CIDR      string          `xml:"cidrIpv4,omitempty"`
	CIDR6     string          `xml:"cidrIpv6,omitempty"`
	Reference *referencedItem `xml:"referencedGroupInfo"`
}

type referencedItem struct {
	GroupID string `xml:"groupId"`
	UserID  string `xml:"userId"`
}

type ingressResponse struct {
	ok
	Rules set[ruleItem] `xml:"securityGroupRuleSet"`
}

func authorizeIngress(c *call, r *ingressRequest) (any, error) {
	rules, err := r.rules(c)
	if err != nil {
		return nil, err
	}
	if len(rules) == 0 {
		return nil, missingParameter("ipPermissions")
	}
	g, made, err := c.state.Authorize(r.GroupID, r.GroupName, rules, r.DryRun)
	if err != nil {
		return nil, err
	}
	return ingressResponse{ok{true}, setOf(made, func(rule ec2state.Rule) ruleItem {
		item := ruleItem{ID: rule.ID, GroupID: g.ID, OwnerID: c.state.Account, Protocol: rule.Protocol, FromPort: rule.FromPort, ToPort: rule.ToPort}
		switch {
		case rule.GroupID != "":
			item.Reference = &referencedItem{rule.GroupID, c.state.Account}
		case rule.CIDR.Addr().Is6():
			item.CIDR6 = rule.CIDR.String()
		default:
			item.CIDR = rule.CIDR.String()
		}
		return item
	})}, nil
}

func revokeIngress(c *call, r *ingressRequest) (any, error) {
	rules, err := r.rules(c)
	if err != nil {
		return nil, err
	}
	return ok{true}, c.state.Revoke(r.GroupID, r.GroupName, rules, r.RuleIDs, r.DryRun)
}
