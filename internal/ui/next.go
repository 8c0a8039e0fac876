package ui

import (
	"fmt"
	"io"
	"path"

	"github.com/amirotate/amirotate/internal/rotate"
)

// FollowUps are the command lines that come after a rotation, to be pasted into
// a shell.
type FollowUps struct {
	Status   string
	Report   string // "" if there is a page already
	Page     string // the page that there is, "" for none
	Rollback string
}

// WriteNext tells people where the list is, what is to be done now, and how to
// undo what was done; nothing if the list is as it was.
func WriteNext(w io.Writer, p *rotate.Plan, r *rotate.Result, f FollowUps) {
	if !r.ListRewritten {
		return
	}
	w = Printable(w)
	fmt.Fprintf(w, "\nThe list    %s\nas it was   %s.previous, beside it\n", p.List.Path, path.Base(p.List.Path))
	if f.Page != "" {
		fmt.Fprintf(w, "The page    %s\n", f.Page)
	}
	restarted := r.Master != nil && len(r.Master.Commands) > 0
	if !restarted {
		fmt.Fprintln(w, "Now         restart the buildmaster: a reconfig does not see a new ami=")
	}
	fmt.Fprintf(w, "Then        see who still holds the old certificate\n              %s\n", f.Status)
	if f.Report != "" {
		fmt.Fprintf(w, "            make a page of what this run did\n              %s\n", f.Report)
	}
	undo := "put the previous image ids back into the list"
	if restarted {
		undo += ",\n            and the old pair onto the master"
	}
	fmt.Fprintf(w, "To undo     %s\n              %s\n", undo, f.Rollback)
}
