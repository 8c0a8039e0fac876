package ui_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/amirotate/amirotate/internal/verify"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got, -update writes it):\n%s", name, diff)
	}
}

const (
	oldMD5 = "60ebeb456b8d0526336a01143832af25"
	newMD5 = "430a28418328ac9743b8eb52db3055b4"
	newSHA = "84fea37bc4e3281cecde2e869c1d12f95a3539affe5bbf6fb99a3f4d81da1443"
)

func samplePlan() *rotate.Plan {
	return &rotate.Plan{
		Region: "us-west-1",
		List: rotate.ListPlan{Path: "/srv/slave-list.txt", SHA256: newSHA, Entries: 19, Edits: []slavelist.Edit{
			{Line: 3, Worker: "linux1", From: "ami-7fd23e3b"},
			{Line: 4, Worker: "win1", From: "ami-0123456789abcdef0", To: "ami-0fedcba9876543210"},
		}},
		Images: []*rotate.ImagePlan{
			{Source: "ami-7fd23e3b", Name: "rust-linux", Platform: "linux", InstanceType: "c3.2xlarge", Action: rotate.Replace,
				Workers: strings.Fields("linux1 linux2 linux3 linux4 linux-64-x-android-t dist-arm-android linux-snap lincross1"),
				Changes: []rotate.ChangePlan{{Path: "/home/it's here/cert.pem", OldMD5: []string{oldMD5, newSHA[:32]}, NewMD5: newMD5}}},
			{Source: "ami-0123456789abcdef0", Name: "windows", Platform: "windows", InstanceType: "c3.2xlarge", Action: rotate.Reuse,
				Replacement: "ami-0fedcba9876543210", Workers: []string{"win1"},
				Changes: []rotate.ChangePlan{{Path: `C:\Program Files (x86)\stunnel\cert.pem`, OldMD5: []string{oldMD5}, NewMD5: newMD5}}},
			{Source: "ami-22222222", Action: rotate.Blocked, Workers: []string{"gone1"}},
		},
		StaticWorkers: strings.Fields("bitrig1 freebsd10_32-1 freebsd10_64-1 dragonflybsd-64-opt openbsd-64-opt mac1 mac2"),
		Static: []*rotate.StaticPlan{
			{Workers: []string{"mac1"}, Address: "mac1.example.org:22", Platform: "linux", Action: rotate.Replace,
				Changes: []rotate.ChangePlan{{Path: "/Users/rust/cert.pem", OldMD5: []string{oldMD5}, NewMD5: newMD5}}},
			{Workers: []string{"freebsd10_32-1", "freebsd10_64-1"}, Address: "10.0.0.9:2201", Platform: "linux", Optional: true, Action: rotate.Replace,
				Changes: []rotate.ChangePlan{{Path: "/home/rust/cert.pem", OldMD5: []string{oldMD5}, NewMD5: newMD5}}},
			{Workers: []string{"mac2"}, Address: "mac2.example.org:22", Platform: "linux", Action: rotate.Blocked,
				Changes: []rotate.ChangePlan{{Path: "/Users/rust/cert.pem", OldMD5: []string{oldMD5}, NewMD5: newMD5}}},
		},
		Problems: []rotate.Problem{
			{Code: "image-missing", Severity: rotate.Error, Image: "ami-22222222", Message: "image ami-22222222 does not exist in us-west-1", Hint: "check the region"},
			{Code: "list", Severity: rotate.Warning, Message: "line 9: worker linux1 is there twice"},
		},
	}
}

func TestPlan(t *testing.T) {
	var out bytes.Buffer
	ui.WritePlan(&out, samplePlan())
	out.WriteString("\n")
	ui.WriteProblems(&out, samplePlan().Problems)
	golden(t, "plan.txt", out.Bytes())
	fitsTerminal(t, out.String())
}

func TestEmptyPlan(t *testing.T) {
	var out bytes.Buffer
	ui.WritePlan(&out, &rotate.Plan{Region: "us-west-1", List: rotate.ListPlan{Path: "l", Entries: 1}})
	golden(t, "plan-empty.txt", out.Bytes())
}

// fitsTerminal fails for lines that the usual terminal would break.
func fitsTerminal(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
}

