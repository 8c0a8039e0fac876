package verify

import (
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	// RFC 1321 A.5 and FIPS 180-2 B.1.
	got := Of([]byte("abc"))
	want := Digests{"900150983cd24fb0d6963f7d28e17f72", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
	if got != want {
		t.Errorf("Of(abc) = %v, want %v", got, want)
	}
}

func present(d Digests) File { return File{Path: "/c", Status: Present, Digests: d} }

func TestJudge(t *testing.T) {
	old, older, new, other := Of([]byte("old")), Of([]byte("older")), Of([]byte("new")), Of([]byte("other"))
	c := Change{Path: "/c", Old: []Digests{old, {MD5: older.MD5}}, New: []byte("new")}
	for _, test := range []struct {
		name string
		file File
		want Outcome
	}{
		{"no answer", File{}, FileUnreadable},
		{"missing", File{Status: Missing}, FileMissing},
		{"unreadable", File{Status: Unreadable}, FileUnreadable},
		{"old", present(old), MatchOld},
		{"another old one, known by its MD5", present(older), MatchOld},
		{"new", present(new), MatchNew},
		{"other", present(other), OtherContent},
		{"no digest at all", present(Digests{}), OtherContent},
		{"FIPS, old", present(Digests{SHA256: old.SHA256}), MatchOld},
		{"FIPS, an old one known by its MD5 alone", present(Digests{SHA256: older.SHA256}), OtherContent},
		{"FIPS, new", present(Digests{SHA256: new.SHA256}), MatchNew},
		{"new by MD5 alone is not enough", present(Digests{MD5: new.MD5}), OtherContent},
		{"digests that contradict each other", present(Digests{MD5: other.MD5, SHA256: new.SHA256}), OtherContent},
		{"digests of a missing file don't count", File{Status: Missing, Digests: old}, FileMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := c.Judge(test.file)
			if got != test.want {
				t.Errorf("Judge = %v, want %v", got, test.want)
			}
			if got.Passes() != (test.want == MatchOld || test.want == MatchNew) {
				t.Errorf("%v.Passes() = %v", got, got.Passes())
			}
		})
	}
}

func TestZeroOutcomeNeverPasses(t *testing.T) {
	if Outcome(0).Passes() || Outcome(0).String() != "unknown" {
		t.Errorf("the zero outcome is %v and passes: %v", Outcome(0), Outcome(0).Passes())
	}
}

func TestRefusalNamesPathAndDigest(t *testing.T) {
	seen := Of([]byte("other"))
	c := Change{Path: "/etc/cert.pem", Old: []Digests{Of([]byte("old"))}, New: []byte("new")}
	for _, test := range []struct {
		outcome Outcome
		want    []string
	}{
		{OtherContent, []string{"/etc/cert.pem", seen.MD5, seen.SHA256, Of([]byte("old")).MD5, "other"}},
		{MatchOld, []string{"/etc/cert.pem", "still", seen.MD5}},
		{FileMissing, []string{"/etc/cert.pem", "no such file", "missing"}},
		{FileUnreadable, []string{"/etc/cert.pem", "is a directory", "unreadable"}},
		{MatchNew, []string{"match-new"}},
	} {
		r := &Refusal{Change: c, Seen: File{Status: Present, Digests: seen, Problem: "is a directory"}, Outcome: test.outcome}
		text := r.Error() + " " + r.Outcome.String()
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%v: %q doesn't say %q", test.outcome, text, want)
			}
		}
	}
}
