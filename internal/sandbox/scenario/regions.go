package scenario

import "fmt"

// regions checks the further regions, each as a scenario of its own that has the
// rest in common with the whole one.
func (c *checker) regions() {
	seen, subnets := map[string]bool{c.s.Region: true}, len(c.s.Subnets)
	for i := range c.s.Regions {
		r, at := &c.s.Regions[i], fmt.Sprintf("$.regions[%d]", i)
		switch {
		case !c.required(at, "name", r.Name):
			continue
		case !regionForm.MatchString(r.Name):
			c.add(at+".name", "%q is not a region; write one such as eu-west-1", r.Name)
		case seen[r.Name]:
			c.add(at+".name", "%s stands twice; put both together", r.Name)
		}
		seen[r.Name] = true
		r.Scenario = c.s.in(r)
		there := &checker{problems: c.problems.below(at), s: r.Scenario, read: c.read}
		there.network()
		there.keyPairs()
		there.images()
		there.instances()
		c.errs = append(c.errs, there.errs...)
		if subnets += len(r.Scenario.Subnets); subnets > maxSubnets {
			c.add(at, "%d subnets with those of the regions before; the sandbox has room for %d", subnets, maxSubnets)
		}
	}
}

// in returns the scenario of one further region.
func (s *Scenario) in(r *Region) *Scenario {
	there := *s
	there.Region, there.Regions, there.Faults = r.Name, nil, nil
	there.VPCs, there.Subnets, there.SecurityGroups, there.KeyPairs = r.VPCs, r.Subnets, r.SecurityGroups, r.KeyPairs
	there.Images, there.Instances = r.Images, r.Instances
	there.fillNetwork()
	for i := range there.Images {
		there.Images[i].fillDefaults(s.Account)
	}
	for i := range there.Instances {
		there.fillInstance(&there.Instances[i])
	}
	return &there
}

// All returns the scenario of each region, the first one's own being the first.
func (s *Scenario) All() []*Scenario {
	all := []*Scenario{s}
	for i := range s.Regions {
		all = append(all, s.Regions[i].Scenario)
	}
	return all
}
