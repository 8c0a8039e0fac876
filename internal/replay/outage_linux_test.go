package replay

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/sandbox/realhost"
)

const (
	imageA = "ami-7fd23e3b"
	imageB = "ami-381e197d"
)

// The whole night: the certificate ends, the workers are gone, the images are
// rotated, and the farm is back.
func TestOutage(t *testing.T) {
	versions(t)
	program := buildProgram(t)
	const daysAgo = 3
	f := newFarm(t, daysAgo)
	f.tell("%d days ago: a buildmaster behind stunnel", daysAgo)

	clock := fmt.Sprintf("-%dd", daysAgo)
	one := f.launch("linux1", imageA, clock)
	two := f.launch("linux2", imageB, clock)
	f.untilConnected("linux1", "linux2")
	f.tell("connected: %v", f.connected())

	f.certificateEnds()
	f.workersAreLost(one, two)
	f.terminate()

	f.configure()
	f.reloadIsNotEnough()
	f.rotate(<-program)
	f.masterIsSwitched()
	f.workersAreBack()
}

// certificateEnds lets time pass until today: the certificate ended yesterday.
func (f *farm) certificateEnds() {
	f.Helper()
	for _, h := range append(f.hosts(), f.master) {
		f.mustOn(h, "sh", "-c", "echo +0 >/run/clock")
	}
	w := f.workers[0]
	out, err := f.on(w.host, "openssl", "s_client", "-connect", masterAddress.String()+":9988", "-verify_return_error",
		"-CAfile", "/home/rustbuild/rust-buildbot/rust-bot-cert.pem", "-brief")
	if err == nil || !strings.Contains(err.Error(), "certificate has expired") {
		f.Fatalf("openssl s_client on %s: %v, want that the certificate has expired\n%s", w.name, err, out)
	}
	if got := f.connected(); !slices.Equal(got, []string{"linux1", "linux2"}) {
		f.Fatalf("connected are %v: a live connection survives the end of the certificate", got)
	}
	f.tell("today: the certificate has ended; connections that are up live on")
}

// workersAreLost cuts the connections, as the next restart does.
func (f *farm) workersAreLost(workers ...*worker) {
	f.Helper()
	f.mustOn(f.master, "/usr/local/sbin/farm", "restart-stunnel")
	f.untilConnected()
	for _, w := range workers {
		f.untilRefused(w, "certificate has expired")
	}
	if got := f.connected(); len(got) > 0 {
		f.Fatalf("connected are %v, want none", got)
	}
	f.tell("stunnel was restarted: no worker gets in, \"certificate has expired\"")
}

// rotate runs the program; no temporary instance joins the farm.
func (f *farm) rotate(program string) {
	f.Helper()
	list, knocks, known := f.list(), f.knocks(), f.driver.Hosts()
	out := f.amirotate(program, "rotate")
	for line := range strings.Lines(out) {
		f.Logf("         amirotate: %s", strings.TrimRight(line, "\n"))
	}
	if now := f.list(); strings.Contains(now, imageA) || strings.Contains(now, imageB) || now == list {
		f.Fatalf("the slave list still names an old image:\n%s", now)
	}
	if left := f.living(); len(left) > 0 {
		f.Errorf("instances are left: %v", left)
	}
	for _, old := range []struct{ worker, image string }{{"linux1", imageA}, {"linux2", imageB}} {
		f.checkImage(old.image, f.listed(old.worker).image)
	}
	f.checkTemporary(known, knocks)
	if log := string(f.bastion.Console()); !strings.Contains(log, "Accepted publickey for ops") {
		f.Errorf("nobody logged in to the bastion:\n%s", log)
	}
	f.tell("rotated: linux1 has %s, linux2 has %s", f.listed("linux1").image, f.listed("linux2").image)
}

