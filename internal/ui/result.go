package ui

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/amirotate/amirotate/internal/rotate"
)

// WriteResult shows what a run has done: what became of each image and static
// host, each file's MD5 before, after and proven, look-alikes, the list's diff,
// and what is left.
func WriteResult(w io.Writer, r *rotate.Result) {
	w = Printable(w)
	if len(r.Images) > 0 {
		writeOutcomes(w, r)
	}
	writeStaticOutcomes(w, r)
	writeDigests(w, r)
	writeStaticDigests(w, r)
	writeLookAlikes(w, r)
	WriteMaster(w, r.Master)
	if r.ListRewritten {
		fmt.Fprintf(w, "\nThe list, passwords masked:\n\n%s", r.Diff)
	}
	if r.Overlap != nil {
		WriteStage(w, r.Overlap)
	}
	if len(r.Left) > 0 {
		fmt.Fprintln(w, "\nLeft for the next run of the same command:")
		for _, what := range r.Left {
			fmt.Fprintf(w, "  %s\n", what)
		}
	}
}

func writeOutcomes(w io.Writer, r *rotate.Result) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "\nIMAGE\tSTATUS\tREPLACEMENT")
	for _, img := range r.Images {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", img.Source, statusOf(img), orDash(img.Replacement))
	}
	_ = tw.Flush()
}

// writeDigests shows each look that this run has had at a file on a line of its
// own, so that whole digests stand below each other and fit into a terminal.
func writeDigests(w io.Writer, r *rotate.Result) {
	head := "\nMD5 of each file before the patch, after it, and on the prover:\n"
	for _, img := range r.Images {
		for _, f := range img.Files {
			if f.Before.MD5+f.After.MD5+f.Proven.MD5 == "" {
				continue
			}
			fmt.Fprintf(w, "%s\n%s  %s\n", head, img.Source, f.Path)
			fmt.Fprintf(w, "  before  %s\n  after   %s\n  proven  %s\n", orDash(f.Before.MD5), orDash(f.After.MD5), orDash(f.Proven.MD5))
			head = ""
		}
	}
}
