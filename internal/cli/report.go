package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/amirotate/amirotate/internal/report"
	"github.com/amirotate/amirotate/internal/runlog"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"
)

func reportCommand(g *globals) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report [RUN]",
		Short: "Make a page of what a rotation did, from its event log",
		Long: `report makes one self-contained page of HTML of a run: its timeline and critical
path, what was replaced by what, the digests before, after and proven, what
changed in the list, the certificates, and what it used of EC2. Every rotation
keeps an event log of which it can be made; the newest ` + fmt.Sprint(runlog.Keep) + ` stay.

RUN is the name of one, or enough of its begin or end; without it, the newest.

Exit codes: 0 made, or listed; 1 could not read or write; 2 bad usage or
configuration, or no such run.`,
		Example: `  amirotate report --out incident.html
  amirotate report --list
  amirotate report 20150715T03 > incident.html`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: g.completeRuns(&o),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.run = args[0]
			}
			return g.report(o)
		},
	}
	cmd.Flags().StringVar(&o.logDir, "log-dir", "", "folder `DIR` of the event logs (default log_dir, or amirotate/runs in the user's folder for state)")
	cmd.Flags().StringVar(&o.out, "out", "", "write the page to this `FILE` (default: print it)")
	cmd.Flags().BoolVar(&o.list, "list", false, "list the runs that there is an event log of, the newest first")
	return cmd
}

// reportOptions are report's own flags.
type reportOptions struct {
	run    string
	logDir string
	out    string
	list   bool
}

func (g *globals) report(o reportOptions) error {
	folder, err := g.reportFolder(o)
	if err != nil {
		return err
	}
	if o.list {
		return g.listRuns(folder)
	}
	path, err := runlog.Find(folder, o.run)
	if err != nil {
		return usagef("see 'amirotate report --list'", "%w", err)
	}
	run, err := runlog.Open(g.abs(path))
	if err != nil {
		return err
	}
	if o.out != "" {
		return g.writeReport(o.out, run)
	}
	return report.Write(g.Stdout, run)
}

// reportFolder is where logs are looked for. The rest of the configuration need
// not be complete for that.
func (g *globals) reportFolder(o reportOptions) (string, error) {
	if o.logDir != "" {
		return g.abs(o.logDir), nil
	}
	c, err := g.readConfig()
	if err != nil {
		return "", err
	}
	folder := g.logFolder(c)
	if folder == "" {
		return "", usagef("set log_dir, or use --log-dir", "cannot tell where the event logs are: HOME is not set")
	}
	return folder, nil
}

// writeReport writes the page of a run to a file.
func (g *globals) writeReport(path string, run *runlog.Run) error {
	var page bytes.Buffer
	if err := report.Write(&page, run); err != nil {
		return err
	}
	if err := maybe.WriteFile(g.abs(path), page.Bytes(), 0o644); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	return nil
}

// checkReport finds what would keep a report from being written, before hours go
// into a run.
func (g *globals) checkReport(path string) error {
	if path == "" {
		return nil
	}
	const hint = "name a file in a folder that is there and may be written"
	if info, err := os.Stat(g.abs(path)); err == nil && info.IsDir() {
		return usagef(hint, "cannot write the report to %s: it is a folder", path)
	}
	folder := filepath.Dir(g.abs(path))
	if info, err := os.Stat(folder); err != nil {
		return usagef(hint, "cannot write the report: %w", err)
	} else if !info.IsDir() {
		return usagef(hint, "cannot write the report to %s: %s is no folder", path, folder)
	}
	if err := writeAccess(folder); err != nil {
		return usagef(hint, "cannot write the report to %s: %w", folder, err)
	}
	return nil
}

// runRow is one line of the list of runs.
type runRow struct {
	Run      string    `json:"run"`
	Time     time.Time `json:"time"`
	Command  string    `json:"command"`
	Region   string    `json:"region"`
	List     string    `json:"list"`
	Images   int       `json:"images"`
	Ended    bool      `json:"ended"`
	ExitCode int       `json:"exit_code"`       // of one that ended
	Error    string    `json:"error,omitempty"` // why the log can't be read
}

func (g *globals) listRuns(folder string) error {
	paths, err := runlog.List(folder)
	if err != nil {
		return err
	}
	rows := []runRow{}
	for _, path := range paths {
		rows = append(rows, newRunRow(path))
	}
	if g.json {
		return json.NewEncoder(g.Stdout).Encode(rows)
	}
	if len(rows) == 0 {
		fmt.Fprintf(ui.Printable(g.Stdout), "No event log in %s.\n", folder)
		return nil
	}
	tw := tabwriter.NewWriter(ui.Printable(g.Stdout), 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "RUN\tCOMMAND\tREGION\tIMAGES\tOUTCOME")
	for _, r := range rows {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%s\n", r.Run, cmp.Or(r.Command, "-"), cmp.Or(r.Region, "-"), r.Images, r.outcome())
	}
	return tw.Flush()
}

func newRunRow(path string) runRow {
	row := runRow{Run: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))}
	run, err := runlog.Open(path)
	if err != nil {
		row.Error = err.Error()
		return row
	}
	row.Time, row.Command, row.Ended = run.Header.Time, run.Header.Command, run.Ended()
	if run.Plan != nil {
		row.Region, row.List, row.Images = run.Plan.Region, run.Plan.List.Path, len(run.Plan.Images)
	}
	if run.Ended() {
		row.ExitCode = run.Summary.ExitCode
	}
	return row
}

func (r runRow) outcome() string {
	switch {
	case r.Error != "":
		return "unreadable"
	case !r.Ended:
		return "broken off, or still going on"
	}
	return fmt.Sprintf("exit code %d", r.ExitCode)
}
