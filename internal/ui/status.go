package ui

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/amirotate/amirotate/internal/rotate"
)

// WriteFleet shows who holds which certificate, and whether the master may
// switch.
func WriteFleet(w io.Writer, f *rotate.Fleet, now time.Time) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "IMAGE\tNAME\tCERTIFICATE\tDAYS LEFT\t\tWORKERS")
	for _, img := range f.Images {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", img.Image, orDash(img.Name), orUnknown(img.Held.MD5),
			daysLeft(img.Held.NotAfter, now), behindText(img.Behind), strings.Join(img.Workers, " "))
	}
	_ = tw.Flush()
	fmt.Fprintln(w)
	if len(f.Instances) > 0 {
		tw = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, "INSTANCE\tNAME\tSTATE\tBOOTED FROM\tCERTIFICATE\t")
		for _, i := range f.Instances {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", i.Instance, orDash(i.Name), i.State, i.Image, orUnknown(i.Held.MD5), behindText(i.Behind))
		}
		_ = tw.Flush()
		fmt.Fprintln(w)
	}
	if f.Safe {
		fmt.Fprintln(w, "Safe to switch: every image of the list holds the new certificate, and every instance booted with it.")
		return
	}
	fmt.Fprintf(w, "Not safe to switch: %s still without the new certificate.\n", strings.Join(f.InTheWay, ", "))
}

func behindText(behind bool) string {
	if behind {
		return "behind"
	}
	return "new"
}

// orUnknown is for images that amirotate never patched: it did not look inside.
func orUnknown(md5 string) string {
	if md5 == "" {
		return "not known"
	}
	return md5
}

func daysLeft(notAfter string, now time.Time) string {
	at, err := time.Parse(time.RFC3339, notAfter)
	if err != nil {
		return "-"
	}
	return fmt.Sprint(int(at.Sub(now).Hours() / 24))
}
