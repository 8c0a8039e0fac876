package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/report"
	"github.com/amirotate/amirotate/internal/runlog"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// pageOf makes the page of a log in testdata.
func pageOf(t *testing.T, name string) (*runlog.Run, []byte) {
	t.Helper()
	run, err := runlog.Open(filepath.Join("testdata", name+".ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := report.Write(&page, run); err != nil {
		t.Fatal(err)
	}
	return run, page.Bytes()
}

func TestGolden(t *testing.T) {
	for _, name := range []string{"done", "part"} {
		_, got := pageOf(t, name)
		path := filepath.Join("testdata", name+".html")
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
			t.Errorf("%s (-want +got, -update writes it):\n%s", path, diff)
		}
	}
}

// A run that was killed has a page too: what was going on is drawn to the end.
func TestKilled(t *testing.T) {
	_, page := pageOf(t, "killed")
	for _, want := range []string{"Broken off.", "unfinished", "The log ends before it tells."} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("%q is missing", want)
		}
	}
}

// A log that holds nothing but what ran has a page.
func TestEmpty(t *testing.T) {
	var page bytes.Buffer
	if err := report.Write(&page, &runlog.Run{Header: runlog.Header{Command: "rotate"}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "No step was carried out.") {
		t.Error("it does not say so")
	}
}

// What comes from a list, a host or EC2 is text, whatever it holds.
func TestHostile(t *testing.T) {
	const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)> ' </style></pre> javascript:`
	run, _ := pageOf(t, "done")
	run.Plan.Images[0].Name, run.Plan.Images[0].Workers = hostile, []string{hostile}
	run.Steps[0].Detail, run.Steps[1].Step, run.Result.Diff = hostile, hostile, "+"+hostile+"\n"
	run.Header.Certificates[0].Subject, run.Summary.Error = hostile, hostile
	var page bytes.Buffer
	if err := report.Write(&page, run); err != nil {
		t.Fatal(err)
	}
	for _, n := range elements(t, page.Bytes()) {
		if n.Data == "script" || n.Data == "img" {
			t.Errorf("the page has an element %s", n.Data)
		}
	}
}

// The page is all in itself: it runs nothing and fetches nothing.
func TestSelfContained(t *testing.T) {
	for _, name := range []string{"done", "part", "killed"} {
		_, page := pageOf(t, name)
		for _, n := range elements(t, page) {
			switch n.Data {
			case "script", "link", "img", "iframe", "object", "embed", "base", "form":
				t.Errorf("%s: the page has an element %s", name, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "src" || strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
					t.Errorf("%s: %s has %s=%q", name, n.Data, a.Key, a.Val)
				}
			}
		}
		if bytes.Contains(page, []byte("url(")) || bytes.Contains(page, []byte("@import")) {
			t.Errorf("%s: the style fetches something", name)
		}
	}
}