func sampleEvents() []rotate.Event {
	at := time.Date(2015, 7, 15, 3, 0, 0, 0, time.UTC)
	step := func(after time.Duration, image string, s rotate.Step, status rotate.Status, elapsed time.Duration, detail string) rotate.Event {
		return rotate.Event{Time: at.Add(after), Event: "step", Image: image, Step: s, Status: status, ElapsedMS: elapsed.Milliseconds(), Detail: detail}
	}
	const linux, windows = "ami-7fd23e3b", "ami-0123456789abcdef0"
	return []rotate.Event{
		step(0, linux, rotate.Launch, rotate.Start, 0, ""),
		step(time.Second, linux, rotate.Launch, rotate.Start, time.Second, "trying again after: no capacity"),
		step(90*time.Second, linux, rotate.Launch, rotate.OK, 90*time.Second, "i-0abc runs at 10.0.0.7"),
		step(91*time.Second, linux, rotate.Patch, rotate.OK, 730*time.Millisecond,
			"replaced 1 of 1; read back: /home/it's here/cert.pem md5 "+newMD5+" sha256 "+newSHA),
		step(2*time.Minute, windows, rotate.Patch, rotate.Failed, time.Second, `cannot replace C:\cert.pem: it has md5 `+oldMD5),
		step(11*time.Minute, linux, rotate.Bake, rotate.Skipped, 0, "done by an earlier run"),
		{Time: at.Add(12 * time.Minute), Event: "step", Worker: "mac1", Step: rotate.Prove, Status: rotate.OK, ElapsedMS: 120,
			Detail: "read back: /Users/rust/cert.pem md5 " + newMD5 + " sha256 " + newSHA},
		{Time: at.Add(13 * time.Minute), Event: "step", Worker: "freebsd10_32-1", Step: rotate.Connect, Status: rotate.Skipped, ElapsedMS: 60000,
			Detail: "optional: cannot connect to freebsd10_32-1: waited 1m0s"},
		step(90*time.Minute, "", rotate.List, rotate.Skipped, 0, "not every image is proven; the list is untouched"),
		step(26*time.Hour, "", rotate.Clean, rotate.OK, time.Minute, "2 temporary instances terminated"),
	}
}

func TestLines(t *testing.T) {
	for name, set := range map[string]func(*ui.Lines){
		"lines.txt":         func(*ui.Lines) {},
		"lines-verbose.txt": func(l *ui.Lines) { l.Verbose = true },
		"lines-quiet.txt":   func(l *ui.Lines) { l.Quiet = true },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			lines := ui.NewLines(&out, samplePlan())
			set(lines)
			for _, e := range sampleEvents() {
				lines.Report(e)
			}
			golden(t, name, out.Bytes())
		})
	}
}

func sampleResult() *rotate.Result {
	was, is := verify.Digests{MD5: oldMD5}, verify.Digests{MD5: newMD5, SHA256: newSHA}
	return &rotate.Result{
		Images: []rotate.ImageResult{
			{Source: "ami-7fd23e3b", Replacement: "ami-0356eb86f34ae341f", Status: rotate.StatusReplaced,
				Files: []rotate.FileResult{{Path: "/home/it's here/cert.pem", Before: was, After: is, Proven: is}}},
			{Source: "ami-0123456789abcdef0", Status: rotate.StatusRefused, Err: errors.New(`cannot replace C:\cert.pem: it has another md5`),
				Files:      []rotate.FileResult{{Path: `C:\cert.pem`, Before: was}},
				LookAlikes: []rotate.LookAlike{{Path: `C:\bot\cert.pem`, Digests: was}}},
			{Source: "ami-33333333", Replacement: "ami-44444444", Status: rotate.StatusReused, Files: []rotate.FileResult{{Path: "/x"}}},
			{Source: "ami-22222222"},
		},
		Static: []rotate.StaticResult{
			{Workers: []string{"mac1"}, Address: "mac1.example.org:22", Status: rotate.StatusReplaced,
				Files:      []rotate.FileResult{{Path: "/Users/rust/cert.pem", Before: was, After: is}},
				LookAlikes: []rotate.LookAlike{{Path: "/Users/rust/old/cert.pem", Digests: was}}},
			{Workers: []string{"freebsd10_32-1", "freebsd10_64-1"}, Address: "10.0.0.9:2201", Optional: true, Status: rotate.StatusUnreachable,
				Err: errors.New("cannot connect to freebsd10_32-1: waited 1m0s"), Files: []rotate.FileResult{{Path: "/home/rust/cert.pem"}}},
			{Workers: []string{"mac2"}, Address: "mac2.example.org:22", Status: rotate.StatusRefused,
				Err: errors.New("/Users/rust/cert.pem: holds md5 " + newSHA[:32]), Files: []rotate.FileResult{{Path: "/Users/rust/cert.pem", Before: is}}},
			{Workers: []string{"bitrig1"}, Address: "bitrig"},
		},
		ListRewritten: true,
		Diff:          "--- list\n+++ list\n@@ -1 +1 @@\n-a ******** ami=ami-7fd23e3b\r\n+a ******** ami=ami-0356eb86f34ae341f\r\n",
		Left:          []string{"i-0abc (stopped builder, its image is being made)"},
	}
}

