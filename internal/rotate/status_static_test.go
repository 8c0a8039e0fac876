package rotate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

// What static workers hold no tag tells: without --probe they are neither behind
// nor safe, and after a rotation that is the only thing left open.
func TestStatusOfStaticWorkers(t *testing.T) {
	scenario, files := withStatic(staticHost("mac1", ""), staticHost("gone", ", down: true, optional: true"))
	files["list.txt"] += "bsd1 secret\n"
	f := farmtest.Start(t, scenario, files)
	f.Write("amirotate.yaml", strings.Replace(string(f.Read("amirotate.yaml")), "static: 2s", "static: 300ms", 1)) // for gone
	if fleet := fleetOf(t, f, 3); slices.Contains(fleet.InTheWay, "mac1") || !slices.Equal(fleet.NotProbed, []string{"mac1"}) {
		t.Errorf("before: in the way %v, not probed %v", fleet.InTheWay, fleet.NotProbed)
	}
	f.MustRun(0, "rotate")

	fleet := fleetOf(t, f, 4)
	if fleet.Safe || len(fleet.InTheWay) > 0 || !slices.Equal(fleet.NotProbed, []string{"mac1"}) || !slices.Equal(fleet.Unnamed, []string{"bsd1"}) {
		t.Errorf("rotated: safe %v, in the way %v, not probed %v, unnamed %v", fleet.Safe, fleet.InTheWay, fleet.NotProbed, fleet.Unnamed)
	}
	if mac := fleet.Static[0]; mac.Behind || mac.Trust != rotate.TrustUnknown || mac.Problem != rotate.NotProbed {
		t.Errorf("mac1 was not asked: %+v", mac)
	}
	text := f.MustRun(4, "status").Stdout
	for _, want := range []string{"Not known whether it is safe", "what they hold: mac1.", "status --probe", "nobody knows what they hold: bsd1"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if p := fleetOf(t, f, 4, "--strategy", "overlap").Overlap; p.Stage != rotate.StageUnknown || p.MaySwitch() || !strings.Contains(p.Next, "--probe") {
		t.Errorf("stage %+v", p)
	}
	if p := fleetOf(t, f, 0, "--strategy", "overlap", "--probe").Overlap; p.Stage != rotate.StageSwitch {
		t.Errorf("asked: stage %+v", p)
	}

	f.Write(inStatic("mac1"), string(f.Read("old-cert.pem"))) // restored from a backup, say
	if fleet := fleetOf(t, f, 3, "--probe"); !slices.Equal(fleet.InTheWay, []string{"mac1"}) || len(fleet.NotProbed) > 0 || !fleet.Static[0].Behind {
		t.Errorf("gone back: in the way %v, not probed %v", fleet.InTheWay, fleet.NotProbed)
	}
	fleetOf(t, f, 4)
	f.Write("amirotate.yaml", strings.Replace(string(f.Read("amirotate.yaml")), "- mac1\n", "- mac1\n    optional: true\n", 1))
	if fleet := fleetOf(t, f, 0); !fleet.Safe || len(fleet.NotProbed) > 0 {
		t.Errorf("optional: safe %v, not probed %v", fleet.Safe, fleet.NotProbed)
	}
}
