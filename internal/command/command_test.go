package command

import (
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	long := strings.Repeat("0123456789", MaxOutput/5) // twice what is kept
	for _, pieces := range [][]string{
		nil, {"a"}, {"a", "", "b"}, {long}, {long, "end"}, {"begin", long}, {long[:MaxOutput], "x", "y"}, {long, long},
	} {
		var tail Tail
		for _, p := range pieces {
			if n, err := tail.Write([]byte(p)); n != len(p) || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
		}
		all := strings.Join(pieces, "")
		kept := all[max(0, len(all)-MaxOutput):]
		got := tail.Output(3)
		if got.Text != kept || got.Dropped != int64(len(all)-len(kept)) || got.Status != 3 {
			t.Errorf("%d bytes in %d pieces: %d kept, %d dropped", len(all), len(pieces), len(got.Text), got.Dropped)
		}
	}
}

func TestSummary(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"\n \n":                     "",
		"one\n":                     "one",
		"one\r\ntwo \n\nthree":      "two\nthree",
		"zero\none\ntwo\nthree\n\n": "two\nthree",
	} {
		if got := (Output{Text: text}).Summary(2); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
