package rotate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

// Static workers get old and new, and later the new one alone, as images do; no
// tag tells what they hold, so they are asked.
func TestOverlapOfStaticWorkers(t *testing.T) {
	now := time.Now()
	old := newIdentity(t, "buildbot 2014", now.AddDate(-1, 0, 0), now.AddDate(0, 0, 30))
	new := newIdentity(t, "buildbot 2015", now.AddDate(0, 0, -1), now.AddDate(10, 0, 0))
	const path = `files: [{path: "/etc/it's a path/cert.pem", from: old, mode: "0640"}]`
	scenario := smallWith("images:", "certificate: {old: old.pem, new: new.pem}\nstatic:\n"+
		"  - {name: mac1, user: builder, "+path+"}\n"+
		"  - {name: bsd1, user: builder, optional: true, down: true, "+path+"}\nimages:")
	f := farmtest.Start(t, scenario.String(), map[string]string{"list.txt": smallFiles["list.txt"] + "\nbsd1 secret\n", "old.pem": old.pem, "new.pem": new.pem})
	f.Write("amirotate.yaml", strings.Replace(string(f.Read("amirotate.yaml")), "static: 2s", "static: 400ms", 1)) // for bsd1
	m := newMaster(t, old)
	at := []string{"--endpoint", m.address}
	onMac := func() string { return string(f.Read("static/mac1/root/" + instancePath)) }

	if fleet := fleetOf(t, f, 3); slices.Contains(fleet.InTheWay, "mac1") || !slices.Equal(fleet.NotProbed, []string{"mac1"}) || fleet.Static[0].Trust != rotate.TrustUnknown {
		t.Errorf("not probed: in the way %v, not probed %v, static %+v", fleet.InTheWay, fleet.NotProbed, fleet.Static)
	}
	fleet := fleetOf(t, f, 3, "--probe")
	if mac, bsd := fleet.Static[0], fleet.Static[1]; mac.Trust != rotate.TrustsOld || mac.Held.From != rotate.FromProbe || bsd.Trust != rotate.TrustUnknown || bsd.Problem == "" || !bsd.Optional {
		t.Errorf("probed: %+v", fleet.Static)
	}
	if p := rotateOverlap(t, f, at...); p.Stage != rotate.StageSwitch || onMac() != new.pem+old.pem {
		t.Errorf("introduced: %+v, mac1 holds\n%s", p, onMac())
	}
	m.present(new)
	if p := rotateOverlap(t, f, at...); p.Stage != rotate.StageDone || onMac() != new.pem {
		t.Errorf("dropped: %+v, mac1 holds\n%s", p, onMac())
	}
	if p := rotateOverlap(t, f, "--endpoint", "127.0.0.1:1"); p.Stage != rotate.StageSwitch || onMac() != new.pem {
		t.Errorf("no master: %+v, mac1 holds\n%s", p, onMac())
	}
	text := f.MustRun(0, append([]string{"status", "--probe"}, at...)...).Stdout
	if !strings.Contains(text, "every static worker that is not optional") || !strings.Contains(text, "bsd1: ") {
		t.Errorf("done, and status says\n%s", text)
	}

	// One that holds the old certificate again stands in the way of no drop, but
	// of the next switch.
	f.Write("static/mac1/root/"+instancePath, old.pem)
	m.present(old)
	if fleet := fleetOf(t, f, 3, append(at, "--probe", "--strategy", "overlap")...); fleet.Overlap.Stage != rotate.StageIntroduce || !slices.Contains(fleet.InTheWay, "mac1") {
		t.Errorf("gone back: %+v", fleet.Overlap)
	}
}
