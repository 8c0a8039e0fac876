package rotate

import (
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
	"github.com/google/go-cmp/cmp"
)

func TestJudge(t *testing.T) {
	plain := Pins{New: []string{"n"}, Old: []string{"o1", "o2"}}
	for _, test := range []struct {
		name   string
		pins   Pins
		trusts string
		want   Trust
	}{
		{"nothing is known", plain, "", TrustUnknown},
		{"new", plain, "n", TrustsNew},
		{"new among strangers", plain, "x n", TrustsNew},
		{"both", plain, "n o2", TrustsBoth},
		{"an old one", plain, "o1", TrustsOld},
		{"neither", plain, "x", TrustsOther},
		{"new chain, half of it", Pins{New: []string{"n", "ca"}, Old: []string{"o"}}, "n", TrustsOther},
		{"a CA that stays is neither old nor new", Pins{New: []string{"n", "ca"}, Old: []string{"o", "ca"}}, "ca", TrustsOther},
		{"... with the new leaf", Pins{New: []string{"n", "ca"}, Old: []string{"o", "ca"}}, "n ca", TrustsNew},
		{"... with the old leaf", Pins{New: []string{"n", "ca"}, Old: []string{"o", "ca"}}, "ca o", TrustsOld},
		{"new is among old", Pins{New: []string{"n"}, Old: []string{"o", "n"}}, "n", TrustsNew},
		{"new is among old, both", Pins{New: []string{"n"}, Old: []string{"o", "n"}}, "n o", TrustsBoth},
		{"no old one is known", Pins{New: []string{"n"}}, "n o", TrustsNew},
		{"no old one is known, and it isn't new", Pins{New: []string{"n"}}, "o", TrustsOther},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.pins.Judge(strings.Fields(test.trusts)); got != test.want {
				t.Errorf("Judge(%s) = %s, want %s", test.trusts, got, test.want)
			}
		})
	}
}

func TestPresented(t *testing.T) {
	p := Pins{New: []string{"n", "ca"}, Old: []string{"o", "ca"}}
	for accepting, want := range map[string]Presents{"n": PresentsNew, "n ca": PresentsNew, "o": PresentsOld, "ca": PresentsOld, "": PresentsOther, "x": PresentsOther} {
		if got := p.Presented(strings.Fields(accepting)); got != want {
			t.Errorf("accepted by %q: %s, want %s", accepting, got, want)
		}
	}
}

// Tags of an earlier version say no pins; the digests of the files tell them.
func TestHeldByTags(t *testing.T) {
	both := verify.Of([]byte("both"))
	p := Pins{New: []string{"n"}, Old: []string{"o"}, Files: map[verify.Digests][]string{both: {"n", "o"}}}
	for _, test := range []struct {
		name string
		tags map[string]string
		want Trust
		from string
	}{
		{"never rotated", map[string]string{"team": "infra"}, TrustUnknown, ""},
		{"by pins", map[string]string{cloud.TagCertMD5: "0", cloud.TagTrusts: "n"}, TrustsNew, FromTags},
		{"by SHA-256", map[string]string{cloud.TagCertMD5: both.MD5, cloud.TagCertSHA256: both.SHA256}, TrustsBoth, FromTags},
		{"by MD5", map[string]string{cloud.TagCertMD5: both.MD5}, TrustsBoth, FromTags},
		{"by neither", map[string]string{cloud.TagCertMD5: both.MD5, cloud.TagCertSHA256: "0"}, TrustUnknown, FromTags},
	} {
		t.Run(test.name, func(t *testing.T) {
			held := p.heldBy(cloud.Image{Tags: test.tags})
			if got := p.Judge(held.Trusts); got != test.want || held.From != test.from {
				t.Errorf("%+v is %s from %q; want %s from %q", held, got, held.From, test.want, test.from)
			}
		})
	}
}

func TestHeldInFiles(t *testing.T) {
	p := Pins{Read: func(content []byte) ([]string, string) { return strings.Fields(string(content)), "" }}
	file := func(path, content string) verify.File {
		return verify.File{Path: path, Status: verify.Present, Digests: verify.Of([]byte(content)), Content: []byte(content)}
	}
	missing := verify.File{Path: "/gone", Status: verify.Missing}
	for _, test := range []struct {
		name    string
		files   []verify.File
		trusts  []string
		problem string
	}{
		{"one", []verify.File{file("/a", "n o")}, []string{"n", "o"}, ""},
		{"what all have in common", []verify.File{file("/a", "n o"), file("/b", "o x")}, []string{"o"}, ""},
		{"one is gone", []verify.File{file("/a", "n"), missing}, nil, "/gone is missing"},
		{"all are gone", []verify.File{missing}, nil, "/gone is missing"},
		{"no certificate", []verify.File{file("/a", "")}, nil, "/a (md5 d41d8cd98f00b204e9800998ecf8427e) holds no certificate"},
	} {
		t.Run(test.name, func(t *testing.T) {
			held, problem := p.heldIn(test.files)
			if diff := cmp.Diff(test.trusts, append([]string(nil), held.Trusts...)); diff != "" || problem != test.problem || held.From != FromProbe {
				t.Errorf("from %q, problem %q, want %q; trusts (-want +got):\n%s", held.From, problem, test.problem, diff)
			}
		})
	}
}

// A tag that EC2 would refuse is left out: the digests tell then.
func TestTrustsTag(t *testing.T) {
	pins := []string{"0123456789abcdef", "fedcba9876543210"}
	if got := trustsTag(pins); got != "0123456789abcdef fedcba9876543210" {
		t.Errorf("trustsTag = %q", got)
	}
	for len(pins) < 16 {
		pins = append(pins, pins[0])
	}
	if got := trustsTag(pins); got != "" {
		t.Errorf("trustsTag of %d pins = %q, want none", len(pins), got)
	}
	if got := trustsTag(pins[:15]); len(got) > maxTagValue || got == "" {
		t.Errorf("trustsTag of 15 pins = %q", got)
	}
}
