package rotate_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

const instancePath = "etc/it's a path/cert.pem" // of small's certificate, below an instance's root

func fleetOf(t *testing.T, f *farmtest.Farm, code int, args ...string) rotate.Fleet {
	t.Helper()
	var fleet rotate.Fleet
	f.MustRun(code, append([]string{"status", "--json"}, args...)...).JSON(t, &fleet)
	return fleet
}

// fleetFarm is small with one running instance, and certificates whose keys are known.
func fleetFarm(t *testing.T) (f *farmtest.Farm, old, new identity) {
	t.Helper()
	now := time.Now()
	old = newIdentity(t, "buildbot 2014", now.AddDate(-1, 0, 0), now.AddDate(0, 0, 30))
	new = newIdentity(t, "buildbot 2015", now.AddDate(0, 0, -1), now.AddDate(10, 0, 0))
	scenario := smallWith("images:", "certificate: {old: old.pem, new: new.pem}\ninstances:\n  - {id: i-0123456789abcdef0, image: ami-22222222, name: linux1}\nimages:")
	files := map[string]string{"list.txt": smallFiles["list.txt"], "old.pem": old.pem, "new.pem": new.pem}
	return farmtest.Start(t, scenario.String(), files), old, new
}

// Instances that booted from an image of before the rotation are behind, until
// they are gone; what was never rotated is behind by itself.
func TestStatus(t *testing.T) {
	f, old, new := fleetFarm(t)
	m := newMaster(t, old)
	fleet := fleetOf(t, f, 3)
	if want := []string{"ami-0123456789abcdef0", "ami-22222222", "i-0123456789abcdef0"}; fleet.Safe || !slices.Equal(fleet.InTheWay, want) {
		t.Errorf("before: safe %v, in the way %v; want %v", fleet.Safe, fleet.InTheWay, want)
	}
	if text := f.MustRun(3, "status").Stdout; strings.Count(text, "never rotated") != 3 {
		t.Errorf("status does not say of each that it was never rotated:\n%s", text)
	}

	f.MustRun(0, "rotate")
	fleet = fleetOf(t, f, 3, "--endpoint", m.address)
	if want := []string{"i-0123456789abcdef0"}; fleet.Safe || !slices.Equal(fleet.InTheWay, want) {
		t.Errorf("rotated: safe %v, in the way %v; want %v", fleet.Safe, fleet.InTheWay, want)
	}
	if i := fleet.Instances[0]; i.Name != "linux1" || i.Image != "ami-22222222" || i.State != "running" || i.Trust != rotate.TrustUnknown || i.Listed != fleet.Images[1].Image {
		t.Errorf("instance %+v", i)
	}
	if e := fleet.Endpoint; e == nil || e.Presents != rotate.PresentsOld || e.Subject != "CN=buildbot 2014" || e.Expired {
		t.Errorf("endpoint %+v", e)
	}
	for _, img := range fleet.Images {
		if img.Behind || img.Trust != rotate.TrustsNew || img.Held.From != rotate.FromTags || img.Held.MD5 == "" || img.Held.NotAfter == "" || len(img.Workers) == 0 {
			t.Errorf("image %+v", img)
		}
	}

	replacement := fleet.Images[1].Image
	endWorker(t, f, "i-0123456789abcdef0")
	launched := launchWorker(t, f, replacement, "linux1")
	fleet = fleetOf(t, f, 0)
	if !fleet.Safe || len(fleet.Instances) != 1 || fleet.Instances[0].Instance != launched {
		t.Errorf("replaced: %+v", fleet)
	}

	// Safe to switch, but the master has not: who was cut over waits outside.
	fleet = fleetOf(t, f, 3, "--endpoint", m.address)
	if !fleet.Safe || !slices.Equal(fleet.LockedOut, []string{launched}) {
		t.Errorf("not switched: safe %v, locked out %v", fleet.Safe, fleet.LockedOut)
	}
	m.present(new)
	if fleet = fleetOf(t, f, 0, "--endpoint", m.address); fleet.Endpoint.Presents != rotate.PresentsNew || len(fleet.LockedOut) > 0 {
		t.Errorf("switched: endpoint %+v, locked out %v", fleet.Endpoint, fleet.LockedOut)
	}
	if fleet = fleetOf(t, f, 0, "--endpoint", "127.0.0.1:1"); fleet.Endpoint.Presents != rotate.PresentsUnknown || fleet.Endpoint.Problem == "" {
		t.Errorf("no master there: endpoint %+v", fleet.Endpoint)
	}
}

// A probe tells what a host really holds, whatever the tags say, and writes
// nothing there.
func TestStatusProbe(t *testing.T) {
	f, old, new := fleetFarm(t)
	const id = "i-0123456789abcdef0"
	path := filepath.Join("instances", id, "root", instancePath)

	fleet := fleetOf(t, f, 3, "--probe")
	if i := fleet.Instances[0]; i.Trust != rotate.TrustsOld || i.Held.From != rotate.FromProbe || i.Problem != "" || i.Held.NotAfter == "" {
		t.Errorf("instance that was never rotated: %+v", i)
	}
	if got := string(f.Read(path)); got != old.pem {
		t.Errorf("the probe has changed the file:\n%s", got)
	}
	for content, want := range map[string]rotate.Trust{new.pem: rotate.TrustsNew, "# comment\n" + new.pem + old.pem: rotate.TrustsBoth, "nothing\n": rotate.TrustUnknown} {
		f.Write(path, content)
		if i := fleetOf(t, f, 3, "--probe").Instances[0]; i.Trust != want || i.Behind == want.New() {
			t.Errorf("a file of %q is %+v, want %s", content, i, want)
		}
	}

	if err := os.Remove(filepath.Join(f.Dir, path)); err != nil {
		t.Fatal(err)
	}
	if i := fleetOf(t, f, 3, "--probe").Instances[0]; !strings.Contains(i.Problem, "missing") || i.Trust != rotate.TrustUnknown {
		t.Errorf("a file that is gone: %+v", i)
	}
	text := f.MustRun(3, "status", "--probe", "--ssh-user", "nobody").Stdout
	if !strings.Contains(text, id+": cannot connect to "+id) || !strings.Contains(text, "1 instance could not be probed") {
		t.Errorf("a host that lets nobody in:\n%s", text)
	}
}
