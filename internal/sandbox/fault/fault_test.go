package fault

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

func TestCall(t *testing.T) {
	tests := []struct {
		name   string
		fault  scenario.Fault
		calls  []string
		struck []string
	}{
		{"the second", scenario.Fault{Action: "CreateImage", Error: "InternalError", Nth: 2, Repeat: 1},
			[]string{"CreateImage", "RunInstances", "CreateImage", "CreateImage"}, []string{"", "", "InternalError", ""}},
		{"three in a row", scenario.Fault{Action: "CreateImage", Error: "Unavailable", Nth: 1, Repeat: 3},
			[]string{"CreateImage", "CreateImage", "CreateImage", "CreateImage"}, []string{"Unavailable", "Unavailable", "Unavailable", ""}},
		{"every", scenario.Fault{Action: "Describe*", Error: "reset", Nth: 0, Repeat: 1},
			[]string{"DescribeImages", "CreateTags", "DescribeInstances"}, []string{"reset", "", "reset"}},
		{"of a host", scenario.Fault{Host: "ami-7fd23e3b", At: "patch", Do: "hang", Nth: 1, Repeat: 1},
			[]string{"CreateImage", ""}, []string{"", ""}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := New([]scenario.Fault{test.fault})
			var struck []string
			for _, call := range test.calls {
				struck = append(struck, set.Call(call))
			}
			if diff := cmp.Diff(test.struck, struck); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFirstOfSeveralStrikesAndAllCount(t *testing.T) {
	set := New([]scenario.Fault{
		{Action: "RunInstances", Error: "reset", Nth: 1, Repeat: 1},
		{Action: "RunInstances", Error: "InternalError", Nth: 2, Repeat: 1},
	})
	got := []string{set.Call("RunInstances"), set.Call("RunInstances"), set.Call("RunInstances")}
	if diff := cmp.Diff([]string{"reset", "InternalError", ""}, got); diff != "" {
		t.Error(diff)
	}
}

func TestStrike(t *testing.T) {
	for _, host := range []string{"i-0aaa", "ami-new", "ami-old", "*"} {
		set := New([]scenario.Fault{{Host: host, At: "patch", Do: "disk-full", Nth: 1, Repeat: 1}})
		lineage := []string{"i-0aaa", "ami-new", "ami-old"}
		got := []string{set.Strike(lineage, "boot"), set.Strike([]string{"i-0bbb"}, "read"), set.Strike(lineage, "patch"), set.Strike(lineage, "patch")}
		if diff := cmp.Diff([]string{"", "", "disk-full", ""}, got); diff != "" {
			t.Errorf("%s: %s", host, diff)
		}
	}
	set := New([]scenario.Fault{{Host: "ami-other", At: "patch", Do: "hang", Nth: 0, Repeat: 1}})
	if got := set.Strike([]string{"i-0aaa", "ami-old"}, "patch"); got != "" {
		t.Errorf("a fault of another host strikes: %s", got)
	}
}
