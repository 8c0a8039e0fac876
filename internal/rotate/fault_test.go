package rotate_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

// checkRotated checks the promises after a run, or several, that ended well.
func checkRotated(t *testing.T, f *farmtest.Farm) {
	t.Helper()
	newCert := f.Read("new-cert.pem")
	list := string(f.Read("slave-list.txt"))
	for _, id := range amiID.FindAllString(list, -1) {
		if got := f.ImageFile(id, "etc/it's a path/cert.pem"); !bytes.Equal(got, newCert) {
			t.Errorf("the list names %s, which holds something else", id)
		}
	}
	if left := f.Folders("instances"); len(left) > 0 {
		t.Errorf("instances are left: %v", left)
	}
	if images := f.Folders("images"); len(images) != 4 {
		t.Errorf("images %v, want two sources and one replacement of each", images)
	}
	var left struct{ Found []rotate.Leftover }
	f.MustRun(0, "gc", "--json").JSON(t, &left)
	if len(left.Found) > 0 {
		t.Errorf("left over: %+v", left.Found)
	}
}

// Each thing that may go wrong once and need not be the end of a run.
func TestRotateSurvives(t *testing.T) {
	for _, action := range []string{"RunInstances", "CreateImage", "StopInstances", "TerminateInstances", "CreateTags", "DescribeInstances", "DescribeImages", "GetConsoleOutput"} {
		for _, code := range []string{"RequestLimitExceeded", "InternalError", "Unavailable", "reset", "lost-response"} {
			survives(t, fmt.Sprintf("{action: %s, nth: 1, error: %s, repeat: 2}", action, code))
		}
	}
	for _, fault := range []string{
		"{action: RunInstances, nth: 1, error: InsufficientInstanceCapacity, repeat: 2}",
		"{action: RunInstances, nth: 1, error: VcpuLimitExceeded, repeat: 2}",
		"{action: RunInstances, nth: 1, error: not-found-after-create, repeat: 4}",
		"{action: CreateImage, nth: 1, error: not-found-after-create, repeat: 2}",
		"{action: CreateImage, nth: 1, error: image-fails}",
		"{action: RunInstances, nth: 1, error: instance-dies}",
		"{action: RunInstances, nth: 3, error: instance-dies}",
		"{host: ami-22222222, at: connect, do: drop-connection, nth: 1}",
		"{host: ami-22222222, at: patch, do: drop-connection, nth: 1}",
		"{host: ami-22222222, at: verify, do: drop-connection, nth: 1}",
		"{host: ami-22222222, at: read, do: drop-connection, nth: 1}",
		"{host: ami-22222222, at: patch, do: flip-byte, nth: 1}",
		"{host: ami-22222222, at: patch, do: power-off, nth: 1}",
		"{host: ami-22222222, at: verify, do: power-off, nth: 1}",
		"{host: ami-22222222, at: read, do: power-off, nth: 1}",
		"{host: ami-22222222, at: patch, do: disk-full, nth: 1}",
	} {
		survives(t, fault)
	}
}

func survives(t *testing.T, fault string) {
	t.Run(strings.Trim(fault, "{}"), func(t *testing.T) {
		t.Parallel()
		f := farmtest.Start(t, small+"faults:\n  - "+fault+"\n", smallFiles)
		f.MustRun(0, "rotate", "--json")
		checkRotated(t, f)
	})
}
