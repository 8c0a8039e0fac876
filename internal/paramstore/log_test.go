package paramstore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// TestReadLog: which entries count, whatever stands behind them.
func TestReadLog(t *testing.T) {
	open := func(base int, id string) string { return fmt.Sprintf(`{"base":%d,"id":%q,"open":true}`, base, id) }
	closed := func(base int, id string) string { return fmt.Sprintf(`{"base":%d,"id":%q}`, base, id) }
	for name, test := range map[string]struct {
		log  []string
		open string
	}{
		"nothing":                              {nil, ""},
		"a commit":                             {[]string{open(0, "a")}, "a"},
		"and its end":                          {[]string{open(0, "a"), closed(1, "a")}, ""},
		"a loser behind a commit":              {[]string{open(0, "a"), open(0, "b")}, "a"},
		"two losers":                           {[]string{open(0, "a"), open(0, "b"), open(0, "c")}, "a"},
		"an end that a loser came before":      {[]string{open(0, "a"), open(0, "b"), closed(1, "a")}, ""},
		"a loser behind that end":              {[]string{open(0, "a"), open(0, "b"), closed(1, "a"), open(0, "c")}, ""},
		"ended twice":                          {[]string{open(0, "a"), closed(1, "a"), closed(1, "a")}, ""},
		"the next commit":                      {[]string{open(0, "a"), closed(1, "a"), open(2, "b")}, "b"},
		"the end of the last, late":            {[]string{open(0, "a"), closed(1, "a"), open(2, "b"), closed(1, "a")}, "b"},
		"both ended":                           {[]string{open(0, "a"), closed(1, "a"), open(2, "b"), closed(1, "a"), closed(3, "b")}, ""},
		"one that saw a log that was deleted":  {[]string{open(7, "a")}, ""},
		"a commit behind it":                   {[]string{open(7, "a"), open(1, "b")}, "b"},
		"the same twice, its answer was lost":  {[]string{open(0, "a"), open(0, "a")}, "a"},
		"the same twice, and its end":          {[]string{open(0, "a"), open(0, "a"), closed(2, "a")}, ""},
		"a commit on a log that has moved on":  {[]string{open(0, "a"), closed(1, "a"), open(1, "b")}, ""},
		"and one on the newest version of all": {[]string{open(0, "a"), closed(1, "a"), open(1, "b"), open(3, "c")}, "c"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			for _, text := range test.log {
				a.set("rack-docker-tls-amirotate-log", text, types.ParameterTypeString)
			}
			p, err := a.store().readLog(context.Background())
			got := ""
			if p.open != nil {
				got = p.open.ID
			}
			if err != nil || got != test.open || p.next != int64(len(test.log)) {
				t.Errorf("open is %q at %d, %v; want %q", got, p.next, err, test.open)
			}
		})
	}
}

// TestForeignLog: a parameter of that name which is not ours is an error.
func TestForeignLog(t *testing.T) {
	for _, text := range []string{"on", `"a"`, "{}", `{"id":"../a","open":true}`} {
		a := newAccount(t)
		a.set("rack-docker-tls-amirotate-log", text, types.ParameterTypeString)
		if _, err := a.store().Load(context.Background()); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// TestCommitWithoutAnswer: it counts, and is not made again.
func TestCommitWithoutAnswer(t *testing.T) {
	const commit = 5 // after four staged items
	a := newAccount(t, scenario.Fault{Action: "PutParameter", Error: scenario.LostResponse, Nth: commit})
	s := a.store()
	ensure(t, s, start)
	ids := map[string]bool{}
	for version := 1; ; version++ {
		v, found, err := s.get(context.Background(), fmt.Sprintf("%s:%d", s.logName(), version))
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			break
		}
		e, err := parseEntry(v)
		if err != nil || !e.At.Equal(start.Truncate(time.Second)) {
			t.Fatalf("entry %d: %+v, %v", version, e, err)
		}
		ids[e.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("%d sets were committed", len(ids))
	}
}