// checkTemporary checks that what was booted since was a builder and a prover
// for each image, that none was told to be a worker, and that none tried.
func (f *farm) checkTemporary(before map[string]*realhost.Host, knocks int) {
	f.Helper()
	booted := 0
	for id, h := range f.driver.Hosts() {
		if before[id] != nil {
			continue
		}
		booted++
		if data := h.Config().UserData; len(data) > 0 {
			f.Errorf("temporary instance %s got user data %q", id, data)
		}
	}
	if booted != 4 {
		f.Errorf("%d temporary instances were booted, want a builder and a prover for each of two images", booted)
	}
	if now := f.knocks(); now != knocks {
		f.Errorf("%d connections to the buildmaster while the images were rotated", now-knocks)
	}
}

// knocks counts the connections that the master's stunnel has accepted, but for
// those from the bastion: those are looks at its certificate.
func (f *farm) knocks() int {
	f.Helper()
	log := f.mustOn(f.master, "cat", "/home/buildbot/master/stunnel.log")
	return strings.Count(log, "accepted connection from ") - strings.Count(log, "accepted connection from "+bastionAddress.String()+":")
}

// list is the slave list that the buildmaster reads.
func (f *farm) list() string {
	f.Helper()
	return f.mustOn(f.master, "cat", "/home/buildbot/master/slave-list.txt")
}

// reloadIsNotEnough: a daemon at / can't read relative paths again, and goes on
// with what it has.
func (f *farm) reloadIsNotEnough() {
	f.Helper()
	before := f.served()
	f.mustOn(f.master, "/usr/local/sbin/farm", "reload-stunnel")
	f.until("stunnel failed to reload", func() bool {
		return strings.Contains(f.mustOn(f.master, "cat", "/home/buildbot/master/stunnel.log"), "Failed to reload the configuration file")
	})
	if now := f.served(); now != before {
		f.Errorf("after SIGHUP stunnel serves %s, and %s before", now, before)
	}
}

// masterIsSwitched: the program has put the new pair on the master, each file
// with its mode and owner, kept the old one, and restarted both daemons.
func (f *farm) masterIsSwitched() {
	f.Helper()
	const folder = "/home/buildbot/master/"
	for name, want := range map[string]string{"server-cert.pem": "scenario/new-cert.pem", "server-key.pem": "scenario/new-key.pem"} {
		if now := f.mustOn(f.master, "cat", folder+name); now != strings.TrimSpace(f.read(want)) {
			f.Errorf("%s is not the new one", name)
		}
	}
	got := f.mustOn(f.master, "sh", "-c", "cd "+folder+"; stat -c '%n %a %u:%g' server-* | sed 's/[.]2[0-9TZ]*/.TIME/'")
	want := "server-cert.pem 644 1000:1000\nserver-cert.pem.TIME 644 1000:1000\nserver-key.pem 600 1000:1000\nserver-key.pem.TIME 600 1000:1000"
	if got != want {
		f.Errorf("beside the master's certificate:\n%s\nwant\n%s", got, want)
	}
	presented := f.mustOn(f.master, "openssl", "x509", "-in", folder+"server-cert.pem", "-noout", "-fingerprint", "-sha256")
	if now := f.served(); now != presented {
		f.Errorf("stunnel serves %s, and the new certificate is %s", now, presented)
	}
	f.tell("stunnel and the buildmaster were restarted with the new pair and the new list")
}

// served is the fingerprint of the certificate that the master shows.
func (f *farm) served() string {
	f.Helper()
	return f.mustOn(f.master, "sh", "-c",
		"openssl s_client -connect 127.0.0.1:9988 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256")
}

// workersAreBack launches workers from the replacements, and one from an old
// image.
func (f *farm) workersAreBack() {
	f.Helper()
	f.launch("linux1", f.listed("linux1").image, "")
	f.launch("linux2", f.listed("linux2").image, "")
	late := f.launch("linux3", imageA, "")
	f.untilConnected("linux1", "linux2")
	f.untilRefused(late, "certificate verify failed")
	if got := f.connected(); !slices.Equal(got, []string{"linux1", "linux2"}) {
		f.Errorf("connected are %v, want all but the one from the old image", got)
	}
	f.tell("connected: %v; linux3, launched from %s, can't", f.connected(), imageA)
}
