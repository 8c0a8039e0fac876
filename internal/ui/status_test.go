package ui

import (
	"bytes"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/google/go-cmp/cmp"
)

// Everything that a status may tell, as people see it.
func TestWriteFleet(t *testing.T) {
	now := time.Date(2015, 7, 14, 0, 0, 0, 0, time.UTC)
	end := now.AddDate(0, 0, 30).Format(time.RFC3339)
	fleet := &rotate.Fleet{
		Images: []rotate.ImageStatus{
			{Image: "ami-1", Name: "rust-linux", Workers: []string{"linux1", "linux2"}, Trust: rotate.TrustsBoth, Held: rotate.Held{MD5: "aaaa", NotAfter: end, From: rotate.FromTags}},
			{Image: "ami-2", Workers: []string{"win1"}, Trust: rotate.TrustUnknown, Behind: true},
		},
		Instances: []rotate.InstanceStatus{
			{Instance: "i-1", Name: "linux1", State: "running", Image: "ami-1", Trust: rotate.TrustsBoth, Held: rotate.Held{MD5: "aaaa", From: rotate.FromTags}},
			{Instance: "i-2", State: "running", Image: "ami-0", Trust: rotate.TrustUnknown, Behind: true, Held: rotate.Held{From: rotate.FromProbe}, Problem: "/cert.pem is missing"},
		},
		Static: []rotate.StaticStatus{
			{Workers: []string{"mac1", "mac2"}, Address: "mac:22", Trust: rotate.TrustsOld, Behind: true, Held: rotate.Held{MD5: "bbbb", NotAfter: end, From: rotate.FromProbe}},
			{Workers: []string{"bsd1"}, Address: "bsd:22", Trust: rotate.TrustUnknown, Behind: true, Optional: true, Problem: "cannot connect"},
			{Workers: []string{"mac3"}, Address: "mac3:22", Trust: rotate.TrustUnknown, Problem: rotate.NotProbed},
		},
		Endpoint: &rotate.Endpoint{Address: "bot:9988", Presents: rotate.PresentsOld, Subject: "CN=buildbot", NotAfter: end},
		InTheWay: []string{"ami-2", "mac1", "i-2"}, NotProbed: []string{"mac3"}, LockedOut: []string{"i-3"}, Unnamed: []string{"bsd2", "bsd3"}, Unprobed: 1,
		Overlap: &rotate.Progress{Stage: rotate.StageIntroduce, Why: "ami-2 and mac1 don't trust the old and the new certificate", Next: "amirotate rotate: it gives them both"},
	}
	var out bytes.Buffer
	WriteFleet(&out, fleet, now)
	const want = `IMAGE  NAME        TRUSTS     CERTIFICATE    DAYS LEFT  WORKERS
ami-1  rust-linux  old+new    aaaa           30         linux1 linux2
ami-2  -           not known  never rotated  -          win1

INSTANCE  NAME    STATE    BOOTED FROM  TRUSTS     CERTIFICATE  KNOWN BY
i-1       linux1  running  ami-1        old+new    aaaa         tags
i-2       -       running  ami-0        not known  -            probe
i-2: /cert.pem is missing

STATIC WORKERS  ADDRESS            TRUSTS      CERTIFICATE  DAYS LEFT
mac1 mac2       mac:22             old         bbbb         30
bsd1            bsd:22 (optional)  not known   -            -
mac3            mac3:22            not probed  -            -
bsd1: cannot connect

Master: bot:9988 presents the old certificate (CN=buildbot, 30 days left)

Not safe to switch: ami-2, mac1, i-2 still without the new certificate.
Not probed, and no tag tells what they hold: mac3. 'amirotate status --probe' asks them.
Locked out now, not accepting what the master presents: i-3.
No image and no entry of static, so nobody knows what they hold: bsd2 bsd3
1 instance could not be probed: there the tags of the image tell.

Overlap, stage introduce: ami-2 and mac1 don't trust the old and the new certificate.
Next: amirotate rotate: it gives them both.
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The last line but for details is the verdict, in words that claim no more than
// what was looked at.
func TestVerdict(t *testing.T) {
	image := []rotate.ImageStatus{{Image: "ami-1", Trust: rotate.TrustsNew}}
	static := []rotate.StaticStatus{{Workers: []string{"mac1"}, Trust: rotate.TrustsNew}}
	for _, test := range []struct {
		fleet rotate.Fleet
		want  string
	}{
		{rotate.Fleet{Images: image, Safe: true}, "Safe to switch: every image of the list holds the new certificate, and every instance booted with it.\n"},
		{rotate.Fleet{Images: image, Static: static, Safe: true}, "Safe to switch: every image of the list holds the new certificate, every static worker that is not optional, and every instance booted with it.\n"},
		{rotate.Fleet{Static: static, Safe: true}, "Safe to switch: every static worker that is not optional holds the new certificate.\n"},
		{rotate.Fleet{Static: static, InTheWay: []string{"mac1"}}, "Not safe to switch: mac1 still without the new certificate.\n"},
		{rotate.Fleet{Images: image, Static: static, NotProbed: []string{"mac1"}}, "Not known whether it is safe to switch: nobody is seen without the new certificate, but not all were asked.\n" +
			"Not probed, and no tag tells what they hold: mac1. 'amirotate status --probe' asks them.\n"},
	} {
		var out bytes.Buffer
		writeVerdict(&out, &test.fleet)
		if diff := cmp.Diff(test.want, out.String()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}