func TestResult(t *testing.T) {
	var out bytes.Buffer
	ui.WriteResult(&out, sampleResult())
	golden(t, "result.txt", out.Bytes())
	fitsTerminal(t, out.String())
}

func TestNext(t *testing.T) {
	followUps := ui.FollowUps{Status: "amirotate status --config farm.yaml", Report: "amirotate report --out report.html", Rollback: "amirotate rollback"}
	var out bytes.Buffer
	ui.WriteNext(&out, samplePlan(), sampleResult(), followUps)
	golden(t, "next.txt", out.Bytes())
	fitsTerminal(t, out.String())
	switched := sampleResult()
	switched.Master = &master.Result{Commands: []master.CommandResult{{Run: "buildbot restart"}}}
	out.Reset()
	ui.WriteNext(&out, samplePlan(), switched, ui.FollowUps{Page: "night.html"})
	fitsTerminal(t, out.String())
	if strings.Contains(out.String(), "restart") {
		t.Errorf("the master has been restarted, and yet: %s", &out)
	}
	if !strings.Contains(out.String(), "night.html") || strings.Contains(out.String(), "make a page") {
		t.Errorf("there is a page already, and yet: %s", &out)
	}
	out.Reset()
	ui.WriteNext(&out, samplePlan(), &rotate.Result{}, followUps)
	if out.Len() > 0 {
		t.Errorf("nothing was done, and yet: %s", &out)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	j := ui.NewJSON(&out)
	for _, e := range sampleEvents() {
		j.Report(e)
	}
	at := time.Date(2015, 7, 15, 4, 0, 0, 0, time.UTC)
	for _, s := range []ui.Summary{
		ui.NewSummary(at, sampleResult(), 4, errors.New("2 of 4 images have no proven replacement")),
		ui.NewSummary(at, nil, 2, errors.New("cannot read <list>: no such file")),
	} {
		if err := j.Write(s); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(out.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	golden(t, "events.jsonl", out.Bytes())
}

// What comes from a list, a host or EC2 can't steer the terminal.
func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":           "plain\ttext\n",
		"line\r\nline\n":          "line\nline\n",
		"\x1b[2Jgone":             `\x1b[2Jgone`,
		"back\rwards":             `back\x0dwards`,
		"bell\a \x7f":             `bell\x07 \x7f`,
		"\u202eright to left":     `\u202eright to left`,
		"\u009b2J":                `\u009b2J`,
		"ünïcode … \U0001f600":    "ünïcode … \U0001f600",
		"broken \xff UTF-8":       "broken \ufffd UTF-8",
		"C:\\Program Files (x86)": "C:\\Program Files (x86)",
	} {
		var out bytes.Buffer
		n, err := ui.Printable(ui.Printable(&out)).Write([]byte(in))
		if out.String() != want || n != len(in) || err != nil {
			t.Errorf("Printable(%q) wrote %q, %d, %v; want %q", in, &out, n, err, want)
		}
	}
	plan := samplePlan()
	plan.Images[0].Name, plan.Images[0].Workers = "\x1b]0;title\a", []string{"\x1b[31mred"}
	var out bytes.Buffer
	ui.WritePlan(&out, plan)
	lines := ui.NewLines(&out, plan)
	lines.Report(rotate.Event{Image: plan.Images[0].Source, Status: rotate.Failed, Detail: "\x1b[2J"})
	ui.WriteResult(&out, &rotate.Result{ListRewritten: true, Diff: "\x1b[2J"})
	if i := strings.IndexFunc(out.String(), func(r rune) bool { return r < ' ' && r != '\n' }); i >= 0 {
		t.Errorf("a control character was written: %q", out.String()[i:min(i+20, out.Len())])
	}
}
