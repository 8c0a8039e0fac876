package rotate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every combination of what the master presents, what an image holds and what an
// instance booted with.
func TestStageOf(t *testing.T) {
	const table = `
presents  image    | none      new       old+new   old       other     unknown
new       new      | done      done      done      done      done      done
new       old+new  | drop      drop      drop      drop      drop      drop
new       old      | drop      drop      drop      drop      drop      drop
new       other    | drop      drop      drop      drop      drop      drop
new       unknown  | drop      drop      drop      drop      drop      drop
old       new      | introduce introduce introduce introduce introduce introduce
old       old+new  | switch    switch    switch    wait      wait      wait
old       old      | introduce introduce introduce introduce introduce introduce
old       other    | introduce introduce introduce introduce introduce introduce
old       unknown  | introduce introduce introduce introduce introduce introduce
expired   new      | introduce introduce introduce introduce introduce introduce
expired   old+new  | switch    switch    switch    switch    switch    switch
expired   old      | introduce introduce introduce introduce introduce introduce
expired   other    | introduce introduce introduce introduce introduce introduce
expired   unknown  | introduce introduce introduce introduce introduce introduce
other     new      | switch    switch    switch    wait      wait      wait
other     old+new  | switch    switch    switch    wait      wait      wait
other     old      | introduce introduce introduce introduce introduce introduce
other     other    | introduce introduce introduce introduce introduce introduce
other     unknown  | introduce introduce introduce introduce introduce introduce
unknown   new      | switch    switch    switch    wait      wait      wait
unknown   old+new  | switch    switch    switch    wait      wait      wait
unknown   old      | introduce introduce introduce introduce introduce introduce
unknown   other    | introduce introduce introduce introduce introduce introduce
unknown   unknown  | introduce introduce introduce introduce introduce introduce
`
	rows := strings.Split(strings.TrimSpace(table), "\n")
	running := strings.Fields(rows[0])[3:]
	for _, row := range rows[1:] {
		cells := strings.Fields(row)
		for i, want := range cells[3:] {
			o := Observed{Presents: Presents(cells[0]), Images: []Holder{{ID: "ami-1", Trust: Trust(cells[1])}}}
			if cells[0] == "expired" {
				o.Presents, o.Expired = PresentsOld, true
			}
			if running[i] != "none" {
				o.Running = []Holder{{ID: "i-1", Trust: Trust(running[i])}}
			}
			got := StageOf(o)
			if string(got.Stage) != want {
				t.Errorf("master %s, image %s, instance %s: %s (%s), want %s", cells[0], cells[1], running[i], got.Stage, got.Why, want)
			}
			if got.MaySwitch() != (want != "introduce" && want != "wait") {
				t.Errorf("stage %s lets the master switch: %v", got.Stage, got.MaySwitch())
			}
		}
	}
}

