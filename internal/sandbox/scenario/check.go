package scenario

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// checker finds everything that is wrong with a scenario and resolves what
// needs other files.
type checker struct {
	*problems
	s    *Scenario
	read reader
}

func (c *checker) all() {
	c.settings()
	c.certificate()
	c.network()
	c.keyPairs()
	c.images()
	c.instances()
	c.static()
	c.master()
	c.faults()
	c.slaveList()
	c.policy()
	c.regions()
}

var (
	regionForm  = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]$`)
	accountForm = regexp.MustCompile(`^[0-9]{12}$`)
	nameForm    = regexp.MustCompile(`^[A-Za-z0-9()\[\] ./'@_-]{3,128}$`)
)

func (c *checker) settings() {
	s := c.s
	if !regionForm.MatchString(s.Region) {
		c.add("$.region", "%q is not a region; write one such as us-west-1", s.Region)
	}
	if !accountForm.MatchString(s.Account) {
		c.add("$.account", "%q is not an account id; write 12 digits in quotes", s.Account)
	}
	c.oneOf("$.throttle", s.Throttle, "aws", "off")
	if scale := *s.Clock.Scale; !(scale > 0 && scale <= 1000) { // not a number is neither
		c.add("$.clock.scale", "scale %v is not above 0 and at most 1000; 0.001 is a thousand times faster than life", *s.Clock.Scale)
	}
	t := s.Timings
	for name, d := range map[string]int64{
		"api": int64(*t.API), "pending": int64(*t.Pending), "stop": int64(*t.Stop),
		"image": int64(*t.Image), "terminate": int64(*t.Terminate), "forget": int64(*t.Forget),
	} {
		if d < 0 {
			c.add("$.timings."+name, "%s is negative; write 0s or more", name)
		}
	}
	for _, platform := range slices.Sorted(maps.Keys(t.Boot)) {
		c.oneOf("$.timings.boot."+platform, platform, "linux", "windows")
		if t.Boot[platform] < 0 {
			c.add("$.timings.boot."+platform, "boot is negative; write 0s or more")
		}
	}
	for i, o := range s.Unoffered {
		c.required(fmt.Sprintf("$.unoffered[%d]", i), "type", o.Type)
	}
	for i, o := range s.NoCapacity {
		c.required(fmt.Sprintf("$.no_capacity[%d]", i), "type", o.Type)
	}
}

func (c *checker) required(path, key, value string) bool {
	if value == "" {
		c.add(path, "has no %s; add one", key)
	}
	return value != ""
}

func (c *checker) oneOf(path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		c.add(path, "%q is not one of %s", value, strings.Join(allowed, ", "))
	}
}

// id checks a resource id's form and that it stands only once.
func (c *checker) id(path, prefix, id string, seen map[string]bool) {
	if !c.required(path[:strings.LastIndex(path, ".")], "id", id) {
		return
	}
	if !isID(prefix, id) {
		c.add(path, "%q is not an id; write %s and 8 or 17 hexadecimal digits", id, prefix)
	}
	if seen[id] {
		c.add(path, "%s stands twice; give each its own id", id)
	}
	seen[id] = true
}

func isID(prefix, id string) bool {
	digits, ok := strings.CutPrefix(id, prefix)
	return ok && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}

func (c *checker) instances() {
	seen := map[string]bool{}
	for i, in := range c.s.Instances {
		at := fmt.Sprintf("$.instances[%d]", i)
		c.id(at+".id", "i-", in.ID, seen)
		if c.required(at, "image", in.Image) && c.s.Image(in.Image) == nil {
			c.add(at+".image", "no image %s in this scenario; add it under images", in.Image)
		}
		if in.LaunchedFrom != "" && !isID("ami-", in.LaunchedFrom) {
			c.add(at+".launched_from", "%q is not an image id; write ami- and 8 or 17 hexadecimal digits", in.LaunchedFrom)
		}
		c.oneOf(at+".state", in.State, "running", "stopped")
		if !slices.ContainsFunc(c.s.Subnets, func(n Subnet) bool { return n.ID == in.Subnet }) {
			c.add(at+".subnet", "no subnet %s in this scenario; add it under subnets", in.Subnet)
		}
		for j, g := range in.SecurityGroups {
			if c.s.Group(g) == nil {
				c.add(fmt.Sprintf("%s.security_groups[%d]", at, j), "no security group %s in this scenario; add it under security_groups", g)
			}
		}
		if in.KeyPair != "" && !slices.ContainsFunc(c.s.KeyPairs, func(k KeyPair) bool { return k.Name == in.KeyPair }) {
			c.add(at+".key_pair", "no key pair %s in this scenario; add it under key_pairs", in.KeyPair)
		}
		platform := "linux"
		if im := c.s.Image(in.Image); im != nil {
			platform = im.Platform
		}
		c.files(at+".files", platform, c.s.Instances[i].Files)
	}
}

// Image returns the image of that id, or nil.
func (s *Scenario) Image(id string) *Image {
	for i := range s.Images {
		if s.Images[i].ID == id {
			return &s.Images[i]
		}
	}
	return nil
}

// Group returns the security group of that id or name, or nil.
func (s *Scenario) Group(idOrName string) *SecurityGroup {
	for i := range s.SecurityGroups {
		if g := &s.SecurityGroups[i]; g.ID == idOrName || g.Name == idOrName {
			return g
		}
	}
	return nil
}
