package ui

import (
	"fmt"
	"io"
	"path"

	"github.com/amirotate/amirotate/internal/rotate"
)

// WriteNext tells people where the list is, what is to be done now, and how to
// undo what was done; nothing if the list is as it was.
func WriteNext(w io.Writer, p *rotate.Plan, r *rotate.Result) {
	if !r.ListRewritten {
		return
	}
	restart := "Now         restart the buildmaster: a reconfig does not see a new ami=\n"
	if r.Master != nil && len(r.Master.Commands) > 0 {
		restart = "" // its commands have been run
	}
	fmt.Fprintf(Printable(w), `
The list    %s
as it was   %s.previous, beside it
%sThen        amirotate status, who still holds the old certificate
            amirotate report --out FILE.html, a page of what this run did
To undo     amirotate rollback, the previous image ids back into the list
`, p.List.Path, path.Base(p.List.Path), restart)
}
