package ui

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/amirotate/amirotate/internal/rotate"
)

// writeStaticPlan shows the static hosts, and what is to become of their files;
// hosts with the same files together.
func writeStaticPlan(w io.Writer, p *rotate.Plan) {
	unnamed := slices.Clone(p.StaticWorkers)
	if len(p.Static) > 0 {
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "\nSTATIC HOST\tPLATFORM\tACTION\tWORKERS")
		for _, s := range p.Static {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", s.Address, systemWord(s.Platform), optionally(string(s.Action), s.Optional), few(s.Workers))
			unnamed = slices.DeleteFunc(unnamed, func(name string) bool { return slices.Contains(s.Workers, name) })
		}
		_ = tw.Flush()
	}
	for i, s := range p.Static {
		if slices.IndexFunc(p.Static, func(t *rotate.StaticPlan) bool { return sameFiles(s, t) }) == i {
			writeStaticFiles(w, s, p.Static[i:])
		}
	}
	if len(unnamed) > 0 {
		fmt.Fprintf(w, "\nStatic workers, not launched:\n")
		writeWrapped(w, "  ", "  ", unnamed)
	}
}

// systemWord is in words what a static host runs: the settings of platform linux
// hold for any POSIX system.
func systemWord(platform string) string {
	if platform == "linux" {
		return "posix"
	}
	return platform
}

// writeStaticFiles shows the files of a host and the workers of all that have
// the same ones.
func writeStaticFiles(w io.Writer, s *rotate.StaticPlan, hosts []*rotate.StaticPlan) {
	var workers []string
	for _, t := range hosts {
		if sameFiles(s, t) {
			workers = append(workers, t.Workers...)
		}
	}
	fmt.Fprintln(w)
	writeWrapped(w, "", "", workers)
	writeChanges(w, s.Changes)
}

func sameFiles(s, t *rotate.StaticPlan) bool {
	return slices.EqualFunc(s.Changes, t.Changes, func(a, b rotate.ChangePlan) bool {
		return a.Path == b.Path && a.NewMD5 == b.NewMD5 && slices.Equal(a.OldMD5, b.OldMD5)
	})
}

// few names some of many.
func few(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], " "), len(names)-most+1)
	}
	return strings.Join(names, " ")
}

func optionally(word string, optional bool) string {
	if optional {
		return word + " (optional)"
	}
	return word
}

// WriteStatic shows what became of static hosts, unless nothing did.
func WriteStatic(w io.Writer, r *rotate.Result) {
	for _, s := range r.Static {
		if s.Status != rotate.StatusUnchanged {
			w = Printable(w)
			writeStaticOutcomes(w, r)
			writeStaticDigests(w, r)
			return
		}
	}
}

// writeStaticOutcomes shows what became of each static host, and why one that
// may be unreachable was; of the others it is the command's error.
func writeStaticOutcomes(w io.Writer, r *rotate.Result) {
	if len(r.Static) == 0 {
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "\nSTATIC HOST\tSTATUS\tWORKERS")
	for _, s := range r.Static {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", s.Address, staticWord(s), few(s.Workers))
	}
	_ = tw.Flush()
	for _, s := range r.Static {
		if s.Optional && s.Status == rotate.StatusUnreachable {
			fmt.Fprintf(w, "\n%s is optional, and was not reached:\n  %v\n", s.Workers[0], s.Err)
		}
	}
}

func staticWord(s rotate.StaticResult) string {
	return optionally(cmp.Or(s.Status, statusNotStarted), s.Optional)
}

// writeStaticDigests shows what each static host's files held before and after.
func writeStaticDigests(w io.Writer, r *rotate.Result) {
	head := "\nMD5 of each file on static hosts before the patch and after it:\n"
	for _, s := range r.Static {
		for _, f := range s.Files {
			if f.Before.MD5+f.After.MD5 == "" {
				continue
			}
			fmt.Fprintf(w, "%s\n%s  %s\n", head, s.Workers[0], f.Path)
			fmt.Fprintf(w, "  before  %s\n  after   %s\n", orDash(f.Before.MD5), orDash(f.After.MD5))
			head = ""
		}
	}
}

// SummaryStatic is what has become of one static host.
type SummaryStatic struct {
	Workers  []string     `json:"workers"`
	Address  string       `json:"address"`
	Optional bool         `json:"optional"`
	Status   string       `json:"status"`
	Error    string       `json:"error,omitempty"`
	Files    []StaticFile `json:"files"`
	// LookAlikes are files that hold an old certificate and were left alone.
	LookAlikes []rotate.LookAlike `json:"look_alikes,omitempty"`
}

// StaticFile tells the MD5 of a file at each look; "" if this run did not look.
type StaticFile struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"` // as a second command has read it
}

func summarizeStatic(hosts []rotate.StaticResult) []SummaryStatic {
	out := []SummaryStatic{}
	for _, s := range hosts {
		sum := SummaryStatic{Workers: s.Workers, Address: s.Address, Optional: s.Optional,
			Status: cmp.Or(s.Status, statusNotStarted), Files: []StaticFile{}, LookAlikes: s.LookAlikes}
		if s.Err != nil {
			sum.Error = s.Err.Error()
		}
		for _, f := range s.Files {
			sum.Files = append(sum.Files, StaticFile{Path: f.Path, Before: f.Before.MD5, After: f.After.MD5})
		}
		out = append(out, sum)
	}
	return out
}
