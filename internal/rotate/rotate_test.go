package rotate_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/verify"
)

// july2015 are the images of the default scenario and where each one's
// certificate lies in its folder.
var july2015 = map[string]string{
	"ami-b74fa1f3": "C/Program Files (x86)/stunnel/cert.pem",
	"ami-7fd23e3b": "home/rustbuild/rust-buildbot/rust-bot-cert.pem",
	"ami-381e197d": "home/rustbuild/rust-buildbot/rust-bot-cert.pem",
	"ami-dbac5f9f": "build/rust-bot-cert.pem",
}

// report is what rotate --json prints.
type report struct {
	steps   []rotate.Event
	summary struct {
		Images []struct {
			Source, Region, Replacement, Status, Error string
			Files                                      []struct{ Path, Before, After, Proven string }
			LookAlikes                                 []rotate.LookAlike `json:"look_alikes"`
		}
		ListRewritten bool `json:"list_rewritten"`
		ExitCode      int  `json:"exit_code"`
		Left          []string
	}
}

func parseReport(t *testing.T, r farmtest.Result) report {
	t.Helper()
	var rep report
	lines := bufio.NewScanner(strings.NewReader(r.Stdout))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var kind struct{ Event string }
		if err := json.Unmarshal(lines.Bytes(), &kind); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		var err error
		if kind.Event == "summary" {
			err = json.Unmarshal(lines.Bytes(), &rep.summary)
		} else {
			var e rotate.Event
			err = json.Unmarshal(lines.Bytes(), &e)
			rep.steps = append(rep.steps, e)
		}
		if err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
	}
	if rep.summary.ExitCode != r.Code {
		t.Errorf("the summary says exit code %d, the process %d", rep.summary.ExitCode, r.Code)
	}
	return rep
}

// order is the course of one image, as "step status step status …"; notes on an
// open step are left out.
func (r report) order(image string) string {
	var out []string
	open := rotate.Step("")
	for _, e := range r.steps {
		if e.Image != image || e.Status == rotate.Start && e.Step == open {
			continue
		}
		open = ""
		if e.Status == rotate.Start {
			open = e.Step
		}
		out = append(out, fmt.Sprintf("%s %s", e.Step, e.Status))
	}
	return strings.Join(out, ", ")
}

func (r report) of(source string) (replacement, status string) {
	for _, img := range r.summary.Images {
		if img.Source == source {
			return img.Replacement, img.Status
		}
	}
	return "", ""
}

const wholeCourse = "launch start, launch ok, connect start, connect ok, patch start, patch ok, " +
	"stop start, stop ok, bake start, bake ok, prove start, prove ok"

var amiID = regexp.MustCompile(`\bami-(?:[0-9a-f]{17}|[0-9a-f]{8})\b`)

func TestRotateJuly2015(t *testing.T) {
	f := farmtest.Start(t, "", nil)
	before := f.Read("slave-list.txt")
	trees := map[string][]string{}
	for image := range july2015 {
		trees[image] = f.Tree(image)
	}
	decoy := f.ImageFile("ami-b74fa1f3", "C/bot/cert.pem")
	newCert := f.Read("new-cert.pem")

	rep := parseReport(t, f.MustRun(0, "rotate", "--json"))

	if !rep.summary.ListRewritten {
		t.Error("the list was not rewritten")
	}
	for source, cert := range july2015 {
		if got := rep.order(source); got != wholeCourse {
			t.Errorf("%s went\n%s\nwant\n%s", source, got, wholeCourse)
		}
		replacement, status := rep.of(source)
		if status != rotate.StatusReplaced {
			t.Errorf("%s is %s", source, status)
		}
		if got := f.ImageFile(replacement, cert); !bytes.Equal(got, newCert) {
			t.Errorf("%s holds md5 %s", replacement, verify.Of(got).MD5)
		}
		if got := f.Tree(replacement); !slices.Equal(got, trees[source]) {
			t.Errorf("%s holds the files %v, its source %v", replacement, got, trees[source])
		}
		if source == "ami-b74fa1f3" && !bytes.Equal(f.ImageFile(replacement, "C/bot/cert.pem"), decoy) {
			t.Error("the look-alike on Windows was changed")
		}
	}
	if left := f.Folders("instances"); len(left) > 0 {
		t.Errorf("instances are left: %v", left)
	}
	after := f.Read("slave-list.txt")
	mask := func(b []byte) string { return amiID.ReplaceAllString(string(b), "ami-*") }
	if mask(before) != mask(after) {
		t.Errorf("the list changed beside its image ids:\n%s", after)
	}
	if got := f.Read("slave-list.txt.previous"); !bytes.Equal(got, before) {
		t.Error("slave-list.txt.previous doesn't hold what the list held")
	}
	if n := f.CallsOf("CreateImage"); n != 4 {
		t.Errorf("%d images were made, want 4", n)
	}
}

func TestRotateAgainDoesNothing(t *testing.T) {
	f := farmtest.Start(t, small, smallFiles)
	f.MustRun(0, "rotate", "--json")
	list := f.Read("slave-list.txt")
	calls := len(f.Calls())

	rep := parseReport(t, f.MustRun(0, "rotate", "--json"))

	for _, img := range rep.summary.Images {
		if img.Status != rotate.StatusUnchanged {
			t.Errorf("%s is %s, want unchanged", img.Source, img.Status)
		}
	}
	for _, c := range f.Calls()[calls:] {
		if !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") {
			t.Errorf("nothing is due, but %s was called", c.Action)
		}
	}
	if !bytes.Equal(list, f.Read("slave-list.txt")) {
		t.Error("the list was changed")
	}
}

func TestPlanChangesNothing(t *testing.T) {
	f := farmtest.Start(t, "", nil)
	list := f.Read("slave-list.txt")
	r := f.MustRun(3, "plan", "--json", "--detailed-exitcode")
	var plan rotate.Plan
	r.JSON(t, &plan)
	if len(plan.Images) != 4 || len(plan.List.Edits) != 12 || len(plan.StaticWorkers) != 7 {
		t.Errorf("%d images, %d edits, %d static workers; want 4, 12, 7", len(plan.Images), len(plan.List.Edits), len(plan.StaticWorkers))
	}
	rehearsed := false
	for _, c := range f.Calls() {
		rehearsed = rehearsed || c.DryRun && c.Action == "RunInstances"
		if !c.DryRun && !strings.HasPrefix(c.Action, "Describe") && !strings.HasPrefix(c.Action, "Get") {
			t.Errorf("plan called %s", c.Action)
		}
	}
	if !rehearsed {
		t.Error("the launch was not rehearsed")
	}
	if !bytes.Equal(list, f.Read("slave-list.txt")) {
		t.Error("plan changed the list")
	}
	if len(f.Folders("images")) != 4 || len(f.Folders("instances")) != 0 {
		t.Error("plan made something")
	}
}
