package rotate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
)

// What another machine has put on the images is known by their tags alone. It
// gives way to a certificate that ends later; one that ends no earlier is a
// problem, or each machine would replace the other's for ever.
func TestCertificateFromElsewhere(t *testing.T) {
	now := time.Now()
	first := newIdentity(t, "first", now.AddDate(0, 0, -1), now.AddDate(1, 0, 0))
	later := newIdentity(t, "later", now.AddDate(0, 0, -1), now.AddDate(2, 0, 0))
	f := farmtest.Start(t, small, smallFiles)
	f.Write("amirotate.yaml", strings.Replace(string(f.Read("amirotate.yaml")), "  key: new-key.pem\n", "", 1)) // nothing is kept here
	here := func(certificate identity) { f.Write("new-cert.pem", certificate.pem) }
	holds := func(certificate identity) {
		t.Helper()
		for _, id := range listed(f) {
			if got := string(f.ImageFile(id, instancePath)); got != certificate.pem {
				t.Errorf("%s holds another certificate:\n%s", id, got)
			}
		}
	}
	here(first)
	f.MustRun(0, "refresh")
	here(later)
	f.MustRun(0, "refresh")
	holds(later)

	before := mutations(f)
	here(first)
	r := f.MustRun(2, "refresh")
	if !strings.Contains(r.Stderr, "ends no earlier than the one kept here") || !strings.Contains(r.Stderr, "certificate.store.ssm") {
		t.Errorf("the problem is told as\n%s", r.Stderr)
	}
	holds(later)
	if did := mutations(f)[len(before):]; len(did) > 0 {
		t.Errorf("it did %v", did)
	}
}

// There is no way back to an image that can't be launched; the list stays.
func TestRollbackToAnImageThatIsDisabled(t *testing.T) {
	f := farmtest.Start(t, smallWith("name: beta", "name: beta\n    state: disabled",
		"name: alpha\n    platform: linux\n    user: builder\n    tags: {team: infra}",
		"name: alpha\n    platform: linux\n    user: builder\n    tags: {'amirotate:role': replacement, 'amirotate:source-image': ami-22222222}").String(),
		map[string]string{"list.txt": "a1 secret ami=ami-0123456789abcdef0\n"})
	list := string(f.Read("slave-list.txt"))
	r := f.MustRun(2, "rollback")
	if !strings.Contains(r.Stderr, "ami-22222222") || !strings.Contains(r.Stderr, "is disabled") || !strings.Contains(r.Stderr, "enable-image") {
		t.Errorf("it says\n%s", r.Stderr)
	}
	if string(f.Read("slave-list.txt")) != list {
		t.Error("the list was changed")
	}
}

// A saved plan holds for the master, too: for its files, and for the commands
// that are run there.
func TestSavedPlanOfTheMaster(t *testing.T) {
	c := newCorner(t, cornerList, cornerImages)
	plan := c.Dir + "/plan.json"
	c.MustRun(0, "plan", "--out", plan)
	config := string(c.Read("amirotate.yaml"))
	for was, is := range map[string]string{
		"buildbot restart":      "buildbot reconfig",
		"bot-key.pem":           "other-key.pem",
		"\nmaster:\n  address:": "\nmaster:\n  certificate: " + c.Dir + "/master/root/etc/stunnel/bot-cert.pem\n  #",
	} {
		if !strings.Contains(config, was) {
			t.Fatalf("no %q in\n%s", was, config)
		}
		c.Write("amirotate.yaml", strings.ReplaceAll(config, was, is))
		if r := c.MustRun(2, "rotate", "--plan", plan); !strings.Contains(r.Stderr, "master") {
			t.Errorf("%q is now %q, and it says\n%s", was, is, r.Stderr)
		}
	}
	if did := mutations(c.Farm); len(did) > 0 {
		t.Errorf("it did %v", did)
	}
	c.Write("amirotate.yaml", config)
	c.MustRun(0, "rotate", "--plan", plan)
	c.at(c.rotate(0), rotate.StageDone, c.new)
}
