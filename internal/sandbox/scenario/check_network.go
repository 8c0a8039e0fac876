package scenario

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
)

// maxSubnets is how many /20 fit into the sandbox's 127.66.0.0/16.
const maxSubnets = 16

func (c *checker) network() {
	seen, defaults := map[string]bool{}, 0
	for i, v := range c.s.VPCs {
		c.id(fmt.Sprintf("$.vpcs[%d].id", i), "vpc-", v.ID, seen)
		if v.Default {
			defaults++
		}
	}
	if defaults > 1 {
		c.add("$.vpcs", "%d VPCs are marked default; a region has one", defaults)
	}
	if len(c.s.Subnets) > maxSubnets {
		c.add("$.subnets", "%d subnets; the sandbox has room for %d", len(c.s.Subnets), maxSubnets)
	}
	for i, n := range c.s.Subnets {
		at := fmt.Sprintf("$.subnets[%d]", i)
		c.id(at+".id", "subnet-", n.ID, seen)
		if zone, ok := strings.CutPrefix(n.Zone, c.s.Region); !ok || len(zone) != 1 || zone < "a" || zone > "z" {
			c.add(at+".zone", "%q is not a zone of %s; write one such as %sa", n.Zone, c.s.Region, c.s.Region)
		}
	}
	names := map[string]bool{}
	for i := range c.s.SecurityGroups {
		c.group(fmt.Sprintf("$.security_groups[%d]", i), &c.s.SecurityGroups[i], seen, names)
	}
}

func (c *checker) group(at string, g *SecurityGroup, seen, names map[string]bool) {
	c.id(at+".id", "sg-", g.ID, seen)
	if c.required(at, "name", g.Name) {
		if names[g.VPC+g.Name] {
			c.add(at+".name", "%s stands twice in %s; give each group its own name", g.Name, g.VPC)
		}
		names[g.VPC+g.Name] = true
	}
	for i := range g.Ingress {
		c.ingress(fmt.Sprintf("%s.ingress[%d]", at, i), &g.Ingress[i])
	}
}

func (c *checker) ingress(at string, in *Ingress) {
	orElse(&in.Protocol, "tcp")
	c.oneOf(at+".protocol", in.Protocol, "tcp", "udp", "icmp", "-1")
	var ok bool
	if in.FromPort, in.ToPort, ok = portRange(in.PortSpec); !ok {
		c.add(at+".port", "%v is not a port; write a number up to 65535 or a range such as \"5000-6000\"", in.PortSpec)
	}
	switch {
	case in.From == "bastion":
		in.Bastion = true
	case in.From == "anywhere":
		in.Prefix = netip.MustParsePrefix("0.0.0.0/0")
	case strings.Contains(in.From, "/"):
		prefix, err := netip.ParsePrefix(in.From)
		if err != nil || prefix != prefix.Masked() {
			c.add(at+".from", "%q is not a CIDR; write one such as 10.0.0.0/8", in.From)
		}
		in.Prefix = prefix
	default:
		g := c.s.Group(in.From)
		if g == nil {
			c.add(at+".from", "%q is no source; write bastion, anywhere, a CIDR, or a security group's id or name", in.From)
			return
		}
		in.GroupID = g.ID
	}
}

func portRange(spec any) (from, to int, ok bool) {
	switch v := spec.(type) {
	case nil:
		return 0, 65535, true
	case uint64:
		return int(v), int(v), v <= 65535
	case string:
		low, high, isRange := strings.Cut(v, "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		return from, to, err1 == nil && err2 == nil && 0 <= from && from <= to && to <= 65535
	}
	return 0, 0, false
}

func (c *checker) keyPairs() {
	seen := map[string]bool{}
	for i := range c.s.KeyPairs {
		k, at := &c.s.KeyPairs[i], fmt.Sprintf("$.key_pairs[%d]", i)
		c.required(at, "name", k.Name)
		if seen[k.Name] {
			c.add(at+".name", "%s stands twice; give each key pair its own name", k.Name)
		}
		seen[k.Name] = true
		if k.PublicKeyPath == "" {
			k.PublicKey = c.makePublicKey(at)
			continue
		}
		text, err := c.read(k.PublicKeyPath)
		if err != nil {
			c.add(at+".public_key", "cannot read %s: %v; name a public key relative to the scenario", k.PublicKeyPath, err)
			continue
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey(text)
		if err != nil {
			c.add(at+".public_key", "%s is not an OpenSSH public key: %v", k.PublicKeyPath, err)
			continue
		}
		k.PublicKey = string(ssh.MarshalAuthorizedKey(key))
	}
}
