package rotate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
)

// forbid is a farm on which every so often a call of an action is not allowed:
// the first, the third, the sixth …, so that a command that makes it several
// times is refused at each of them in turn.
func forbid(t *testing.T, scenario, action string, files map[string]string) *farmtest.Farm {
	t.Helper()
	faults := "faults:\n"
	for n, nth := 1, 1; n <= 6; n++ {
		faults += fmt.Sprintf("  - {action: %s, nth: %d, error: UnauthorizedOperation}\n", action, nth)
		nth += n + 1
	}
	return farmtest.Start(t, scenario+faults, files)
}

// fleetScenario is small with an instance and a key pair.
func fleetScenario() string {
	return smallWith("images:", "key_pairs: [{name: farm}]\ninstances:\n  - {id: i-0123456789abcdef0, image: ami-22222222, name: linux1}\nimages:").String()
}

// What a command may not look at it says, with the remedy, before anything is
// launched or changed; as soon as it may, it goes its way.
func TestWhatMayNotBeLookedAt(t *testing.T) {
	lastDay := time.Date(time.Now().Year()+1, 2, 28, 12, 0, 0, 0, time.UTC) // when another epoch is near
	plan := []string{"plan", "--like-instance", "i-0123456789abcdef0", "--key-pair", "farm"}
	for _, test := range []struct {
		args    []string
		actions []string
	}{
		{plan, []string{"DescribeImages", "DescribeImageAttribute", "DescribeInstances", "DescribeSecurityGroups", "DescribeSubnets", "DescribeKeyPairs", "DescribeInstanceTypes", "DescribeInstanceTypeOfferings"}},
		{[]string{"refresh"}, []string{"DescribeInstances", "DescribeImages"}},
		{[]string{"plan", "--strategy", "overlap"}, []string{"DescribeInstances"}},
		{[]string{"status"}, []string{"DescribeImages", "DescribeInstances"}},
		{[]string{"gc", "--keep", "0"}, []string{"DescribeImages", "DescribeInstances", "DescribeSnapshots"}},
		{[]string{"rollback"}, []string{"DescribeImages"}},
	} {
		for _, action := range test.actions {
			t.Run(test.args[0]+" "+action, func(t *testing.T) {
				t.Parallel()
				f := forbid(t, fleetScenario(), action, smallFiles)
				f.Write("amirotate.yaml", string(f.Read("amirotate.yaml"))+"refresh: {epoch: month}\n")
				f.Now = func() time.Time { return lastDay }
				for refused := 0; ; refused++ {
					r := f.Run(test.args...)
					begun := r.Code == 1 && test.args[0] == "refresh" // its last look comes after the plan
					if r.Code != 2 && !begun {
						if refused == 0 || r.Code == 1 {
							t.Errorf("refused %d times, then exit code %d\n%s", refused, r.Code, r.Stderr)
						}
						break
					}
					if did := mutations(f); len(did) > 0 {
						t.Errorf("it did %v", did)
					}
					if !strings.Contains(r.Stderr, action) || !strings.Contains(r.Stderr, "hint: the credentials must allow") {
						t.Fatalf("it does not say what is not allowed:\n%s", r.Stderr)
					}
				}
			})
		}
	}
}
