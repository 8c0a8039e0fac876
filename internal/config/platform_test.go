package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/amirotate/amirotate/internal/config"
)

const farm = `certificate: {old: [o1, o2], new: n}
launch: {instance_type: m3.xlarge}
platforms:
  linux:
    user: rustbuild
    files:
      - path: /a
      - {path: /b, new: own}
  windows:
    files: [{path: 'C:\a'}]
overrides:
  - workers: ["linux*"]
    port: 2222
    user: ops
  - workers: [linux-snap*, old]
    user: root
    ssh_algorithms: legacy
    instance_type: m3.medium
  - workers: [win2]
    transport: ssh
  - workers: [linux9]
    user: another
`

func TestFor(t *testing.T) {
	c := parse(t, farm)
	files := []config.File{
		{Path: "/a", Old: []string{"/conf/o1", "/conf/o2"}, New: "/conf/n"},
		{Path: "/b", Old: []string{"/conf/o1", "/conf/o2"}, New: "/conf/own"},
	}
	linux := config.Platform{Transport: "ssh", Port: 22, User: "rustbuild", HostKey: "console", KnownHosts: "/home/me/.ssh/known_hosts",
		SSHAlgorithms: "default", Auth: "ntlm", Files: files, InstanceType: "m3.xlarge"}
	matched := linux
	matched.Port, matched.User = 2222, "ops"
	snap := matched
	snap.User, snap.SSHAlgorithms, snap.InstanceType = "root", "legacy", "m3.medium"
	win := linux
	win.Transport, win.Port, win.User = "winrm", 5986, "Administrator"
	win.Password = config.Secret{Env: "AMIROTATE_WINRM_PASSWORD"}
	win.Files = []config.File{{Path: `C:\a`, Old: files[0].Old, New: files[0].New}}
	winSSH := win
	winSSH.Transport, winSSH.Port, winSSH.Password = "ssh", 22, config.Secret{}

	tests := map[string]struct {
		platform string
		workers  []string
		want     config.Platform
	}{
		"no override":             {"linux", []string{"a", "b"}, linux},
		"no workers":              {"linux", nil, linux},
		"one matches":             {"linux", []string{"linux1", "linux2", "x"}, matched},
		"the last one wins":       {"linux", []string{"linux-snap1"}, snap},
		"windows":                 {"windows", []string{"win1"}, win},
		"windows over SSH":        {"windows", []string{"win1", "win2"}, winSSH},
		"agreeing through others": {"linux", []string{"linux-snap1", "old"}, snap},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := c.For(test.platform, test.workers)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := c.For("plan9", nil); err == nil {
		t.Error("plan9 is known")
	}
}

func TestForConflict(t *testing.T) {
	_, err := parse(t, farm).For("linux", []string{"linux9", "linux-snap1", "linux1"})
	if err == nil {
		t.Fatal("no conflict")
	}
	for _, want := range []string{"workers linux9 and linux-snap1", "line 22", "line 16", "values of user"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func TestForRefusesWhatDoesNotFit(t *testing.T) {
	tests := map[string]struct{ text, platform, want string }{
		"winrm on Linux": {"overrides: [{workers: [w], transport: winrm, user: x}]", "linux", "for Windows"},
		"Linux path on Windows": {"overrides: [{workers: [w], files: [{path: /x}]}]",
			"windows", "not an absolute path"},
		"no user": {"platforms: {linux: {files: [{path: /x}]}}", "linux", "no user"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, test.text).For(test.platform, []string{"w"})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestFlagsBeatTheFile(t *testing.T) {
	c := parse(t, farm)
	err := c.Apply(config.Flags{
		SlaveList: "list", Region: "eu-west-1", OldCert: []string{"o"}, NewCert: "~/n", SecurityGroups: []string{"g", "sg-1"},
		LikeInstance: "i-1", Subnet: "subnet-1", KeyPair: "k", Bastion: "ops@[2001:db8::1]:2022", KnownHosts: "kh",
		SSHUser: "me", IdentityFiles: []string{"id"}, LinuxPaths: []string{"/b", "/c"}, WindowsUser: "Admin", WindowsPaths: []string{`D:\c`},
	}, "/cwd")
	if err != nil {
		t.Fatal(err)
	}
	if c.SlaveList != "/cwd/list" || c.Region != "eu-west-1" {
		t.Error(c.SlaveList, c.Region)
	}
	if diff := cmp.Diff(config.Certificate{Old: []string{"/cwd/o"}, New: "/home/me/n"}, c.Certificate); diff != "" {
		t.Error(diff)
	}
	wantLaunch := config.Launch{SecurityGroups: []string{"g", "sg-1"}, LikeInstance: "i-1", Subnet: "subnet-1", KeyPair: "k", InstanceType: "m3.xlarge"}
	if diff := cmp.Diff(wantLaunch, c.Launch); diff != "" {
		t.Error(diff)
	}
	wantBastion := config.Bastion{Address: "[2001:db8::1]:2022", User: "ops", IdentityFiles: []string{"/cwd/id"}, KnownHosts: "/cwd/kh"}
	if diff := cmp.Diff(wantBastion, c.Bastion); diff != "" {
		t.Error(diff)
	}
	linux, err := c.For("linux", []string{"linux-snap1"}) // an override says root
	if err != nil {
		t.Fatal(err)
	}
	wantFiles := []config.File{
		{Path: "/b", Old: []string{"/cwd/o"}, New: "/conf/own"},
		{Path: "/c", Old: []string{"/cwd/o"}, New: "/home/me/n"},
	}
	if diff := cmp.Diff(wantFiles, linux.Files); diff != "" {
		t.Error(diff)
	}
	if linux.User != "me" || linux.KnownHosts != "/cwd/kh" || linux.IdentityFiles[0] != "/cwd/id" {
		t.Errorf("%+v", linux)
	}
	win, err := c.For("windows", nil)
	if err != nil || win.User != "Admin" || len(win.Files) != 1 || win.Files[0].Path != `D:\c` {
		t.Errorf("%+v, %v", win, err)
	}
}

func TestNoFlagsChangeNothing(t *testing.T) {
	c := parse(t, farm)
	if err := c.Apply(config.Flags{}, "/cwd"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parse(t, farm), c, cmpopts.IgnoreUnexported(config.Config{}, config.Override{})); diff != "" {
		t.Error(diff)
	}
}

func TestBastionFlag(t *testing.T) {
	tests := map[string]struct{ user, address string }{
		"ops@h":         {"ops", "h:22"},
		"h":             {"me", "h:22"},
		"ops@h:2022":    {"ops", "h:2022"},
		"ops@::1":       {"ops", "[::1]:22"},
		"ops@[::1]":     {"ops", "[::1]:22"},
		"ops@[::1]:99":  {"ops", "[::1]:99"},
		"ops@10.0.0.1":  {"ops", "10.0.0.1:22"},
		"@h":            {},
		"ops@":          {},
		"ops@h:":        {},
		"ops@h:99999":   {},
		"ops@h@i":       {},
		"ssh://ops@h":   {},
		"ops@h:22/path": {},
		"ops:pw@h":      {},
	}
	for flag, want := range tests {
		c := config.New(getenv)
		err := c.Apply(config.Flags{Bastion: flag}, "/")
		if want.address == "" {
			if err == nil || !strings.Contains(err.Error(), "--bastion") || strings.Contains(err.Error(), "pw") {
				t.Errorf("%s: %v", flag, err)
			}
			continue
		}
		if err != nil || c.Bastion.User != want.user || c.Bastion.Address != want.address {
			t.Errorf("%s: %+v, %v", flag, c.Bastion, err)
		}
	}
}
