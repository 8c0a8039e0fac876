package config_test

import (
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/amirotate/amirotate/internal/config"
)

var update = flag.Bool("update", false, "write the golden files")

func getenv(name string) string {
	return map[string]string{"HOME": "/home/me", "USER": "me", "SET": "s3cret"}[name]
}

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("/conf/amirotate.yaml", []byte(text), getenv)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestParse(t *testing.T) {
	data, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, string(data))
	want := &config.Config{
		SlaveList:   "/conf/slave-list.txt",
		Region:      "us-west-1",
		Certificate: config.Certificate{Old: []string{"/conf/old-cert.pem"}, New: "/home/me/new-cert.pem"},
		Launch:      config.Launch{SecurityGroups: []string{"rust-slave"}},
		Bastion: config.Bastion{Address: "bastion.example.net:22", User: "ops",
			IdentityFiles: []string{"/conf/keys/a", "/conf/keys/b"}, KnownHosts: "/etc/hosts-known"},
		Platforms: config.Platforms{
			Linux: config.Platform{Transport: "ssh", User: "rustbuild", IdentityFiles: []string{"/conf/keys/rust"}, HostKey: "console",
				Files: []config.File{
					{Path: "/home/rustbuild/rust-buildbot/rust-bot-cert.pem"},
					{Path: "/etc/other.pem", Old: []string{"/conf/other-1.pem", "/conf/other-2.pem"}, New: "/conf/other-new.pem"},
				}},
			Windows: config.Platform{Transport: "winrm", Password: config.Secret{File: "/conf/secrets/win"},
				Fingerprint: "abcdef00112233445566778899aabbccddeeff00112233445566778899aabbcc",
				Files:       []config.File{{Path: `C:\Program Files (x86)\stunnel\cert.pem`}}},
		},
		Overrides: []config.Override{
			{Workers: []string{"linux-snap*"}, InstanceType: "m3.large", Platform: config.Platform{User: "root", SSHAlgorithms: "legacy"}},
			{Workers: []string{"win*"}, Platform: config.Platform{Port: 15986}},
		},
		Waits: config.Waits{Poll: 250 * time.Millisecond, Launch: 10 * time.Minute, Connect: 20 * time.Minute, Static: time.Minute, Patch: 10 * time.Minute,
			Stop: 15 * time.Minute, Image: 4 * time.Hour, Prove: 10 * time.Minute},
		MaxParallel: 3,
		Epoch:       "2026-11",
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(config.Config{}, config.Override{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	data, err := os.ReadFile("testdata/bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = config.Parse("bad.yaml", data, getenv)
	var problems *config.Error
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want a *config.Error", err)
	}
	golden(t, "bad.errors.txt", err.Error()+"\n")
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("a password is shown")
	}
}

func TestPositionsWithCRLFAndByteOrderMark(t *testing.T) {
	_, err := config.Parse("c.yaml", []byte("\ufeffregion: x\r\nlaunch:\r\n  spott: true\r\n"), getenv)
	want := "c.yaml:3:3: unknown key \"spott\" in launch\n    3 |   spott…\n          ^\n  hint: did you mean spot?"
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestNotYAML(t *testing.T) {
	tests := map[string]struct{ text, message, hint string }{
		"Windows path in double quotes": {"platforms:\n  windows:\n    files:\n      - path: \"C:\\Program Files\\x\"\n", "4:", "single quotes"},
		"tab":                           {"launch:\n\tspot: true\n", "2:", "spaces"},
		"unclosed":                      {"launch: {spot: true\n", "", ""},
		"list":                          {"- a\n", "the configuration must be a mapping, not a list", ""},
		"text":                          {"hello\n", "the configuration must be a mapping, not a text", ""},
		"two documents":                 {"region: x\n---\nregion: y\n", "second document", "keep one"},
		"unknown alias":                 {"region: *x\n", "alias", "write the value"},
		"tag":                           {"region: !!str 1\n", "tags", "leave"},
		"merge key":                     {"x: &x\n  a: b\nlaunch:\n  <<: *x\n", "<<", "repeat"},
		"alias inside its anchor":       {"certificate: {old: &a [*a]}\n", "old[0] must be a text", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("c.yaml", []byte(test.text), getenv)
			if err == nil || !strings.Contains(err.Error(), test.message) || !strings.Contains(err.Error(), test.hint) {
				t.Errorf("got %v\nwant %q and %q", err, test.message, test.hint)
			}
		})
	}
}

// What is no text for YAML at all is told as such, and soon.
func TestIllegible(t *testing.T) {
	wide := func(order binary.AppendByteOrder, text string) string {
		var b []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			b = order.AppendUint16(b, unit)
		}
		return string(b)
	}
	tests := map[string]struct{ text, want string }{
		"UTF-16 with a mark":  {wide(binary.LittleEndian, "\ufeffregion: x\n"), "/conf/amirotate.yaml: the file is UTF-16"},
		"UTF-16, no mark":     {wide(binary.LittleEndian, "region: x\n"), "/conf/amirotate.yaml: the file is UTF-16"},
		"UTF-16, big-endian":  {wide(binary.BigEndian, "region: x\n"), "/conf/amirotate.yaml: the file is UTF-16"},
		"Latin-1":             {"region: us-west-1\nslave_list: caf\xe9\n", "/conf/amirotate.yaml:2:16: what stands here is not UTF-8"},
		"deep":                {"x: 1\ny: " + strings.Repeat("[", 200_000), "/conf/amirotate.yaml:2:104: more than 100 brackets"},
		"deep in {":           {strings.Repeat("{a: ", 101), "/conf/amirotate.yaml:1:401: more than 100 brackets"},
		"more than a few MiB": {"# " + strings.Repeat("x", 5<<20), "/conf/amirotate.yaml: the file has more than 4 MiB"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := config.Parse("/conf/amirotate.yaml", []byte(test.text), getenv)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || !strings.Contains(err.Error(), "hint: ") {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	parse(t, "launch: {security_groups: ["+strings.Repeat(`"[{",`, 200)+" x]}\n")
}

func TestEmptySectionsAreNone(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "launch:\nbastion:\nplatforms:\n  linux:\noverrides:\nwaits:\ncertificate:\n", "---\n", "{}"} {
		got := parse(t, text)
		if diff := cmp.Diff(config.New(getenv), got, cmpopts.IgnoreUnexported(config.Config{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestAnchors(t *testing.T) {
	c := parse(t, "certificate:\n  old: &old [a, b]\nplatforms:\n  linux:\n    files:\n      - {path: /x, old: *old}\n")
	if diff := cmp.Diff([]string{"/conf/a", "/conf/b"}, c.Platforms.Linux.Files[0].Old); diff != "" {
		t.Error(diff)
	}
}

func TestSlaveListURL(t *testing.T) {
	if c := parse(t, "slave_list: ssh://me@host:2222/etc/list\n"); c.SlaveList != "ssh://me@host:2222/etc/list" {
		t.Error(c.SlaveList)
	}
	for _, list := range []string{"http://host/x", "ssh://host", "ssh:///x", "ssh://me:hunter2@host/x"} {
		_, err := config.Parse("c.yaml", []byte("slave_list: "+list+"\n"), getenv)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", list, err)
		}
	}
}

func TestBastionAddress(t *testing.T) {
	for in, want := range map[string]string{"h": "h:22", "h:2022": "h:2022", "'[::1]:2022'": "[::1]:2022", "'::1'": "[::1]:22", "'fe80::1%eth0'": "[fe80::1%eth0]:22"} {
		if c := parse(t, "bastion: {address: "+in+"}\n"); c.Bastion.Address != want || !c.Bastion.Set() {
			t.Errorf("%s: %s, want %s", in, c.Bastion.Address, want)
		}
	}
	for _, in := range []string{"'h:0'", "'h:ssh'", "'a:b:c'", "ops@h", "'h x'", "':22'"} {
		if _, err := config.Parse("c.yaml", []byte("bastion: {address: "+in+"}\n"), getenv); err == nil {
			t.Errorf("%s is taken", in)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"good.yaml", "bad.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("a: &a [*a, {b: |\n x}]\n---\n? x\n: y\n<<: *a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("c.yaml", data, getenv)
		var problems *config.Error
		if (c == nil) == (err == nil) || err != nil && (!errors.As(err, &problems) || len(problems.Problems) == 0) {
			t.Errorf("got %v, %v", c, err)
		}
	})
}
