package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/config"
)

// statics is a farm with static hosts below some platforms.
func statics(t *testing.T, entries string) *config.Config {
	t.Helper()
	return parse(t, `certificate: {old: o, new: n}
bastion: {address: jump, user: ops}
platforms:
  linux: {user: rustbuild, port: 2222, host_key: accept-new, identity_file: k, files: [{path: /a}]}
  windows: {password: {ec2: key}, files: [{path: 'C:\a'}]}
static:
`+entries)
}

func TestStaticHosts(t *testing.T) {
	files := []config.File{{Path: "/a", Old: []string{"/conf/o"}, New: "/conf/n"}}
	linux := config.Platform{Transport: "ssh", Port: 2222, User: "rustbuild", IdentityFiles: []string{"/conf/k"}, HostKey: "known_hosts",
		KnownHosts: "/home/me/.ssh/known_hosts", SSHAlgorithms: "default", Auth: "ntlm", Files: files}
	own := linux
	own.User, own.Port, own.HostKey, own.KnownHosts = "admin", 22, "accept-new", "/conf/known"
	own.Files = []config.File{{Path: "/b", Old: []string{"/conf/mine"}, New: "/conf/n"}}
	windows := config.Platform{Transport: "winrm", Port: 5986, User: "Administrator", HostKey: "known_hosts",
		KnownHosts: "/home/me/.ssh/known_hosts", SSHAlgorithms: "default", Auth: "ntlm", Password: config.Secret{Env: "P"},
		Files: []config.File{{Path: `C:\a`, Old: []string{"/conf/o"}, New: "/conf/n"}}}
	for name, test := range map[string]struct {
		entries string
		want    []config.StaticHost
	}{
		"the platform's settings, but for the host key's": {
			`  - {workers: [mac*], address: m.example}`,
			[]config.StaticHost{{Workers: []string{"mac1", "mac2"}, Host: "m.example", System: "linux", Settings: linux}}},
		"its own": {
			`  - {workers: [bsd], address: "[::1]:22", user: admin, host_key: accept-new, known_hosts: known, bastion: true, optional: true, files: [{path: /b, old: mine}]}`,
			[]config.StaticHost{{Workers: []string{"bsd"}, Host: "::1", System: "linux", Bastion: true, Optional: true, Settings: own}}},
		"Windows": {
			`  - {workers: [bsd], address: w, platform: windows, password: {env: P}}`,
			[]config.StaticHost{{Workers: []string{"bsd"}, Host: "w", System: "windows", Settings: windows}}},
		"two entries of one computer": {
			"  - {workers: [mac2], address: m}\n  - {workers: [mac1], address: m, optional: true}",
			[]config.StaticHost{{Workers: []string{"mac1", "mac2"}, Host: "m", System: "linux", Settings: linux}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, unused, err := statics(t, test.entries).StaticHosts([]string{"mac1", "bsd", "mac2"}, []string{"linux1"})
			if err != nil || unused != nil {
				t.Fatal(unused, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Two accounts on one computer are two visits.
func TestStaticHostsWithOtherSettingsStayApart(t *testing.T) {
	c := statics(t, "  - {workers: [mac1], address: m, user: a}\n  - {workers: [mac2], address: m, user: b}")
	hosts, _, err := c.StaticHosts([]string{"mac1", "mac2"}, nil)
	if err != nil || len(hosts) != 2 {
		t.Errorf("%d hosts, %v; want 2", len(hosts), err)
	}
}

// The flags of an emergency speak of instances.
func TestFlagsLeaveStaticEntriesAlone(t *testing.T) {
	c := statics(t, `  - {workers: [mac1], address: m, user: admin, files: [{path: /b}]}`)
	if err := c.Apply(config.Flags{SSHUser: "other", LinuxPaths: []string{"/c"}}, "/"); err != nil {
		t.Fatal(err)
	}
	hosts, _, err := c.StaticHosts([]string{"mac1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := hosts[0].Settings; p.User != "admin" || len(p.Files) != 1 || p.Files[0].Path != "/b" {
		t.Errorf("got %+v", p)
	}
}

func TestUnusedStaticEntry(t *testing.T) {
	for globs, want := range map[string]string{
		"[mca1]":   "did you mean mac1?",
		"[linux*]": "linux1 has ami=",
		"[zzz]":    "correct the names",
	} {
		_, unused, err := statics(t, "  - {workers: "+globs+", address: m}").StaticHosts([]string{"mac1"}, []string{"linux1"})
		if err != nil || len(unused) != 1 || unused[0].Line != 7 || !strings.Contains(unused[0].Hint, want) {
			t.Errorf("%s: %+v, %v; want a hint with %q", globs, unused, err, want)
		}
	}
}

func TestBadStaticHosts(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"named twice": {
			"static: [{workers: [mac*], address: a, user: u}, {workers: [mac1], address: b, user: u}]\nplatforms: {linux: {files: [{path: /a}]}}",
			"worker mac1 is named by two entries of static, for a in line 1 and for b in line 1"},
		"no user":  {"static: [{workers: [mac1], address: a, files: [{path: /a}]}]", "no user is given for the static host a"},
		"no files": {"static: [{workers: [mac1], address: a, user: u}]", "no file to replace is given for the static host a"},
		"the platform's EC2 password": {
			"static: [{workers: [mac1], address: a, platform: windows}]\nplatforms: {windows: {password: {ec2: k}, files: [{path: 'C:\\a'}]}}",
			"EC2 has no password of the static host a"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := parse(t, test.text).StaticHosts([]string{"mac1"}, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "hint:") {
				t.Errorf("got %v, want %q and a hint", err, test.want)
			}
		})
	}
}

// A farm of static hosts alone launches nothing; one with images does.
func TestStaticNeedsNoGroup(t *testing.T) {
	c := parse(t, "slave_list: l\ncertificate: {old: o, new: n}\nstatic: [{workers: [m], address: a, user: u, files: [{path: /a}]}]")
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if err := c.ValidateLaunch(); err == nil {
		t.Error("a list with images needs a group")
	}
	c = parse(t, "slave_list: l\ncertificate: {old: o, new: n}\nstatic: [{workers: [m], address: a, user: u, bastion: true, files: [{path: /a}]}]")
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "through the bastion, but there is none") {
		t.Errorf("got %v", err)
	}
}
