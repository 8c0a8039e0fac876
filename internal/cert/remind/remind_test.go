package remind

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/testenv"
)

var now = time.Date(2026, 11, 22, 11, 42, 21, 0, time.UTC)

func infos(t *testing.T) []cert.Info {
	t.Helper()
	f, err := cert.Load("../testdata/good.pem") // until 2054-04-09
	if err != nil {
		t.Fatal(err)
	}
	i := cert.Inspect(f, nil, now)
	i[0].Source = "/etc/a, b; c\\d.pem"
	return i
}

func write(t *testing.T, i []cert.Info, now time.Time) string {
	t.Helper()
	var out strings.Builder
	if err := Write(&out, i, now); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// unfold checks RFC 5545, 3.1: lines end with CRLF and have 75 octets at most.
func unfold(t *testing.T, text string) []string {
	t.Helper()
	if !strings.HasSuffix(text, "\r\n") || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Fatalf("not every line ends with CRLF: %q", text)
	}
	for _, line := range strings.Split(text, "\r\n") {
		if len(line) > 75 {
			t.Errorf("%d octets in %q", len(line), line)
		}
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n ", ""), "\r\n"), "\r\n")
}

func TestWrite(t *testing.T) {
	lines := unfold(t, write(t, infos(t), now))
	var open, uids, triggers, starts []string
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ":")
		switch {
		case name == "BEGIN":
			open = append(open, value)
		case name == "END":
			if open[len(open)-1] != value {
				t.Fatalf("END:%s closes %s", value, open[len(open)-1])
			}
			open = open[:len(open)-1]
		case name == "UID":
			uids = append(uids, value)
		case name == "TRIGGER":
			triggers = append(triggers, value)
		case strings.HasPrefix(name, "DTSTART"):
			starts = append(starts, line)
		case name == "DESCRIPTION" && strings.Contains(value, "/etc/") && !strings.Contains(value, `/etc/a\, b\; c\\d.pem`):
			t.Errorf("not escaped: %s", value)
		}
	}
	if len(open) != 0 {
		t.Errorf("left open: %v", open)
	}
	if diff := cmp.Diff([]string{"-P90D", "-P60D", "-P30D", "-P7D"}, triggers); diff != "" {
		t.Error(diff)
	}
	want := []string{"DTSTART;VALUE=DATE:20540109", "DTSTART;VALUE=DATE:20540208", "DTSTART;VALUE=DATE:20540310", "DTSTART;VALUE=DATE:20540402", "DTSTART;VALUE=DATE:20540409"}
	sort.Strings(starts)
	if diff := cmp.Diff(want, starts); diff != "" {
		t.Error(diff)
	}
	if len(uids) != 5 {
		t.Errorf("identifiers: %v", uids)
	}
}

// TestStable: the same certificate has the same identifiers at any time, from
// any source, once.
func TestStable(t *testing.T) {
	first := write(t, infos(t), now)
	again := infos(t)
	again[0].Source = "elsewhere"
	second := write(t, append(again, again...), now.AddDate(1, 0, 0))
	if diff := cmp.Diff(identifiers(first), identifiers(second)); diff != "" {
		t.Error(diff)
	}
	if first != write(t, infos(t), now) {
		t.Error("the same input gave another file")
	}
}

func identifiers(text string) []string {
	var ids []string
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n ", ""), "\r\n") {
		if strings.HasPrefix(line, "UID:") {
			ids = append(ids, line)
		}
	}
	return ids
}

func TestNoEnd(t *testing.T) {
	i := infos(t)
	i[0].NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	if text := write(t, i, now); strings.Contains(text, "VEVENT") {
		t.Errorf("a certificate without an end has events:\n%s", text)
	}
}

// TestIndependentParser asks python3-icalendar.
func TestIndependentParser(t *testing.T) {
	python := testenv.PythonModule(t, "icalendar")
	path := filepath.Join(t.TempDir(), "c.ics")
	if err := os.WriteFile(path, []byte(write(t, infos(t), now)), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `
import icalendar, sys
c = icalendar.Calendar.from_ical(open(sys.argv[1], "rb").read())
for e in c.walk("VEVENT"):
    assert not e.errors, e.errors
    a = [str(x["TRIGGER"].dt.days) for x in e.walk("VALARM")]
    print(e["DTSTART"].dt.isoformat(), (e["DTEND"].dt - e["DTSTART"].dt).days, e["SUMMARY"], ",".join(a))
`
	out, err := exec.Command(python, "-c", script, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := "2054-04-09 1 Certificate good.example.org expires -90,-60,-30,-7\n"
	for _, d := range []struct {
		day  string
		days int
	}{{"2054-01-09", 90}, {"2054-02-08", 60}, {"2054-03-10", 30}, {"2054-04-02", 7}} {
		want += fmt.Sprintf("%s 1 Certificate good.example.org expires in %d days \n", d.day, d.days)
	}
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Error(diff)
	}
}
