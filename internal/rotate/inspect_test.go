package rotate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

// misled is a farm on whose images the first old certificate that one meets is
// not the one that stunnel reads.
const misled = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.001}
timings: {api: 0s, pending: 5s, boot: {linux: 5s, windows: 10s}, stop: 5s, image: 20s, terminate: 5s}
throttle: off
security_groups:
  - {id: sg-11111111, name: workers, ingress: [{port: 22, from: bastion}, {port: 5986, from: bastion}]}
images:
  - id: ami-11111111
    platform: linux
    user: bot
    files:
      - {path: /opt/bot/cert.pem, from: old}
      - {path: /home/bot/rust-buildbot/rust-bot-cert.pem, from: old}
      - {path: /home/bot/rust-buildbot/stunnel.conf, content: "client = yes\npid =\ninclude = conf.d\n"}
      - {path: /home/bot/rust-buildbot/conf.d/bot.conf, content: "[buildbot]\naccept = 127.0.0.1:9987\nverify = 3\ncafile = ./rust-bot-cert.pem\n"}
  - id: ami-22222222
    platform: windows
    user: Administrator
    files:
      - {path: 'C:\bot\cert.pem', from: old}
      - {path: 'C:\Program Files (x86)\stunnel\cert.pem', from: old}
      - {path: 'C:\Program Files (x86)\stunnel\stunnel.conf', content: "client = yes\r\n[bot]\r\nCAfile = cert.pem\r\n"}
static:
  - name: mac1
    files:
      - {path: /Users/bot/copy.pem, from: old}
      - {path: /Users/bot/cert.pem, from: old}
      - {path: /Users/bot/stunnel.conf, content: "client = yes\n[bot]\ncafile = cert.pem\n"}
