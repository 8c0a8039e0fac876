package ec2state

import (
	"path"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// offers says where instance types are not to be had.
type offers struct {
	unoffered, noCapacity []scenario.Offer
	vcpus                 int // that may run at a time; 0: any number
}

func newOffers(sc *scenario.Scenario) offers {
	return offers{unoffered: sc.Unoffered, noCapacity: sc.NoCapacity, vcpus: sc.VCPUs}
}

func (o offers) offered(typ, zone string) bool { return !matches(o.unoffered, typ, zone) }

// problem is EC2's refusal to launch a type in a zone, nil if there is none.
func (o offers) problem(typ, zone string) error {
	if !o.offered(typ, zone) {
		return Refuse("Unsupported", "Your requested instance type (%s) is not supported in your requested Availability Zone (%s). "+
			"Please retry your request by not specifying an Availability Zone or choosing another one.", typ, zone)
	}
	if matches(o.noCapacity, typ, zone) {
		return &Error{Code: "InsufficientInstanceCapacity", Status: 500, Message: "We currently do not have sufficient " + typ +
			" capacity in the Availability Zone you requested (" + zone + "). Our system will be working on provisioning additional capacity. " +
			"You can currently get " + typ + " capacity by not specifying an Availability Zone in your request or choosing another one."}
	}
	return nil
}

// checkQuota refuses more vCPUs than the account may have running; s.mu is held.
func (s *State) checkQuota(p *launchPlan) error {
	if s.offers.vcpus == 0 {
		return nil
	}
	types := instanceTypes()
	running := p.req.Max * types[p.req.Type].VCPUs
	for _, in := range s.instances.rows {
		if in.State == Pending || in.State == Running {
			running += types[in.Type].VCPUs
		}
	}
	if running > s.offers.vcpus {
		return Refuse("VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit of %d allows for the instance bucket "+
			"that the specified instance type belongs to.", s.offers.vcpus)
	}
	return nil
}

func matches(list []scenario.Offer, typ, zone string) bool {
	for _, o := range list {
		if ok, _ := path.Match(o.Type, typ); ok && (o.Zone == "" || o.Zone == zone) {
			return true
		}
	}
	return false
}

// Offered tells whether a type is offered in a zone.
func (s *State) Offered(typ, zone string) bool { return s.offers.offered(typ, zone) }
