package cli

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/ui"
)

// States of a certificate that is checked.
const (
	stateOK         = "ok"
	stateDue        = "due"
	stateExpired    = "expired"
	stateMissing    = "missing"
	stateNotYet     = "not-yet-valid"
	stateUnknown    = "unknown"    // nothing tells
	stateUnreadable = "unreadable" // it could not be asked
)

// row is a certificate that is checked.
type row struct {
	Source   string     `json:"source"`
	Kind     string     `json:"source_kind"`
	Name     string     `json:"name"` // subject, or the image's name
	State    string     `json:"state"`
	NotAfter *time.Time `json:"not_after"`
	DaysLeft *int       `json:"days_left"`
	Reason   string     `json:"reason,omitempty"`
}

// due tells whether something is to be done about it.
func (r row) due() bool {
	return r.State == stateDue || r.State == stateExpired || r.State == stateMissing
}

// judge is by the time alone. The end of renew_before counts as due, as it does
// for what is kept.
func (a *gathering) judge(i cert.Info) row {
	c := cert.Certificate{NotAfter: i.NotAfter}
	days := c.DaysLeft(a.now)
	end := i.NotAfter.UTC()
	r := row{Source: i.Source, Kind: i.SourceKind, Name: i.Subject, State: stateOK, NotAfter: &end, DaysLeft: &days}
	switch {
	case c.Expired(a.now):
		r.State, r.Reason = stateExpired, "it expired on "+end.Format(time.RFC3339)
	case !end.Add(-a.renewBefore).After(a.now):
		r.State, r.Reason = stateDue, "it ends in "+ui.Count(days, "day")
	case i.Status == cert.StatusNotYetValid:
		r.State, r.Reason = stateNotYet, "it is valid only from "+i.NotBefore.UTC().Format(time.RFC3339)
	}
	return r
}

func writeRows(out io.Writer, rows []row) error {
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "STATE\tENDS\tDAYS\tSOURCE\tNAME\tWHY")
	for _, r := range rows {
		end, days := "-", "-"
		if r.NotAfter != nil {
			end, days = r.NotAfter.Format(time.DateOnly), strconv.Itoa(*r.DaysLeft)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.State, end, days, r.Source, cmp.Or(r.Name, "-"), cmp.Or(r.Reason, "-"))
	}
	return tw.Flush()
}
