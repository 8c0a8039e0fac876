package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page of --report is that which the log gives later, and nothing of a
// secret is in either.
func TestReport(t *testing.T) {
	t.Parallel()
	f := exampleFarm(t)
	first := filepath.Join(f.Dir, "first.html")
	f.MustRun(0, "rotate", "--report", first)
	page, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Every replacement is proven", "builder-windows", `C:\Program Files (x86)\stunnel\cert.pem`, "&#43;linux1 ********"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%q is missing", want)
		}
	}
	f.MustRun(0, "report", "--out", filepath.Join(f.Dir, "again.html"))
	if again := f.Read("again.html"); string(again) != string(page) {
		t.Error("the page made from the log differs")
	}
	name := strings.TrimSuffix(filepath.Base(logs(t, f)[0]), ".ndjson")
	if printed := f.MustRun(0, "report", name); printed.Stdout != string(page) {
		t.Error("the page that is printed differs")
	}
	if list := f.MustRun(0, "report", "--list"); !strings.Contains(list.Stdout, name+"  rotate   us-west-1  2       exit code 0\n") {
		t.Errorf("the list:\n%s", list.Stdout)
	}
	var runs []struct{ Run string }
	f.MustRun(0, "report", "--list", "--json").JSON(t, &runs)
	if len(runs) != 1 || runs[0].Run != name {
		t.Errorf("runs %v, want %s", runs, name)
	}
}

// A report that can't be written is found before anything is launched.
func TestBadReport(t *testing.T) {
	t.Parallel()
	f := exampleFarm(t)
	for _, path := range []string{f.Dir, filepath.Join(f.Dir, "none", "page.html"), filepath.Join(f.Dir, "slave-list.txt", "page.html")} {
		if r := f.MustRun(2, "rotate", "--report", path); !strings.HasPrefix(r.Stderr, "amirotate: cannot write the report") {
			t.Errorf("%s: %s", path, r.Stderr)
		}
	}
	if n := len(f.Calls()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
	f.MustRun(2, "report")
	f.MustRun(2, "report", "2015")
	if r := f.MustRun(0, "report", "--list"); !strings.HasPrefix(r.Stdout, "No event log in ") {
		t.Errorf("the list of none: %s", r.Stdout)
	}
}
