package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const twoRegions = `
region: us-west-1
launch:
  security_groups: [rust-slave, sg-11111111]
  subnet: subnet-11111111
  key_pair: farm
  regions:
    - {name: eu-west-1, subnet: subnet-22222222}
    - {name: ap-south-1, like_instance: i-33333333}
overrides:
  - {workers: ["eu-*"], region: eu-west-1}
  - {workers: ["eu-india"], region: ap-south-1}
`

func parseRegions(t *testing.T, text string) (*Config, error) {
	t.Helper()
	return Parse("amirotate.yaml", []byte(text), func(string) string { return "/home/me" })
}

func TestRegions(t *testing.T) {
	c, err := parseRegions(t, twoRegions)
	if err != nil {
		t.Fatal(err)
	}
	for worker, want := range map[string]string{"linux1": "", "eu-1": "eu-west-1", "eu-india": "ap-south-1"} {
		if got := c.RegionOf(worker); got != want {
			t.Errorf("%s is in %q, want %q", worker, got, want)
		}
	}
	if got := c.OtherRegions(); !cmp.Equal(got, []string{"eu-west-1", "ap-south-1"}) {
		t.Errorf("other regions %v", got)
	}
	eu := c.Launch.In("eu-west-1")
	if !cmp.Equal(eu.SecurityGroups, []string{"rust-slave"}) || eu.Subnet != "subnet-22222222" || eu.KeyPair != "farm" {
		t.Errorf("in eu-west-1: %+v", eu)
	}
	if like := c.Launch.In("ap-south-1"); len(like.SecurityGroups) != 0 || like.LikeInstance != "i-33333333" || like.Subnet != "" {
		t.Errorf("in ap-south-1: %+v", like)
	}
	if home := c.Launch.In("us-east-2"); home.Subnet != "" || !cmp.Equal(home.SecurityGroups, []string{"rust-slave"}) {
		t.Errorf("in a region that launch.regions doesn't name: %+v", home)
	}
}

func TestRegionProblems(t *testing.T) {
	tests := []struct{ old, new, want string }{
		{"region: eu-west-1}", "region: europe}", "amirotate.yaml:11:33"},
		{"name: eu-west-1", "name: ap-south-1", "ap-south-1 is listed twice"},
		{"name: eu-west-1, ", "", "launch.regions[0] names no region"},
		{"name: eu-west-1", "name: Ireland", `"Ireland" is no region`},
	}
	for _, tt := range tests {
		_, err := parseRegions(t, strings.Replace(twoRegions, tt.old, tt.new, 1))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("with %q: got %v, want %s", tt.new, err, tt.want)
		}
	}
}
