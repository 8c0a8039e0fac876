package network

import (
	"net/netip"
	"slices"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// admits tells whether any of the groups lets TCP in from that address, or from
// a member of one of those groups, on the port.
func admits(groups []machine.Group, from netip.Addr, fromGroups []string, port uint16) bool {
	for _, g := range groups {
		for _, r := range g.Ingress {
			if int(port) >= r.FromPort && int(port) <= r.ToPort && fits(r, from, fromGroups) {
				return true
			}
		}
	}
	return false
}

func fits(r machine.Rule, from netip.Addr, fromGroups []string) bool {
	for _, p := range r.Prefixes {
		if p.Contains(from) {
			return true
		}
	}
	for _, id := range fromGroups {
		if slices.Contains(r.GroupIDs, id) {
			return true
		}
	}
	return false
}
