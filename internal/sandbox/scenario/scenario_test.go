package scenario

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parseText(text string) (*Scenario, error) {
	return parse("s.yaml", []byte(text), func(string) ([]byte, error) { return nil, fs.ErrNotExist })
}

// withCertificates spares a test the making of two.
const withCertificates = "certificate: {old: o, new: n}\n"

func parseWithCertificates(text string) (*Scenario, error) {
	return parse("s.yaml", []byte(withCertificates+text), func(name string) ([]byte, error) {
		if name == "o" || name == "n" {
			return []byte(name), nil
		}
		return nil, fs.ErrNotExist
	})
}

func TestDefaultIsTheOutage(t *testing.T) {
	s, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	var images []string
	for _, im := range s.Images {
		images = append(images, im.ID+" "+im.Platform+" "+im.Name+" "+im.User)
	}
	want := []string{
		"ami-b74fa1f3 windows rust-windows Administrator", "ami-7fd23e3b linux rust-linux rustbuild",
		"ami-381e197d linux rust-android rustbuild", "ami-dbac5f9f linux rust-centos5 root",
	}
	if diff := cmp.Diff(want, images); diff != "" {
		t.Error(diff)
	}
	block, _ := pem.Decode(s.OldCert)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if got := cert.NotBefore.Format(time.DateOnly) + " " + cert.NotAfter.Format(time.DateOnly); got != "2012-07-14 2015-07-14" {
		t.Errorf("the old certificate is valid %s", got)
	}
	old := 0
	for _, f := range s.Images[0].Files {
		if f.Path == `C:\bot\cert.pem` || f.Path == `C:\Program Files (x86)\stunnel\cert.pem` {
			if !bytes.Equal(f.Bytes, s.OldCert) {
				t.Errorf("%s does not hold the old certificate", f.Path)
			}
			old++
		}
	}
	if old != 2 {
		t.Errorf("%d files on Windows hold the old certificate, want 2", old)
	}
}

func TestDefaultListHas19Workers(t *testing.T) {
	s, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	launched, static := 0, 0
	for line := range strings.Lines(string(s.SlaveList)) {
		switch {
		case strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "":
		case strings.Contains(line, "ami="):
			launched++
		default:
			static++
		}
	}
	if launched != 12 || static != 7 {
		t.Errorf("%d launched and %d static workers, want 12 and 7", launched, static)
	}
}

func TestDefaults(t *testing.T) {
	s, err := parseText("images: [{id: ami-0123abcd}]")
	if err != nil {
		t.Fatal(err)
	}
	if s.Region != "us-west-1" || *s.Clock.Scale != 0.001 || *s.Timings.Image != 3*time.Minute || s.Timings.Boot["windows"] != 3*time.Minute {
		t.Errorf("unexpected defaults: %+v", s)
	}
	if string(s.SlaveList) != "worker1 00000000000000000000 ami=ami-0123abcd instance_type=c3.2xlarge max_builds=1\n" {
		t.Errorf("unexpected list: %s", s.SlaveList)
	}
	if s.NewKey == nil || validUntil(t, s.OldCert).After(time.Now()) || validUntil(t, s.NewCert).Before(time.Now().AddDate(9, 0, 0)) {
		t.Error("the certificates made are not an expired and a new one")
	}
	if g := s.SecurityGroups[0]; g.Ingress[0].FromPort != 22 || !g.Ingress[0].Bastion || g.VPC != s.DefaultVPC() {
		t.Errorf("unexpected default group: %+v", g)
	}
	if len(s.Subnets) != 2 || s.Subnets[0].Zone == s.Subnets[1].Zone {
		t.Errorf("unexpected subnets: %+v", s.Subnets)
	}
}

