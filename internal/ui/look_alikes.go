package ui

import (
	"fmt"
	"io"

	"github.com/amirotate/amirotate/internal/rotate"
)

// writeLookAlikes shows the files that hold an old certificate and were not to
// be replaced, each with its MD5.
func writeLookAlikes(w io.Writer, r *rotate.Result) {
	head := "\nLook-alikes: they hold an old certificate too, and were left alone. Name them in\nfiles if they are to be replaced.\n"
	tell := func(where string, alikes []rotate.LookAlike) {
		for _, a := range alikes {
			fmt.Fprintf(w, "%s\n%s  %s\n  md5     %s\n", head, where, a.Path, orDash(a.MD5))
			head = ""
		}
	}
	for _, img := range r.Images {
		tell(img.Source, img.LookAlikes)
	}
	for _, s := range r.Static {
		tell(s.Workers[0], s.LookAlikes)
	}
}
