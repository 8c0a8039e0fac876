package ui

import (
	"cmp"
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
	w = Printable(w)
	writeFleetImages(w, f, now)
	writeFleetInstances(w, f)
	writeFleetStatic(w, f, now)
	if f.Endpoint != nil {
		writeEndpoint(w, f.Endpoint, now)
	}
	writeVerdict(w, f)
	if f.Overlap != nil {
		WriteStage(w, f.Overlap)
	}
}

func writeFleetImages(w io.Writer, f *rotate.Fleet, now time.Time) {
	if len(f.Images) == 0 {
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "IMAGE\tNAME\tTRUSTS\tCERTIFICATE\tDAYS LEFT\tWORKERS")
	for _, img := range f.Images {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", img.Image, orDash(img.Name), trustText(img.Trust), heldText(img.Held),
			daysLeft(img.Held.NotAfter, now), strings.Join(img.Workers, " "))
	}
	_ = tw.Flush()
	fmt.Fprintln(w)
}

func writeFleetInstances(w io.Writer, f *rotate.Fleet) {
	if len(f.Instances) == 0 {
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "INSTANCE\tNAME\tSTATE\tBOOTED FROM\tTRUSTS\tCERTIFICATE\tKNOWN BY")
	for _, i := range f.Instances {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i.Instance, orDash(i.Name), i.State, i.Image, trustText(i.Trust), heldText(i.Held), orDash(i.Held.From))
	}
	_ = tw.Flush()
	for _, i := range f.Instances {
		if i.Problem != "" {
			fmt.Fprintf(w, "%s: %s\n", i.Instance, i.Problem)
		}
	}
	fmt.Fprintln(w)
}

func writeFleetStatic(w io.Writer, f *rotate.Fleet, now time.Time) {
	if len(f.Static) == 0 {
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "STATIC WORKERS\tADDRESS\tTRUSTS\tCERTIFICATE\tDAYS LEFT")
	for _, s := range f.Static {
		address := s.Address
		if s.Optional {
			address += " (optional)"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", strings.Join(s.Workers, " "), address, staticText(s),
			orDash(cmp.Or(s.Held.MD5, s.Held.SHA256)), daysLeft(s.Held.NotAfter, now))
	}
	_ = tw.Flush()
	for _, s := range f.Static {
		if s.Problem != "" && s.Problem != rotate.NotProbed {
			fmt.Fprintf(w, "%s: %s\n", s.Worker(), s.Problem)
		}
	}
	fmt.Fprintln(w)
}

func writeEndpoint(w io.Writer, e *rotate.Endpoint, now time.Time) {
	if e.Problem != "" {
		fmt.Fprintf(w, "Master: what it presents is not known: %s\n\n", e.Problem)
		return
	}
	left := daysLeft(e.NotAfter, now) + " days left"
	if e.Expired {
		left = "expired " + e.NotAfter
	}
	fmt.Fprintf(w, "Master: %s presents the %s certificate (%s, %s)\n\n", e.Address, presentsText(e.Presents), e.Subject, left)
}

// staticText is in words what a static host trusts.
func staticText(s rotate.StaticStatus) string {
	if s.Problem == rotate.NotProbed {
		return s.Problem
	}
	return trustText(s.Trust)
}

// whoIsSafe is in words who holds the new certificate if all do.
func whoIsSafe(f *rotate.Fleet) string {
	const images, static, instances = "every image of the list holds the new certificate", "every static worker that is not optional", "every instance booted with it"
	switch {
	case len(f.Static) == 0:
		return images + ", and " + instances
	case len(f.Images) == 0:
		return static + " holds the new certificate"
	}
	return images + ", " + static + ", and " + instances
}

func presentsText(p rotate.Presents) string {
	if p == rotate.PresentsOther {
		return "wrong"
	}
	return string(p)
}

func writeVerdict(w io.Writer, f *rotate.Fleet) {
	switch {
	case f.Safe:
		fmt.Fprintf(w, "Safe to switch: %s.\n", whoIsSafe(f))
	case len(f.InTheWay) > 0:
		fmt.Fprintf(w, "Not safe to switch: %s still without the new certificate.\n", strings.Join(f.InTheWay, ", "))
	default:
		fmt.Fprintln(w, "Not known whether it is safe to switch: nobody is seen without the new certificate, but not all were asked.")
	}
	if len(f.NotProbed) > 0 {
		fmt.Fprintf(w, "Not probed, and no tag tells what they hold: %s. 'amirotate status --probe' asks them.\n", strings.Join(f.NotProbed, ", "))
	}
	if len(f.LockedOut) > 0 {
		fmt.Fprintf(w, "Locked out now, not accepting what the master presents: %s.\n", strings.Join(f.LockedOut, ", "))
	}
	if len(f.Unnamed) > 0 {
		writeWrapped(w, "No image and no entry of static, so nobody knows what they hold: ", "  ", f.Unnamed)
	}
	if f.Unprobed > 0 {
		fmt.Fprintf(w, "%s could not be probed: there the tags of the image tell.\n", Count(f.Unprobed, "instance"))
	}
}

// WriteStage shows how far an overlap has come.
func WriteStage(w io.Writer, p *rotate.Progress) {
	fmt.Fprintf(Printable(w), "\nOverlap, stage %s: %s.\n", p.Stage, p.Why)
	if p.Next != "" {
		fmt.Fprintf(w, "Next: %s.\n", p.Next)
	}
}

// trustText is in words what a host trusts.
func trustText(t rotate.Trust) string {
	if t == rotate.TrustUnknown {
		return "not known"
	}
	return string(t)
}

func heldText(h rotate.Held) string {
	switch {
	case h.MD5+h.SHA256 == "" && h.From == "":
		return "never rotated"
	case h.MD5+h.SHA256 == "":
		return "-"
	case h.MD5 == "":
		return h.SHA256
	}
	return h.MD5
}

func daysLeft(notAfter string, now time.Time) string {
	at, err := time.Parse(time.RFC3339, notAfter)
	if err != nil {
		return "-"
	}
	return fmt.Sprint(int(at.Sub(now).Hours() / 24))
}
