package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/config"
)

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string // keys of the problems
	}{
		"nothing": {"", []string{"slave_list", "certificate.old", "certificate.new", "launch.security_groups"}},
		"all": {`slave_list: l
certificate: {old: o, new: n}
launch: {like_instance: i-1}
platforms: {linux: {user: u, files: [{path: /x}]}}
`, nil},
		"files with certificates of their own": {`slave_list: l
launch: {security_groups: g}
platforms: {windows: {files: [{path: 'C:\x', old: o, new: n}]}}
`, nil},
		"one file without": {`slave_list: l
launch: {security_groups: g}
platforms: {windows: {files: [{path: 'C:\x', old: o}, {path: 'C:\y', new: n}]}}
`, []string{"certificate.old", "certificate.new"}},
		"no files, no bastion address": {`slave_list: l
certificate: {old: o, new: n}
launch: {security_groups: g}
bastion: {user: x}
`, []string{"platforms", "bastion.address"}},
		"empty bastion section": {`slave_list: l
certificate: {old: o, new: n}
launch: {security_groups: g}
bastion:
platforms: {windows: {files: [{path: 'C:\x'}]}}
`, nil},
		"no user": {`slave_list: l
certificate: {old: o, new: n}
launch: {security_groups: g}
platforms: {linux: {files: [{path: /x}]}}
`, []string{"platforms.linux.user"}},
		"a user by override": {`slave_list: l
certificate: {old: o, new: n}
launch: {security_groups: g}
platforms: {linux: {files: [{path: /x}]}}
overrides: [{workers: ["*"], user: x}]
`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := parse(t, test.text).Validate()
			var problems *config.Error
			var got []string
			if errors.As(err, &problems) {
				for _, p := range problems.Problems {
					got = append(got, p.Key)
					if p.Hint == "" {
						t.Errorf("no remedy: %v", p)
					}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBastionNeedsAUser(t *testing.T) {
	c := config.New(func(string) string { return "" })
	if err := c.Apply(config.Flags{Bastion: "h"}, "/"); err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "no user for the bastion") {
		t.Errorf("got %v", err)
	}
}

// Every key has its words, so that a reference page has no gaps.
func TestKeys(t *testing.T) {
	var page strings.Builder
	seen := map[string]bool{}
	for _, k := range config.Keys() {
		if k.Doc == "" || seen[k.Path] {
			t.Errorf("%s: no documentation, or twice", k.Path)
		}
		seen[k.Path] = true
		page.WriteString(k.Path + " | " + k.Type + " | " + k.Default + " | " + strings.Join(k.Values, " ") + " | " + strings.Join(k.Flags, " ") + "\n")
	}
	golden(t, "keys.txt", page.String())
}