func validUntil(t *testing.T, text []byte) time.Time {
	t.Helper()
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatal("no PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert.NotAfter
}

func TestZeroIsNotTheDefault(t *testing.T) {
	s, err := parseWithCertificates("timings: {api: 0s, boot: {linux: 1s}}\nimages: [{id: ami-0123abcd}]")
	if err != nil {
		t.Fatal(err)
	}
	if *s.Timings.API != 0 || s.Timings.Boot["linux"] != time.Second || s.Timings.Boot["windows"] != 3*time.Minute {
		t.Errorf("timings: api %s, boot %v", *s.Timings.API, s.Timings.Boot)
	}
}

func TestPathsAreRelativeToTheScenario(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"list": "w1 pw ami=ami-0123abcd\n", "sub/a file": "hello", "old": "o", "new": "n",
		"s.yaml": "slave_list: list\ncertificate: {old: old, new: new}\nimages:\n  - id: ami-0123abcd\n    files:\n      - {path: /x, from: sub/a file}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(filepath.Join(dir, "s.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if string(s.SlaveList) != "w1 pw ami=ami-0123abcd\n" || string(s.Images[0].Files[0].Bytes) != "hello" || string(s.OldCert) != "o" {
		t.Errorf("read: %q, %q, %q", s.SlaveList, s.Images[0].Files[0].Bytes, s.OldCert)
	}
}

func TestProblems(t *testing.T) {
	image := "images: [{id: ami-0123abcd}]\n"
	tests := []struct {
		name, text, want string
	}{
		{"unknown key", "imagess: []", `s.yaml:2:1: unknown key "imagess"; remove it, or did you mean images?`},
		{"unknown key below", "images:\n  - {id: ami-0123abcd, paltform: linux}", `s.yaml:3:24: unknown key "paltform"; remove it, or did you mean platform?`},
		{"unknown key, nothing like it", image + "xyzzyxyzzy: 1", `s.yaml:3:1: unknown key "xyzzyxyzzy"; remove it`},
		{"duplicate", image + "region: us-west-1\nregion: us-west-2", `s.yaml:4:1: mapping key "region" already defined at [3:1]`},
		{"a text for a number", image + "clock: {scale: fast}", `s.yaml:3:16: "fast" is not a number`},
		{"a number for a duration", image + "timings: {api: 5}", `s.yaml:3:16: "5" is not a duration; write it as "15s" or "3m"`},
		{"no scale", image + "clock: {scale: .nan}", `s.yaml:3:16: scale NaN is not above 0 and at most 1000`},
		{"no duration", image + "timings: {api: soon}", `s.yaml:3:16: "soon" is not a duration; write it as "15s" or "3m"`},
		{"no time", "images: [{id: ami-0123abcd, creation_time: soon}]", `s.yaml:2:44: "soon" is not a time; write it as 2015-07-14T02:28:50Z`},
		{"a text for a list", "images: none", `s.yaml:2:9: `},
		{"no yaml", "images: [", `s.yaml:2:`},
		{"no images", "region: us-west-1", `s.yaml:1:1: has no images; add at least one under images`},
		{"image id", "images: [{id: ami-123}]", `s.yaml:2:15: "ami-123" is not an id; write ami- and 8 or 17 hexadecimal digits`},
		{"no id", "images: [{name: abc}]", `s.yaml:2:10: has no id; add one`},
		{"id twice", "images: [{id: ami-0123abcd}, {id: ami-0123abcd, name: abc}]", `s.yaml:2:35: ami-0123abcd stands twice; give each its own id`},
		{"platform", "images: [{id: ami-0123abcd, platform: solaris}]", `s.yaml:2:39: "solaris" is not one of linux, windows`},
		{"relative path", "images: [{id: ami-0123abcd, files: [{path: etc/x, content: a}]}]", `s.yaml:2:44: "etc/x" is not an absolute path; begin it with /`},
		{"path with ..", "images: [{id: ami-0123abcd, files: [{path: /a/../b, content: a}]}]", `"/a/../b" is not a plain path`},
		{"Windows path", `images: [{id: ami-0123abcd, platform: windows, files: [{path: 'c:/x', content: a}]}]`, `"c:/x" is not an absolute Windows path`},
		{"two sources", "images: [{id: ami-0123abcd, files: [{path: /x, content: a, from: old}]}]", `needs exactly one of from, content, link and folder`},
		{"no such file", "images: [{id: ami-0123abcd, files: [{path: /x, from: nowhere}]}]", `cannot read nowhere: file does not exist; write old, new, or a file relative to the scenario`},
		{"mode", "images: [{id: ami-0123abcd, files: [{path: /x, from: old, mode: rw}]}]", `not a mode; write an octal one in quotes, such as "0644"`},
		{"owner", "images: [{id: ami-0123abcd, files: [{path: /x, from: old, owner: root}]}]", `"root" is not an owner; write uid:gid as numbers`},
		{"list", image + "slave_list: nowhere", `s.yaml:3:13: cannot read nowhere: file does not exist`},
		{"region", image + "region: mars", `s.yaml:3:9: "mars" is not a region; write one such as us-west-1`},
		{"ingress", image + "security_groups: [{id: sg-0123abcd, name: g, ingress: [{port: 22, from: home}]}]", `"home" is no source; write bastion, anywhere, a CIDR, or a security group's id or name`},
		{"port", image + "security_groups: [{id: sg-0123abcd, name: g, ingress: [{port: 70000, from: bastion}]}]", `70000 is not a port`},
		{"CIDR", image + "security_groups: [{id: sg-0123abcd, name: g, ingress: [{port: 22, from: 10.0.0.1/8}]}]", `"10.0.0.1/8" is not a CIDR`},
		{"zone", image + "subnets: [{id: subnet-0123abcd, zone: us-east-1a}]", `"us-east-1a" is not a zone of us-west-1`},
		{"instance of no image", image + "instances: [{id: i-0123abcd, image: ami-99999999}]", `no image ami-99999999 in this scenario; add it under images`},
		{"instance in no group", image + "instances: [{id: i-0123abcd, image: ami-0123abcd, security_groups: [x]}]", `no security group x in this scenario`},
		{"static host without a name", image + "static: [{user: x}]", `has no name; add one`},
		{"static host's name", image + "static: [{name: ../x}]", `"../x" is no host's name; write letters, digits, _, . and -`},
		{"static host twice", image + "static: [{name: x}, {name: x}]", `x stands twice; give each its own name`},
		{"static host's address", image + "static: [{name: x, address: 10.0.0.1:22}]", `"10.0.0.1:22" is no port on loopback`},
		{"static host's address behind the bastion", image + "static: [{name: x, bastion: true, address: 127.0.0.1:22}]", `leave address out`},
		{"static Windows host", image + "static: [{name: x, platform: windows}]", `add bastion: true`},
		{"static host's platform", image + "static: [{name: x, platform: macos}]", `"macos" is not one of linux, windows`},
		{"fault of no static host", image + "static: [{name: x}]\nfaults: [{host: y, at: patch, do: hang}]", `"y" is no host`},
		{"fault of nothing", image + "faults: [{nth: 2}]", `s.yaml:3:10: needs either action and error, or host, at and do, or seed and rate`},
		{"fault of both", image + "faults: [{action: RunInstances, host: ami-0123abcd}]", `needs either action and error, or host, at and do, or seed and rate`},
		{"fault's point", image + "faults: [{host: ami-0123abcd, at: night, do: hang}]", `"night" is not one of boot, connect, read, patch, verify`},
		{"fault's error", image + "faults: [{action: RunInstances, error: go away}]", `"go away" is no error; write one of EC2's codes`},
		{"seed and more", image + "faults: [{seed: 1, rate: 0.1, action: RunInstances}]", `a seed stands alone with rate and most`},
		{"seed without rate", image + "faults: [{seed: 1}]", `rate 0 is not above 0 and up to 1`},
		{"rate", image + "faults: [{seed: 1, rate: .nan}]", `rate NaN is not above 0 and up to 1`},
		{"most", image + "faults: [{seed: 1, rate: 0.1, most: 0}]", `most 0 is not 1 or more`},
		{"rate without seed", image + "faults: [{rate: 0.1}]", `rate and most belong to a seed`},
		{"fault's count", image + "faults: [{action: RunInstances, error: InternalError, repeat: 0}]", `repeat 0 is not 1 or more`},
		{"two documents", image + "---\nregion: us-west-1\n", `holds more than one YAML document; keep one`},
		{"storage of the instance", "images: [{id: ami-0123abcd, block_devices: [{device: a, ephemeral: ephemeral0, size: 3}]}]", `a is instance storage; keep only device and ephemeral`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseWithCertificates(test.text)
			if err == nil {
				t.Fatal("no problem was found")
			}
			if _, ok := errors.AsType[*Problem](err); !ok || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := parseWithCertificates("region: mars\nthrottle: maybe\nimages: [{id: x}]")
	if lines := strings.Count(err.Error(), "\n") + 1; lines != 3 {
		t.Errorf("%d problems, want 3:\n%v", lines, err)
	}
}

func TestModes(t *testing.T) {
	for text, want := range map[string]fs.FileMode{`, mode: "0600"`: 0o600, `, mode: "4755"`: 0o755 | fs.ModeSetuid, "": 0o644} {
		s, err := parseWithCertificates("images: [{id: ami-0123abcd, files: [{path: /x, from: old" + text + "}]}]")
		if err != nil {
			t.Errorf("mode %s: %v", text, err)
		} else if got := s.Images[0].Files[0].Mode; got != want {
			t.Errorf("mode %s: %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"0644", "644", "0o644", `"0999"`} {
		if _, err := parseWithCertificates("images: [{id: ami-0123abcd, files: [{path: /x, from: old, mode: " + text + "}]}]"); err == nil {
			t.Errorf("mode %s passed", text)
		}
	}
}

func TestForeignImagesArePublicUnlessSaid(t *testing.T) {
	s, err := parseWithCertificates(`images: [{id: ami-0123abcd, owner: amazon}, {id: ami-0123abce, owner: "123456789012", launch_permissions: []}]`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"all"}, s.Images[0].LaunchPermissions); diff != "" {
		t.Error(diff)
	}
	if len(s.Images[1].LaunchPermissions) != 0 {
		t.Errorf("permissions appeared: %v", s.Images[1].LaunchPermissions)
	}
}

func FuzzParse(f *testing.F) {
	text, err := fs.ReadFile(embedded, Default+"/scenario.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add("images: [{id: ami-0123abcd, files: [{path: /x, from: old}]}]")
	f.Add("faults: [{action: '[', error: reset}]\nclock: {scale: .nan}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parse("s.yaml", []byte(text), func(string) ([]byte, error) { return []byte("x"), nil })
		if err == nil && (s.Clock.Scale == nil || len(s.Images) == 0 || s.Region == "") {
			t.Errorf("an incomplete scenario passed: %+v", s)
		}
	})
}
