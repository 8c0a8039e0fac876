package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

// elements are all elements of a page.
func elements(t *testing.T, page []byte) []*html.Node {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// text is what an element shows, spaces as one.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// rows are the cells of the rows in an element's bodies.
func rows(in *html.Node) [][]string {
	var all [][]string
	for n := range in.Descendants() {
		if n.Data != "tr" || n.Parent.Data != "tbody" {
			continue
		}
		var cells []string
		for c := range n.ChildNodes() {
			if c.Data == "th" || c.Data == "td" {
				cells = append(cells, text(c))
			}
		}
		all = append(all, cells)
	}
	return all
}

// withID is the element of a page with an id; it fails the test if there is none.
func withID(t *testing.T, page []byte, id string) *html.Node {
	t.Helper()
	all := elements(t, page)
	i := slices.IndexFunc(all, func(n *html.Node) bool { return attr(n, "id") == id })
	if i < 0 {
		t.Fatalf("no element has the id %s", id)
	}
	return all[i]
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func same(t *testing.T, what string, log, page any) {
	t.Helper()
	if diff := cmp.Diff(log, page); diff != "" {
		t.Errorf("%s (-log +page):\n%s", what, diff)
	}
}

// The page's figures are those of the log.
func TestFigures(t *testing.T) {
	for _, name := range []string{"done", "part"} {
		run, page := pageOf(t, name)
		var images, files, calls, certificates [][]string
		for _, p := range run.Plan.Images {
			for _, s := range run.Summary.Images {
				if s.Source == p.Source {
					images = append(images, []string{p.Source, s.Status + s.Error, orDash(s.Replacement), p.Name, orDash(p.Region), p.Platform, strings.Join(p.Workers, ", ")})
				}
			}
		}
		for _, img := range run.Result.Images {
			for _, f := range img.Files {
				files = append(files, []string{img.Source, f.Path, orDash(f.Before.MD5), orDash(f.After.MD5), orDash(f.Proven.MD5)})
			}
		}
		for _, s := range run.Summary.Static {
			for _, f := range s.Files {
				files = append(files, []string{strings.Join(s.Workers, " "), f.Path, f.Before, f.After, "–"})
			}
		}
		if m := run.Summary.Master; m != nil {
			files = append(files, []string{"master " + m.Address, m.Certificate.Path, m.Certificate.Before.MD5, m.Certificate.After.MD5, "–"})
		}
		total := 0
		for _, c := range run.Usage.Calls {
			action := c.Action
			if c.DryRun {
				action += " (dry run)"
			}
			calls = append(calls, []string{action, fmt.Sprint(c.Count), fmt.Sprint(c.Failed)})
			total += c.Count
		}
		for _, c := range run.Header.Certificates {
			certificates = append(certificates, []string{c.Role, c.Subject, c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"),
				c.Status, c.Serial, c.Fingerprint, c.File + " " + c.FileMD5})
		}
		same(t, name+": images", images, rows(withID(t, page, "images")))
		same(t, name+": files", files, rows(withID(t, page, "files")))
		same(t, name+": calls", calls, rows(withID(t, page, "calls")))
		same(t, name+": certificates", certificates, rows(withID(t, page, "certs")))
		same(t, name+": all calls", fmt.Sprint(total), text(withID(t, page, "all-calls")))
	}
}

// Each step of the log that took time is in the page, as long as it took, as a
// row and as a bar.
func TestSteps(t *testing.T) {
	run, page := pageOf(t, "done")
	var want, got []string
	for _, s := range run.Steps {
		if s.Status == "ok" {
			want = append(want, fmt.Sprintf("%s %d %s", s.Step, s.ElapsedMS, s.Detail))
		}
	}
	bars := 0
	for _, n := range elements(t, page) {
		if ms := attr(n, "data-ms"); ms != "" {
			cells := slices.Collect(n.ChildNodes())
			got = append(got, fmt.Sprintf("%s %s %s", text(cells[0]), ms, text(cells[5])))
		}
		if n.Data == "rect" && n.Parent.Parent.Data == "td" {
			bars++
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	same(t, "steps", want, got)
	if bars != len(want) {
		t.Errorf("%d bars for %d steps", bars, len(want))
	}
}

// The list's diff is there line by line.
func TestDiff(t *testing.T) {
	run, page := pageOf(t, "done")
	var got strings.Builder
	for d := range withID(t, page, "diff").Descendants() {
		if d.Type == html.TextNode {
			got.WriteString(d.Data)
		}
	}
	same(t, "diff", run.Result.Diff, got.String())
}

// The critical path leads without a gap of note from the begin to the end, and
// is as long as the run.
func TestCriticalPath(t *testing.T) {
	_, page := pageOf(t, "done")
	var steps []string
	for n := range withID(t, page, "critical").ChildNodes() {
		if n.Data == "li" {
			steps = append(steps, strings.Fields(text(n))[0])
		}
	}
	same(t, "critical path", strings.Fields("launch connect patch stop bake prove list install command check clean"), steps)
	if took := text(withID(t, page, "took")); took != "4 min 24 s" {
		t.Errorf("took %s", took)
	}
}
