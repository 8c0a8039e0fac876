package ui

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/rotate"
)

// writeMasterPlan shows what is on the buildmaster, and what would become of it.
func writeMasterPlan(w io.Writer, plan *rotate.Plan) {
	p := plan.Master
	if p == nil {
		return
	}
	fmt.Fprintf(w, "\nThe master, %s: %s\n", p.Address, masterAction(p))
	if plan.Overlap != nil && p.Action == master.ActionInstall {
		fmt.Fprintln(w, "  when     nobody stands in the way any more, as the overlap has it")
	}
	fmt.Fprintf(w, "  file     %s, %s\n", p.Certificate.Path, heldCertificate(p.Certificate.Holds, p.Certificate.NotAfter))
	if p.Certificate.MD5 != "" {
		fmt.Fprintf(w, "  md5      %s\n", p.Certificate.MD5)
	}
	if p.Key != nil {
		fmt.Fprintf(w, "  key      %s, %s\n", p.Key.Path, heldKey(p.Key.Holds))
	}
	if p.Presents != nil {
		fmt.Fprintf(w, "  check    %s presents %s\n", p.Presents.Address, heldCertificate(p.Presents.Holds, p.Presents.NotAfter))
	}
	for _, run := range p.Commands {
		fmt.Fprintf(w, "  command  %s\n", run)
	}
}

func masterAction(p *master.Plan) string {
	switch p.Action {
	case master.ActionInstall:
		return "certificate and key are to be replaced, the commands run"
	case master.ActionRestart:
		return "the new pair is in place, the commands are to be run"
	case master.ActionNone:
		return "the new pair is in place; the commands are run if the list changes"
	}
	return "blocked"
}

func heldCertificate(held master.Held, notAfter *time.Time) string {
	end := ""
	if notAfter != nil {
		end = ", until " + notAfter.UTC().Format("2006-01-02")
	}
	switch held {
	case master.HoldsOld, master.HoldsNew:
		return "the " + string(held) + " certificate" + end
	case master.HoldsOther:
		return "something else" + end
	}
	return string(held)
}

func heldKey(held master.Held) string {
	switch held {
	case master.HoldsOld, master.HoldsNew:
		return "the " + string(held) + " certificate's key"
	case master.HoldsOther:
		return "something else"
	}
	return string(held)
}

// WriteMaster shows what became of the buildmaster, and what the commands there
// printed; nothing for nil.
func WriteMaster(w io.Writer, r *master.Result) {
	if r == nil {
		return
	}
	w = Printable(w)
	fmt.Fprintf(w, "\nThe master, %s: %s\n", r.Address, r.Status)
	fmt.Fprintf(w, "\n  %s\n", r.Certificate.Path)
	if r.Certificate.Before.MD5 != "" {
		fmt.Fprintf(w, "  before  %s\n  after   %s\n", r.Certificate.Before.MD5, orDash(r.Certificate.After.MD5))
	}
	if r.Key != nil && r.Key.Replaced {
		fmt.Fprintf(w, "  %s\n  replaced\n", r.Key.Path)
	}
	if r.Backup != "" {
		fmt.Fprintf(w, "  the old pair is kept beside it, with .%s added\n", r.Backup)
	}
	for _, c := range r.Commands {
		writeCommand(w, c)
	}
	if r.Presented != "" {
		fmt.Fprintf(w, "\n  it presents the certificate with this SHA-256 fingerprint:\n  %s\n", strings.ToLower(strings.ReplaceAll(r.Presented, ":", "")))
	}
	if r.Error != "" {
		fmt.Fprintf(w, "\n  %s\n", r.Error)
	}
}

// shownOutput is how many lines of a command's output people are shown; the
// summary has more.
const shownOutput = 20

func writeCommand(w io.Writer, c master.CommandResult) {
	how := fmt.Sprintf("exit status %d", c.Status)
	if c.Status < 0 {
		how = c.Error
	}
	fmt.Fprintf(w, "\n  $ %s\n  %s after %s\n", c.Run, how, seconds(time.Duration(c.ElapsedMS)*time.Millisecond))
	lines := strings.Split(strings.TrimRight(c.Output, "\r\n"), "\n")
	if len(lines) > shownOutput {
		fmt.Fprintf(w, "  | … %d lines before\n", len(lines)-shownOutput)
		lines = lines[len(lines)-shownOutput:]
	}
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintf(w, "  | %s\n", strings.TrimRight(line, "\r"))
		}
	}
}
