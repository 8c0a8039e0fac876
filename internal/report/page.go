package report

import (
	"fmt"
	"html/template"
	"slices"
	"time"

	"github.com/amirotate/amirotate/internal/runlog"
)

// page is what the template shows.
type page struct {
	Style    template.CSS
	Run      *runlog.Run
	Plan     runlog.Plan // empty if the log has none
	Title    string
	Verdict  verdict
	Began    time.Time
	Ended    time.Time
	Images   []imageRow
	Statics  []staticRow
	Timeline timeline
	Files    []fileRow
	Diff     []diffLine
	Costs    costs

	Master     *runlog.Master // nil if it was left alone
	LookAlikes []fileRow
}

// MasterRestarted tells whether the buildmaster's commands have been run.
func (p *page) MasterRestarted() bool { return p.Master != nil && len(p.Master.Commands) > 0 }

// verdict is what became of the run, in a word and a sentence.
type verdict struct {
	Class string // good, part or bad
	Word  string
	Text  string
}

// imageRow is what was planned for an image, and what became of it.
type imageRow struct {
	runlog.PlannedImage
	Status      string
	Replacement string
	Error       string
}

// Good tells whether nothing is left to be done for the image.
func (r imageRow) Good() bool {
	return slices.Contains([]string{"replaced", "reused", "unchanged"}, r.Status)
}

// fileRow is one file of one image, or of one static host.
type fileRow struct {
	On string // image or worker
	runlog.FileLooked
}

func newPage(run *runlog.Run) *page {
	p := &page{Run: run, Began: run.Header.Time, Ended: endOf(run), Timeline: newTimeline(run), Costs: newCosts(run)}
	if run.Plan != nil {
		p.Plan = *run.Plan
	}
	p.Images, p.Statics, p.Verdict = imageRows(run), staticRows(run), judge(run, len(p.Timeline.Kinds()) == 0)
	if run.Result != nil {
		p.Files, p.Diff = fileRows(run.Result), diffLines(run.Result.Diff)
	}
	p.Files = append(p.Files, staticFiles(run)...)
	p.addMaster(run)
	p.Title = titleOf(run.Header.Command, p.Plan.List.Path)
	return p
}

func titleOf(command, list string) string {
	what := "Rotation"
	if command == "refresh" {
		what = "Refresh"
	}
	if list == "" {
		return what
	}
	return what + " of " + list
}

// endOf is the time of a run's last sign of life.
func endOf(run *runlog.Run) time.Time {
	end := run.Header.Time
	if n := len(run.Steps); n > 0 {
		end = run.Steps[n-1].Time
	}
	if run.Ended() {
		end = run.Summary.Time
	}
	return end
}

func imageRows(run *runlog.Run) []imageRow {
	var rows []imageRow
	if run.Plan == nil {
		return nil
	}
	for _, planned := range run.Plan.Images {
		row := imageRow{PlannedImage: planned, Status: "unknown", Replacement: planned.Replacement}
		if run.Ended() {
			i := slices.IndexFunc(run.Summary.Images, func(s runlog.SummaryImage) bool { return s.Source == planned.Source })
			if i >= 0 {
				s := run.Summary.Images[i]
				row.Status, row.Replacement, row.Error = s.Status, s.Replacement, s.Error
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// judge says in words what an exit code means; idle is a run that carried no
// step out.
func judge(run *runlog.Run, idle bool) verdict {
	if !run.Ended() {
		return verdict{"bad", "Broken off", "The log ends before the run does: it was killed, or still goes on. Run the same command again to go on."}
	}
	s := run.Summary
	switch {
	case s.ExitCode == 0 && s.ListRewritten:
		return verdict{"good", "Done", "Every replacement is proven and the list names them."}
	case s.ExitCode == 0 && idle:
		return verdict{"good", "Nothing to do", "The run changed nothing."}
	case s.ExitCode == 0:
		return verdict{"good", "Done", "There was nothing to change in the list."}
	case s.ExitCode == 4 && s.ListRewritten:
		return verdict{"part", "Partly done", "The list names the replacements that are proven. Run the same command again to go on."}
	case s.ExitCode == 4:
		return verdict{"part", "Partly done", "The list is untouched. Run the same command again to go on."}
	case s.ExitCode == 130:
		return verdict{"bad", "Interrupted", "The list is untouched. Run the same command again to go on."}
	case s.ExitCode == 2:
		return verdict{"bad", "Not started", "A problem stands in the way; nothing was launched."}
	}
	return verdict{"bad", "Failed", fmt.Sprintf("Exit code %d.", s.ExitCode)}
}

func fileRows(r *runlog.Result) []fileRow {
	var rows []fileRow
	for _, img := range r.Images {
		for _, f := range img.Files {
			rows = append(rows, fileRow{img.Source, f})
		}
	}
	return rows
}
