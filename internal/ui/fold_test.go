package ui

import "testing"

func TestFold(t *testing.T) {
	for _, tc := range []struct {
		text    string
		columns int
		want    string
	}{
		{"one two three\n", 0, "one two three\n"},
		{"one two three\n", 13, "one two three\n"},
		{"one two three\n", 12, "one two\n  three\n"},
		{"one two three four", 7, "one two\n  three\n  four"},
		{"a very-long-word b\n", 6, "a\n  very-long-word\n  b\n"},
		{"key    value  (from)\nkey    v\n", 14, "key    value\n  (from)\nkey    v\n"},
		{"快照 快照 快照", 10, "快照 快照\n  快照"},
		{"", 10, ""},
	} {
		if got := Fold(tc.text, tc.columns, "  "); got != tc.want {
			t.Errorf("%q in %d columns is %q, want %q", tc.text, tc.columns, got, tc.want)
		}
	}
}
