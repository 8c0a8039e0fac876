package rotate_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

// Whichever call of a rotation is refused, it says so, the list names nothing
// that is not proven, and once all is allowed the same command finishes the job.
func TestRefusedInTheMiddle(t *testing.T) {
	for _, action := range []string{"DescribeInstances", "DescribeImages", "DescribeImageAttribute", "GetConsoleOutput", "StopInstances", "CreateTags", "CreateImage"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			f := forbid(t, small, action, smallFiles)
			setWait(t, f, "stop: 2s")
			for refused := 0; ; refused++ {
				list := f.Read("slave-list.txt")
				r := f.Run("rotate", "--json")
				if r.Code == 0 && refused > 0 {
					break
				}
				if refused > 7 || !strings.Contains(r.Stderr, "not authorized") {
					t.Fatalf("refused %d times, and it says\n%s", refused, r.Stderr)
				}
				changed, proven := !bytes.Equal(list, f.Read("slave-list.txt")), true
				rep := parseReport(t, r)
				for _, img := range rep.summary.Images {
					proven = proven && img.Error == ""
				}
				if changed != rep.summary.ListRewritten || changed && !proven {
					t.Errorf("the list was changed: %v; the summary says %+v", changed, rep.summary)
				}
			}
			f.Sandbox.Faults().Calm()
			leftovers(t, f, "--yes") // which nobody may have been allowed to end
			checkRotated(t, f)
		})
	}
}

// What can't be terminated is named with what is left, and gc says why it can't
// either.
func TestInstancesThatCanNotBeTerminated(t *testing.T) {
	f := farmtest.Start(t, small+"faults:\n  - {action: TerminateInstances, nth: 0, error: UnauthorizedOperation}\n", smallFiles)
	r := f.Run("rotate", "--json")
	rep := parseReport(t, r)
	if r.Code != 4 && r.Code != 1 || !strings.Contains(r.Stderr, "cannot clean up") || !strings.Contains(r.Stderr, "iam-policy") {
		t.Errorf("exit code %d\n%s", r.Code, r.Stderr)
	}
	if !rep.summary.ListRewritten {
		t.Error("all images are proven, and the list is untouched")
	}
	left := f.Folders("instances")
	for _, id := range left {
		if !slices.Contains(rep.summary.Left, id) {
			t.Errorf("%s is left, and the summary names %v", id, rep.summary.Left)
		}
	}
	r = f.Run("gc", "--yes", "--json")
	var found struct{ Found []rotate.Leftover }
	r.JSON(t, &found)
	if r.Code != 1 || len(found.Found) != len(left) || len(left) != 4 {
		t.Errorf("gc: exit code %d, %+v; left are %v", r.Code, found.Found, left)
	}
	for _, l := range found.Found {
		if !strings.Contains(l.Error, "not authorized") {
			t.Errorf("gc does not say why %s is left: %q", l.ID, l.Error)
		}
	}
}

// enforce has EC2 allow all but some actions from now on.
func enforce(t *testing.T, f *farmtest.Farm, denied string) {
	t.Helper()
	const policy = `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "ec2:%s", "Resource": "*"}]}`
	if err := f.Sandbox.Enforce(fmt.Sprintf(policy, denied)); err != nil {
		t.Fatal(err)
	}
}

// The master waits if nobody can tell, once the list is rewritten, who would
// lose it.
func TestTheMasterWaitsWhileNobodyCanTell(t *testing.T) {
	t.Parallel()
	c := newCorner(t, cornerList, cornerImages)
	setWait(t, c.Farm, "stop: 1s")
	watcher := writer(func(p []byte) {
		if bytes.Contains(p, []byte(`"step":"list","status":"ok"`)) {
			enforce(t, c.Farm, "DescribeInstances")
		}
	})
	r := c.RunWatched(t.Context(), watcher, "--config", c.Sandbox.Ready().Config, "rotate", "--json")
	rep := parseReport(t, r)
	if r.Code == 0 || !rep.summary.ListRewritten || !strings.Contains(r.Stderr, "cannot tell whether the master may switch") {
		t.Errorf("exit code %d, list rewritten: %v\n%s", r.Code, rep.summary.ListRewritten, r.Stderr)
	}
	if err := c.master.meet([]byte(c.old.pem), time.Now()); err != nil {
		t.Errorf("the master does not present the old certificate: %v", err)
	}
	if err := c.Sandbox.Enforce(""); err != nil {
		t.Fatal(err)
	}
	c.at(c.rotate(0), rotate.StageDrop, c.new)
}