`

var misledFiles = map[string]string{"list.txt": "a s ami=ami-11111111 instance_type=m3.xlarge\nw s ami=ami-22222222 instance_type=m3.xlarge\nmac1 s\n"}

const (
	linuxDecoy, linuxRead     = "/opt/bot/cert.pem", "/home/bot/rust-buildbot/rust-bot-cert.pem"
	windowsDecoy, windowsRead = `C:\\bot\\cert.pem`, `C:\\Program Files (x86)\\stunnel\\cert.pem` // as in YAML
)

const staticDecoy, staticRead = "/Users/bot/copy.pem", "/Users/bot/cert.pem"

// alikes are the look-alikes that a run reported, by image.
func (r report) alikes() map[string][]string {
	all := map[string][]string{}
	for _, img := range r.summary.Images {
		for _, a := range img.LookAlikes {
			all[img.Source] = append(all[img.Source], a.Path)
		}
	}
	return all
}

// What stunnel does not read is not replaced in place of what it reads; once the
// right file is named, the other is reported and left alone, or replaced too.
func TestWhatStunnelReads(t *testing.T) {
	f := farmtest.Start(t, misled, misledFiles)
	list, config := f.Read("slave-list.txt"), string(f.Read("amirotate.yaml"))
	trees := [][]string{f.Tree("ami-11111111"), f.Tree("ami-22222222")}

	run := f.MustRun(4, "rotate", "--json")
	rep := parseReport(t, run)
	for image, wants := range map[string][]string{
		"ami-11111111": {"stunnel reads " + linuxRead + " (line 4 of /home/bot/rust-buildbot/conf.d/bot.conf), but the configuration replaces " + linuxDecoy},
		"ami-22222222": {`stunnel reads C:\Program Files (x86)\stunnel\cert.pem (line 3 of `, `), but the configuration replaces C:\bot\cert.pem`},
	} {
		if _, status := rep.of(image); status != rotate.StatusRefused {
			t.Errorf("%s is %s, want refused", image, status)
		}
		for _, want := range wants {
			if !strings.Contains(rep.errorOf(image), want) || !strings.Contains(run.Stderr, want) {
				t.Errorf("%s: %q doesn't say %q", image, rep.errorOf(image), want)
			}
		}
	}
	mac := statics(t, run)["mac1"]
	if mac.Status != rotate.StatusRefused || !strings.Contains(mac.Error, "stunnel reads "+staticRead+" (line 3 of /Users/bot/stunnel.conf), but the configuration replaces "+staticDecoy) {
		t.Errorf("the static host is %s: %s", mac.Status, mac.Error)
	}
	if !strings.Contains(run.Stderr, "hint: name "+linuxRead+" in files") {
		t.Errorf("no remedy in\n%s", run.Stderr)
	}
	if got := rep.alikes()["ami-22222222"]; !slices.Equal(got, []string{`C:\Program Files (x86)\stunnel\cert.pem`}) {
		t.Errorf("the file that holds the old certificate is not told: %q", got)
	}
	if n := f.CallsOf("CreateImage"); n > 0 {
		t.Errorf("%d images were made", n)
	}
	if after := [][]string{f.Tree("ami-11111111"), f.Tree("ami-22222222")}; !slices.EqualFunc(trees, after, slices.Equal) {
		t.Error("an image has changed")
	}
	if string(f.Read("slave-list.txt")) != string(list) {
		t.Error("the list has changed")
	}
	if old := string(f.Read("old-cert.pem")); string(f.Read("static/mac1/root"+staticDecoy)) != old || string(f.Read("static/mac1/root"+staticRead)) != old {
		t.Error("the static host has changed")
	}

	config = strings.NewReplacer("path: "+linuxDecoy, "path: "+linuxRead, "path: "+staticDecoy, "path: "+staticRead, `path: "`+windowsDecoy, `path: "`+windowsRead).Replace(config)
	f.Write("amirotate.yaml", config)
	run = f.MustRun(0, "rotate", "--json")
	rep = parseReport(t, run)
	if mac := statics(t, run)["mac1"]; mac.Status != rotate.StatusReplaced || len(mac.LookAlikes) != 1 || mac.LookAlikes[0].Path != staticDecoy {
		t.Errorf("the static host is %s, with the look-alikes %v", mac.Status, mac.LookAlikes)
	}
	want := map[string][]string{"ami-11111111": {linuxDecoy}, "ami-22222222": {`C:\bot\cert.pem`}}
	if got := rep.alikes(); !slices.Equal(got["ami-11111111"], want["ami-11111111"]) || !slices.Equal(got["ami-22222222"], want["ami-22222222"]) {
		t.Errorf("look-alikes are %q, want %q", got, want)
	}
	linux, _ := rep.of("ami-11111111")
	if old := f.Read("old-cert.pem"); string(f.ImageFile(linux, linuxDecoy)) != string(old) || string(f.ImageFile(linux, linuxRead)) == string(old) {
		t.Error("the replacement does not hold the new certificate where stunnel reads it alone")
	}
	told := slices.ContainsFunc(rep.steps, func(e rotate.Event) bool {
		return e.Step == rotate.Patch && e.Image == "ami-11111111" && strings.Contains(e.Detail, "left alone") && strings.Contains(e.Detail, linuxDecoy)
	})
	if !told {
		t.Error("no event tells of the look-alike")
	}
}

func TestLookAlikesMayBeReplacedToo(t *testing.T) {
	f := farmtest.Start(t, misled, misledFiles)
	config := string(f.Read("amirotate.yaml"))
	config = strings.Replace(config, "      - path: "+linuxDecoy, "      - path: "+linuxDecoy+"\n      - path: "+linuxRead, 1)
	config = strings.Replace(config, `      - path: "`+windowsDecoy, `      - path: "`+windowsRead+`"`+"\n"+`      - path: "`+windowsDecoy, 1)
	config = strings.Replace(config, "      - path: "+staticDecoy, "      - path: "+staticDecoy+"\n      - path: "+staticRead, 1)
	f.Write("amirotate.yaml", config)
	rep := parseReport(t, f.MustRun(0, "rotate", "--json"))
	if got := rep.alikes(); len(got) > 0 {
		t.Errorf("what was replaced is reported as a look-alike: %q", got)
	}
	linux, _ := rep.of("ami-11111111")
	if string(f.ImageFile(linux, linuxDecoy)) != string(f.Read("new-cert.pem")) {
		t.Error("the look-alike that files name was not replaced")
	}
}

// errorOf is why an image has no proven replacement.
func (r report) errorOf(image string) string {
	for _, img := range r.summary.Images {
		if img.Source == image {
			return img.Error
		}
	}
	return ""
}
