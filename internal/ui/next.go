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
	now, undo := "Now         restart the buildmaster: a reconfig does not see a new ami=\n", "into the list"
	if r.Master != nil && len(r.Master.Commands) > 0 {
		now, undo = "", "into the list,\n            and the old pair onto the master"
	}
	status := "amirotate status"
	if len(p.Static) > 0 {
		status += " --probe"
	}
	fmt.Fprintf(Printable(w), `
The list    %s
as it was   %s.previous, beside it
%sThen        %s, who still holds the old certificate
            amirotate report --out FILE.html, a page of what this run did
To undo     amirotate rollback, the previous image ids back %s
`, p.List.Path, path.Base(p.List.Path), now, status, undo)
}
