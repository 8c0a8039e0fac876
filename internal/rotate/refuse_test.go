package rotate_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/verify"
)

const certInAlpha = "images/ami-0123456789abcdef0/root/etc/it's a path/cert.pem"

// An unexpected file is refused by name and digest, and keeps the list from
// being rewritten.
func TestUnexpectedFileIsRefused(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	f.Write(certInAlpha, "somebody's own certificate\n")
	list := f.Read("slave-list.txt")

	rep := parseReport(t, f.MustRun(4, "rotate", "--json"))

	if _, status := rep.of("ami-0123456789abcdef0"); status != rotate.StatusRefused {
		t.Errorf("the image is %s, want refused", status)
	}
	if _, status := rep.of("ami-22222222"); status != rotate.StatusReplaced {
		t.Errorf("the other image is %s, want replaced", status)
	}
	seen := verify.Of([]byte("somebody's own certificate\n"))
	for _, img := range rep.summary.Images {
		if img.Source == "ami-22222222" {
			continue
		}
		for _, want := range []string{"/etc/it's a path/cert.pem", seen.MD5} {
			if !strings.Contains(img.Error, want) {
				t.Errorf("the error %q doesn't name %s", img.Error, want)
			}
		}
	}
	if !bytes.Equal(list, f.Read("slave-list.txt")) || rep.summary.ListRewritten {
		t.Error("the list was rewritten")
	}
	if left := f.Folders("instances"); len(left) > 0 {
		t.Errorf("instances are left: %v", left)
	}

	// The other image's replacement is not lost.
	rep = parseReport(t, f.MustRun(4, "rotate", "--json", "--allow-partial"))
	replacement, status := rep.of("ami-22222222")
	if status != rotate.StatusReused {
		t.Errorf("the other image is %s, want reused", status)
	}
	got := string(f.Read("slave-list.txt"))
	if want := strings.ReplaceAll(string(list), "ami-22222222", replacement); got != want {
		t.Errorf("the list is\n%q\nwant\n%q", got, want)
	}
	if n := f.CallsOf("CreateImage"); n != 1 {
		t.Errorf("%d images were made, want 1", n)
	}
}

func TestMissingAndUnreadableAreRefused(t *testing.T) {
	for name, path := range map[string]string{
		"missing":   `{path: /etc/other, content: "x"}`,
		"directory": `{path: "/etc/it's a path/cert.pem/inner", content: "x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			scenario := strings.Replace(small, `{path: "/etc/it's a path/cert.pem", from: old, mode: "0640"}`, path, 1)
			f := farmtest.Start(t, scenario, smallFiles)
			rep := parseReport(t, f.MustRun(4, "rotate", "--json"))
			if _, status := rep.of("ami-0123456789abcdef0"); status != rotate.StatusRefused {
				t.Errorf("the image is %s, want refused", status)
			}
		})
	}
}
