package ui

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/vbauerster/mpb/v8/decor"
)

func TestLiveRowFits(t *testing.T) {
	r := &row{id: "ami-0123456789abcdef0", label: "ami-0123456789abcdef0 a-very-long-name-of-an-image",
		step: rotate.Connect, status: rotate.OK, elapsed: 95 * time.Second}
	for width, want := range map[int]string{
		200: "ami-0123456789abcdef0 a-very-lon connect ok        95s ",
		80:  "ami-0123456789abcdef0 a-very-lon connect ok        95s ",
		40:  "ami-0123456789abcdef0 connect ok     95",
		12:  "ami-0123456",
		0:   "",
	} {
		if got := r.text(decor.Statistics{AvailableWidth: width}); got != want {
			t.Errorf("in %d columns: %q, want %q", width, got, want)
		}
	}
}

// A step that must be done anew sets a row back, and what is done scrolls by.
func TestLive(t *testing.T) {
	var out bytes.Buffer
	plan := &rotate.Plan{Images: []*rotate.ImagePlan{
		{Source: "ami-11111111", Name: "one", Action: rotate.Replace},
		{Source: "ami-22222222", Name: "two", Action: rotate.None},
	}}
	live := NewLive(&out, 60, plan)
	if len(live.rows) != 1 {
		t.Errorf("%d rows, want one: nothing is done with the other image", len(live.rows))
	}
	bar := live.rows["ami-11111111"].bar
	report := func(step rotate.Step, status rotate.Status, detail string) {
		live.Report(rotate.Event{Time: time.Now(), Image: "ami-11111111", Step: step, Status: status, Detail: detail})
	}
	report(rotate.Launch, rotate.OK, "")
	report(rotate.Connect, rotate.OK, "")
	report(rotate.Launch, rotate.OK, "")
	if got := bar.Current(); got != 1 {
		t.Errorf("the row is at step %d, want 1 again", got)
	}
	report(rotate.Prove, rotate.Failed, strings.Repeat("long ", 20))
	report(rotate.Prove, rotate.OK, strings.Repeat("cut ", 20))
	live.Report(rotate.Event{Time: time.Now(), Step: rotate.Clean, Status: rotate.OK, Detail: "cleaned"})
	live.Note("interrupted")
	live.Close()
	for _, want := range []string{strings.Repeat("long ", 19) + "long\n", "cut …\n", "cleaned\n", "interrupted\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), " one ") {
		t.Errorf("a narrow terminal has no room for names:\n%s", &out)
	}
}
