package config

import (
	"fmt"
	"regexp"
	"strings"
)

// LaunchRegion says how instances are launched in one further region.
type LaunchRegion struct {
	Name           string   `yaml:"name" doc:"The region."`
	SecurityGroups []string `yaml:"security_groups" default:"those of launch that are named, not given by id" doc:"Security groups there, by name or sg- id."`
	LikeInstance   string   `yaml:"like_instance" doc:"An instance there that can be reached."`
	Subnet         string   `yaml:"subnet" doc:"Subnet id there." default:"that of like_instance, else the default subnet"`
	KeyPair        string   `yaml:"key_pair" default:"launch.key_pair" doc:"Name of an EC2 key pair there."`
}

// In returns what holds in a region that is not the configuration's own. What
// names things by the id that they have in that one is left out.
func (l Launch) In(region string) Launch {
	l.LikeInstance, l.Subnet = "", ""
	named := []string{}
	for _, g := range l.SecurityGroups {
		if !strings.HasPrefix(g, "sg-") {
			named = append(named, g)
		}
	}
	l.SecurityGroups = named
	for _, r := range l.Regions {
		if r.Name != region {
			continue
		}
		replace(&l.LikeInstance, r.LikeInstance)
		replace(&l.Subnet, r.Subnet)
		replace(&l.KeyPair, r.KeyPair)
		if r.SecurityGroups != nil || r.LikeInstance != "" {
			l.SecurityGroups = r.SecurityGroups
		}
	}
	return l
}

// RegionOf returns the region that the overrides say of a worker, "" if none
// does. The last that matches counts.
func (c *Config) RegionOf(worker string) string {
	region := ""
	for _, o := range c.Overrides {
		if o.Region != "" && o.matches(worker) {
			region = o.Region
		}
	}
	return region
}

// OtherRegions returns the regions that the configuration names beside its own.
func (c *Config) OtherRegions() []string {
	var names []string
	for _, o := range c.Overrides {
		names = append(names, o.Region)
	}
	for _, r := range c.Launch.Regions {
		names = append(names, r.Name)
	}
	seen := map[string]bool{"": true, c.Region: true}
	var others []string
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			others = append(others, name)
		}
	}
	return others
}

var regionShape = regexp.MustCompile(`^[a-z]{2,8}(-[a-z]{2,16})+-[0-9]{1,2}$`)

// IsRegion tells whether a text looks like a region's name.
func IsRegion(s string) bool { return regionShape.MatchString(s) }

// checkRegions looks at the regions of launch.regions and of the overrides.
func (d *decoder) checkRegions(c *Config) {
	hint := "write one such as eu-west-1"
	seen := map[string]bool{}
	for i, r := range c.Launch.Regions {
		at := fmt.Sprintf("launch.regions[%d]", i)
		switch {
		case r.Name == "":
			d.missing(at, "name", at+" names no region", "give it one: - name: eu-west-1")
		case !IsRegion(r.Name):
			d.refuse(at+".name", fmt.Sprintf("%.40q is no region", r.Name), hint)
		case seen[r.Name]:
			d.refuse(at+".name", r.Name+" is listed twice", "put both together")
		}
		seen[r.Name] = true
	}
	for i, o := range c.Overrides {
		if o.Region != "" && !IsRegion(o.Region) {
			d.refuse(fmt.Sprintf("overrides[%d].region", i), fmt.Sprintf("%.40q is no region", o.Region), hint)
		}
	}
}
