package report

import (
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/runlog"
)

// staticRow is a static host, and what became of it.
type staticRow struct {
	Workers []string
	Address string
	Status  string
	Error   string
}

// staticRows lists the static hosts, and last the workers that no host is named for.
func staticRows(run *runlog.Run) []staticRow {
	if run.Plan == nil {
		return nil
	}
	var rows []staticRow
	unnamed := slices.Clone(run.Plan.StaticWorkers)
	for _, planned := range run.Plan.Static {
		row := staticRow{Workers: planned.Workers, Address: planned.Address, Status: "unknown"}
		if s := staticSummary(run, planned.Workers); s != nil {
			row.Status, row.Error = s.Status, s.Error
		}
		rows = append(rows, row)
		unnamed = slices.DeleteFunc(unnamed, func(w string) bool { return slices.Contains(planned.Workers, w) })
	}
	if len(unnamed) > 0 {
		rows = append(rows, staticRow{Workers: unnamed, Status: "left as they are"})
	}
	return rows
}

func staticSummary(run *runlog.Run, workers []string) *runlog.SummaryStatic {
	if !run.Ended() {
		return nil
	}
	i := slices.IndexFunc(run.Summary.Static, func(s runlog.SummaryStatic) bool { return slices.Equal(s.Workers, workers) })
	if i < 0 {
		return nil
	}
	return &run.Summary.Static[i]
}

// staticFiles are the looks at the files of static hosts, on which nothing is
// booted to prove them: what was read after the patch counts.
func staticFiles(run *runlog.Run) []fileRow {
	if !run.Ended() {
		return nil
	}
	var rows []fileRow
	for _, s := range run.Summary.Static {
		for _, f := range s.Files {
			rows = append(rows, fileRow{strings.Join(s.Workers, " "), runlog.FileLooked{Path: f.Path,
				Before: runlog.Digests{MD5: f.Before}, After: runlog.Digests{MD5: f.After}}})
		}
	}
	return rows
}
