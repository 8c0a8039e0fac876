package rotate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/testenv"
)

// TestQuota: an account that may run two instances at a time rotates eight
// images two at a time, and does not spend its launches on asking again and
// again.
func TestQuota(t *testing.T) {
	scenario := "slave_list: list.txt\nclock: {scale: 0.002}\nvcpus: 16\nimages:\n"
	list := ""
	for i := range 8 {
		scenario += fmt.Sprintf("  - {id: ami-0000000%d, name: farm-%d, files: [{path: /etc/cert.pem, from: old}]}\n", i, i)
		list += fmt.Sprintf("worker%d secret ami=ami-0000000%d instance_type=c3.2xlarge\n", i, i) // of 8 vCPUs
	}
	f := farmtest.Start(t, scenario, map[string]string{"list.txt": list})
	r := f.MustRun(0, "--json", "rotate")
	if rep := parseReport(t, r); !rep.summary.ListRewritten {
		t.Errorf("the list is untouched: %+v", rep.summary)
	}
	launched, refused := 0, 0
	for _, c := range f.Calls() {
		switch {
		case c.Action != "RunInstances" || c.DryRun:
		case c.Error == "VcpuLimitExceeded":
			refused++
		default:
			launched++
		}
	}
	testenv.Figure(t, "%d launched, %d refused", launched, refused)
	if launched != 16 || refused == 0 || refused > 60 {
		t.Errorf("%d launched, want 16; %d refused, want a few", launched, refused)
	}
	if !strings.Contains(r.Stdout, "waiting for room") {
		t.Error("nothing tells of the wait")
	}
}
