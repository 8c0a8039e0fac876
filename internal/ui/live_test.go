package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"
)

var began = time.Date(2015, 7, 15, 3, 0, 0, 0, time.UTC)

// livePlan has images with ids of both lengths, and names that are none of ours.
func livePlan(n int) *rotate.Plan {
	plan := &rotate.Plan{}
	for i := range n {
		plan.Images = append(plan.Images, &rotate.ImagePlan{Source: fmt.Sprintf("ami-%017d", i), Name: "快照 image", Platform: "linux", Action: rotate.Replace})
	}
	return plan
}

// No line is ever wider than the terminal, and the table never as high.
func TestTableFits(t *testing.T) {
	for _, n := range []int{0, 1, 7, 60} {
		table := newTable(livePlan(n), true, began)
		for i, r := range table.rows {
			r.take(rotate.Event{Step: rotate.Bake, Status: []rotate.Status{rotate.Start, rotate.OK, rotate.Failed, rotate.Skipped}[i%4], ElapsedMS: int64(i) * 1e6}, began, table.learnt)
			r.done = 0.5
		}
		for columns := 1; columns < 140; columns += 1 + columns/30 {
			for _, rows := range []int{1, 2, 3, 4, 24, 400} {
				lines := table.lines(columns, rows, began.Add(26*time.Hour))
				if len(lines) > max(rows-2, 1) || len(lines) == 0 {
					t.Fatalf("%d images, %d rows: %d lines", n, rows, len(lines))
				}
				for _, line := range lines {
					if w := columnsOf(line); w >= max(columns, 2) || w != runewidth.StringWidth(stripped(line)) {
						t.Fatalf("%d columns: a line of %d: %q", columns, w, line)
					}
				}
			}
		}
	}
}

func stripped(line string) string {
	for _, c := range [...]string{red, green, yellow, plain} {
		line = strings.ReplaceAll(line, c, "")
	}
	return line
}

// What matters stays when there is no room for all.
func TestTableChooses(t *testing.T) {
	table := newTable(livePlan(50), false, began)
	for i, r := range table.rows {
		if i < 40 {
			r.take(rotate.Event{Step: rotate.Prove, Status: rotate.OK}, began, table.learnt)
		}
	}
	table.rows[7].take(rotate.Event{Step: rotate.Patch, Status: rotate.Failed}, began, table.learnt)
	table.rows[48].take(rotate.Event{Step: rotate.Bake, Status: rotate.Start}, began, table.learnt)
	got := table.lines(100, 10, began)
	want := []string{"…07", "…40", "…41", "…42", "…48", "… and 45 more", "39 of 50 done, 1 under way, 9 waiting, 1 failed, 0.0s"}
	for i, line := range got[1:] {
		if id := strings.Fields(line)[0]; strings.HasPrefix(id, "ami-") {
			line = "…" + id[len(id)-2:]
		}
		got[i+1] = line
	}
	if diff := cmp.Diff(want, got[1:]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What is expected is learnt from the other rows of the run, or foreseen from
// how far a bake has got.
func TestExpected(t *testing.T) {
	table := newTable(livePlan(3), true, began)
	first, second, third := table.rows[0], table.rows[1], table.rows[2]
	start := rotate.Event{Step: rotate.Bake, Status: rotate.Start}
	for _, r := range table.rows {
		r.take(start, began, table.learnt)
	}
	at := began.Add(30 * time.Second)
	if got := second.expected(table.learnt, at); got != 0 {
		t.Errorf("expected %v with nothing learnt", got)
	}
	first.take(rotate.Event{Step: rotate.Bake, Status: rotate.OK, ElapsedMS: 30000}, at, table.learnt)
	if got := second.expected(table.learnt, at); got != 30*time.Second {
		t.Errorf("expected %v, want what the first took", got)
	}
	table.advance(map[string]float64{third.id: 0.25})
	if got := third.expected(table.learnt, at); got != 2*time.Minute {
		t.Errorf("expected %v at a quarter after 30 s, want 2 min", got)
	}
	if second.overdue(table.learnt, at) || !second.overdue(table.learnt, began.Add(time.Minute)) {
		t.Error("overdue is what takes more than half as long again")
	}
	second.platform = "windows"
	if got := second.expected(table.learnt, at); got != 0 {
		t.Errorf("expected %v: another platform is another matter", got)
	}
}

// What is done scrolls by, a note begins at the line's begin, and rows come for
// what the plan doesn't name.
func TestLive(t *testing.T) {
	var out bytes.Buffer
	plan := &rotate.Plan{Images: []*rotate.ImagePlan{
		{Source: "ami-11111111", Name: "one", Action: rotate.Replace},
		{Source: "ami-22222222", Name: "two", Action: rotate.None},
	}}
	var asked atomic.Int32
	live := NewLive(&out, LiveOptions{Size: func() (int, int) { return 60, 24 }, AskEvery: time.Millisecond,
		Progress: func(context.Context) (map[string]float64, error) {
			if asked.Add(1) == 1 {
				return nil, errors.New("throttled")
			}
			return map[string]float64{"ami-11111111": 0.46}, nil
		}}, plan)
	report := func(e rotate.Event) { e.Time = time.Now(); live.Report(e) }
	report(rotate.Event{Image: "ami-11111111", Step: rotate.Launch, Status: rotate.OK})
	report(rotate.Event{Image: "ami-22222222", Step: rotate.Clean, Status: rotate.OK})
	report(rotate.Event{Worker: "mac1", Step: rotate.Patch, Status: rotate.OK})
	report(rotate.Event{Image: "ami-11111111", Step: rotate.Bake, Status: rotate.Start})
	for asked.Load() < 3 {
		time.Sleep(time.Millisecond)
	}
	report(rotate.Event{Image: "ami-11111111", Step: rotate.Prove, Status: rotate.Failed, Detail: strings.Repeat("long ", 20)})
	report(rotate.Event{Image: "ami-11111111", Step: rotate.Bake, Status: rotate.Start, Detail: strings.Repeat("cut ", 20)})
	report(rotate.Event{Step: rotate.Clean, Status: rotate.OK, Detail: "cleaned"})
	live.Note("interrupted")
	live.Close()
	for _, want := range []string{strings.Repeat("long ", 19) + "long\n", "cut …\n", "cleaned\n", "\r", "interrupted\n",
		"ami-11111111 bake", "mac1         patch ok", "1 of 2 done, 1 under way"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), " one ") || strings.Contains(out.String(), "two") {
		t.Errorf("a narrow terminal has no room for names:\n%s", &out)
	}
	for _, color := range []string{red, green, yellow} {
		if strings.Contains(out.String(), color) {
			t.Errorf("no colour was asked for:\n%q", &out)
		}
	}
}