// A stage is that of the one who is furthest behind, and names who is in the way.
func TestStageNamesWho(t *testing.T) {
	for _, test := range []struct {
		name     string
		observed Observed
		stage    Stage
		inTheWay []string
		locked   []string
	}{
		{"all of them", Observed{
			Images:   []Holder{{ID: "ami-1", Trust: TrustsBoth}, {ID: "ami-2", Trust: TrustUnknown}},
			Static:   []Holder{{ID: "mac1", Trust: TrustsOld}, {ID: "bsd1", Trust: TrustUnknown, Optional: true}},
			Running:  []Holder{{ID: "i-1", Trust: TrustsOld}, {ID: "i-2", Trust: TrustsBoth}},
			Presents: PresentsOld,
		}, StageIntroduce, []string{"ami-2", "mac1", "i-1"}, []string{}},
		{"instances alone", Observed{
			Images:   []Holder{{ID: "ami-1", Trust: TrustsBoth}},
			Static:   []Holder{{ID: "mac1", Trust: TrustsBoth}},
			Running:  []Holder{{ID: "i-1", Trust: TrustsOld}, {ID: "i-2", Trust: TrustsBoth}},
			Presents: PresentsOld,
		}, StageWait, []string{"i-1"}, []string{}},
		{"an optional static worker never stands in the way", Observed{
			Images:   []Holder{{ID: "ami-1", Trust: TrustsBoth}},
			Static:   []Holder{{ID: "bsd1", Trust: TrustUnknown, Optional: true}},
			Presents: PresentsOld,
		}, StageSwitch, []string{}, []string{}},
		{"nobody has asked the static workers", Observed{
			Images:   []Holder{{ID: "ami-1", Trust: TrustsBoth}},
			Static:   []Holder{{ID: "mac1", Trust: TrustUnknown, NotProbed: true}, {ID: "bsd1", Trust: TrustUnknown, NotProbed: true, Optional: true}},
			Running:  []Holder{{ID: "i-1", Trust: TrustsOld}},
			Presents: PresentsOld,
		}, StageUnknown, []string{"i-1"}, []string{}},
		{"nobody has asked, and it is no matter yet", Observed{
			Images:   []Holder{{ID: "ami-1", Trust: TrustsOld}},
			Static:   []Holder{{ID: "mac1", Trust: TrustUnknown, NotProbed: true}},
			Presents: PresentsOld,
		}, StageIntroduce, []string{"ami-1"}, []string{}},
		{"nobody has asked those who are optional", Observed{
			Images:   []Holder{{ID: "ami-1", Trust: TrustsNew}},
			Static:   []Holder{{ID: "bsd1", Trust: TrustUnknown, NotProbed: true, Optional: true}},
			Presents: PresentsNew,
		}, StageDone, []string{}, []string{}},
		{"who was cut over is locked out by a master that was not", Observed{
			Images:   []Holder{{ID: "ami-1", Trust: TrustsNew}},
			Static:   []Holder{{ID: "mac1", Trust: TrustsNew}},
			Running:  []Holder{{ID: "i-1", Trust: TrustsNew}, {ID: "i-2", Trust: TrustsOther}},
			Presents: PresentsOld,
		}, StageIntroduce, []string{"i-2"}, []string{"mac1", "i-1", "i-2"}},
		{"who was left behind is locked out by a master that has switched", Observed{
			Images:   []Holder{{ID: "ami-1", Trust: TrustsNew}},
			Running:  []Holder{{ID: "i-1", Trust: TrustsOld}, {ID: "i-2", Trust: TrustsBoth}, {ID: "i-3", Trust: TrustUnknown}},
			Presents: PresentsNew,
		}, StageDone, []string{}, []string{"i-1"}},
		{"nobody accepts an expired one", Observed{
			Images:   []Holder{{ID: "ami-1", Trust: TrustsBoth}},
			Running:  []Holder{{ID: "i-1", Trust: TrustsBoth}, {ID: "i-2", Trust: TrustsOld}},
			Presents: PresentsOld, Expired: true,
		}, StageSwitch, []string{"i-2"}, []string{"i-1", "i-2"}},
		{"no endpoint", Observed{Images: []Holder{{ID: "ami-1", Trust: TrustsBoth}}}, StageSwitch, []string{}, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := StageOf(test.observed)
			if got.Stage != test.stage {
				t.Errorf("stage %s (%s), want %s", got.Stage, got.Why, test.stage)
			}
			if diff := cmp.Diff(test.inTheWay, got.InTheWay); diff != "" {
				t.Errorf("in the way (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.locked, got.LockedOut); diff != "" {
				t.Errorf("locked out (-want +got):\n%s", diff)
			}
			for _, id := range slices.Concat(test.inTheWay, test.locked) {
				if !strings.Contains(got.Why, id) && got.Stage == StageWait {
					t.Errorf("%q does not name %s", got.Why, id)
				}
			}
		})
	}
}

// What an image is to get, which must lead to the stage's end: an image that
// holds what it is to hold is never due again.
func TestKeepsOldIsWhatTheStageAsksFor(t *testing.T) {
	for _, presents := range []Presents{PresentsNew, PresentsOld, PresentsOther, PresentsUnknown} {
		for _, trust := range []Trust{TrustsNew, TrustsBoth, TrustsOld, TrustsOther, TrustUnknown} {
			given := TrustsNew
			if presents.keepsOld(trust) {
				given = TrustsBoth
			}
			o := Observed{Presents: presents, Images: []Holder{{ID: "ami-1", Trust: given}}}
			if stage := StageOf(o).Stage; stage == StageIntroduce || stage == StageDrop {
				t.Errorf("master %s: an image that trusts %s is given %s, and it is still stage %s", presents, trust, given, stage)
			}
			if presents.keepsOld(given) != (given == TrustsBoth) {
				t.Errorf("master %s: an image that was given %s is given something else the next time", presents, given)
			}
		}
	}
}

func TestThese(t *testing.T) {
	for n, want := range map[int]string{1: "i0 waits", 2: "i0 and i1 wait", 4: "i0, i1, i2 and i3 wait", 6: "i0, i1, i2, i3 and 2 more wait"} {
		var ids []string
		for i := range n {
			ids = append(ids, fmt.Sprintf("i%d", i))
		}
		if got := these(ids, "wait", "waits"); got != want {
			t.Errorf("these(%d) = %q, want %q", n, got, want)
		}
	}
}

// What is to be done depends on who switches the master.
func TestStageNext(t *testing.T) {
	ready := Observed{Images: []Holder{{ID: "ami-1", Trust: TrustsBoth}}}
	waiting := Observed{Images: ready.Images, Running: []Holder{{ID: "i-1", Trust: TrustsOld}}, Presents: PresentsOld}
	for _, test := range []struct {
		observed Observed
		switches bool
		want     string
	}{
		{ready, false, "--endpoint host:port"},
		{ready, true, "it switches the master"},
		{waiting, false, "restart the Buildbot master"},
		{waiting, true, "let them be replaced"},
	} {
		test.observed.Switches = test.switches
		if got := StageOf(test.observed); !strings.Contains(got.Next, test.want) {
			t.Errorf("stage %s, switched by a rotation: %v: next %q, want %q", got.Stage, test.switches, got.Next, test.want)
		}
	}
}
