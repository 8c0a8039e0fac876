package ui

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/amirotate/amirotate/internal/rotate"
)

// WritePlan shows a plan to people. Its problems are shown by WriteProblems.
func WritePlan(w io.Writer, p *rotate.Plan) {
	w = Printable(w)
	fmt.Fprintf(w, "Plan for %s%s: %s\n", p.List.Path, in(p.Region), counts(p))
	if len(p.Images) > 0 {
		writeImages(w, p)
	}
	writeStaticPlan(w, p)
	if p.Overlap != nil {
		WriteStage(w, p.Overlap)
	}
	writeMasterPlan(w, p)
	if n := len(p.List.Edits); n == 0 {
		fmt.Fprintf(w, "\nNothing of the list is to change.\n")
	} else {
		fmt.Fprintf(w, "\n%s of the list %s to get another image.\n", Count(n, "worker"), isOrAre(n))
	}
}

func in(region string) string {
	if region == "" {
		return ""
	}
	return " in " + region
}

// counts says what the list's workers run on.
func counts(p *rotate.Plan) string {
	workers, images := Count(p.List.Entries, "worker"), Count(len(p.Images), "image")
	if len(p.Static) == 0 {
		return workers + " on " + images
	}
	return workers + ", " + images + ", " + Count(len(p.Static), "static host")
}

func writeImages(w io.Writer, p *rotate.Plan) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "\nIMAGE\tNAME\tPLATFORM\tTYPE\tWORKERS\tACTION")
	for _, img := range p.Images {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%d\t%s\n", img.Source, orDash(img.Name), orDash(img.Platform), orDash(img.InstanceType),
			len(img.Workers), img.Action)
	}
	_ = tw.Flush()
	for _, img := range p.Images {
		writeImage(w, img)
	}
}

func writeImage(w io.Writer, img *rotate.ImagePlan) {
	fmt.Fprintf(w, "\n%s\n", label(img.Source, img.Name))
	writeWrapped(w, "  workers  ", "           ", img.Workers)
	if img.Replacement != "" {
		fmt.Fprintf(w, "  becomes  %s\n", img.Replacement)
	}
	writeChanges(w, img.Changes)
}

func writeChanges(w io.Writer, changes []rotate.ChangePlan) {
	for _, c := range changes {
		fmt.Fprintf(w, "  file     %s\n", c.Path)
		for i, md5 := range c.OldMD5 {
			word := "old md5"
			if i > 0 {
				word = "or md5"
			}
			fmt.Fprintf(w, "  %-7s  %s\n", word, md5)
		}
		fmt.Fprintf(w, "  new md5  %s\n", c.NewMD5)
	}
}

// lineWidth is what the narrowest usual terminal shows.
const lineWidth = 79

// writeWrapped writes words on lines of lineWidth. A word that is longer has a
// line of its own.
func writeWrapped(w io.Writer, first, next string, words []string) {
	line := first
	for i, word := range words {
		if i > 0 {
			if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > lineWidth {
				fmt.Fprintln(w, line)
				line = next
			} else {
				line += " "
			}
		}
		line += word
	}
	fmt.Fprintln(w, strings.TrimRight(line, " "))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Count writes a number of things, such as "1 image" or "2 images".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// WriteProblems shows each problem with its remedy on a line of its own below.
func WriteProblems(w io.Writer, problems []rotate.Problem) {
	w = Printable(w)
	for _, p := range problems {
		fmt.Fprintf(w, "%s: %s\n", p.Severity, p.Message)
		if p.Hint != "" {
			fmt.Fprintf(w, "  hint: %s\n", p.Hint)
		}
	}
}
