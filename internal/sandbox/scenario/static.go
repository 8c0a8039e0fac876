package scenario

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
)

// Static is a computer that static workers run on: EC2 knows nothing of it.
type Static struct {
	Name     string   `yaml:"name"`    // names its folder
	Workers  []string `yaml:"workers"` // names in the list; left out: Name
	Platform string   `yaml:"platform"`
	User     string   `yaml:"user"`
	Bastion  bool     `yaml:"bastion"`  // reached through the bastion; else by a port on loopback
	Address  string   `yaml:"address"`  // of that port; left out: any that is free
	Down     bool     `yaml:"down"`     // doesn't answer
	Optional bool     `yaml:"optional"` // as amirotate.yaml says of it
	Files    []File   `yaml:"files"`
}

func (s *Static) fillDefaults() {
	orElse(&s.Platform, Linux)
	user := "rustbuild"
	if s.Platform == Windows {
		user = "Administrator"
	}
	orElse(&s.User, user)
	if len(s.Workers) == 0 && s.Name != "" {
		s.Workers = []string{s.Name}
	}
	fillFiles(s.Files)
}

var hostNameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)

func (c *checker) static() {
	seen := map[string]bool{}
	for i := range c.s.Static {
		s, at := &c.s.Static[i], fmt.Sprintf("$.static[%d]", i)
		if !c.required(at, "name", s.Name) {
			continue
		}
		if !hostNameForm.MatchString(s.Name) {
			c.add(at+".name", "%q is no host's name; write letters, digits, _, . and -", s.Name)
		}
		if seen[s.Name] {
			c.add(at+".name", "%s stands twice; give each its own name", s.Name)
		}
		seen[s.Name] = true
		c.oneOf(at+".platform", s.Platform, Linux, Windows)
		if s.Platform == Windows && !s.Bastion {
			c.add(at, "a Windows host's certificate is for its address on the network; add bastion: true")
		}
		c.staticAddress(at, s)
		c.files(at+".files", s.Platform, s.Files)
	}
}

func (c *checker) staticAddress(at string, s *Static) {
	if s.Address == "" {
		return
	}
	address, err := netip.ParseAddrPort(s.Address)
	switch {
	case s.Bastion:
		c.add(at+".address", "a host behind the bastion has an address of the network; leave address out")
	case err != nil || !address.Addr().IsLoopback():
		c.add(at+".address", "%q is no port on loopback; write it as 127.0.0.1:PORT, or leave it out", s.Address)
	}
}

// hasStatic tells whether there is a static host of that name.
func (s *Scenario) hasStatic(name string) bool {
	return slices.ContainsFunc(s.Static, func(h Static) bool { return h.Name == name })
}
