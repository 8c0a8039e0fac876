package cli

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/runlog"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/spf13/cobra"
)

// eventLog is the log of a run, and what it takes to fill it.
type eventLog struct {
	*runlog.Log
	meter *meter
}

// logFlags adds the flag of commands that keep an event log.
func logFlags(cmd *cobra.Command, f *config.Flags) {
	cmd.Flags().StringVar(&f.LogDir, "log-dir", "", "keep the event log in this `DIR` (default amirotate/runs in the user's folder for state)")
}

// reportFlag adds the flag of commands whose run can be made a page of.
func reportFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "report", "", "write a page of HTML on what was done to this `FILE`")
}

// logFolder is where a configuration has event logs kept, "" for nowhere.
func (g *globals) logFolder(c *config.Config) string {
	return cmp.Or(c.LogDir, runlog.DefaultFolder(g.Getenv))
}

// beginLog begins the event log of a run. That it can't be kept is a warning.
func (g *globals) beginLog(r *rotation, plan *rotate.Plan, command string) *eventLog {
	folder := g.logFolder(r.config)
	log, err := runlog.New(folder, g.Now())
	if folder == "" {
		err = fmt.Errorf("cannot keep the event log: HOME is not set; --log-dir or log_dir names a folder")
	}
	g.tellWarning(err)
	return g.headed(log, r, plan, command)
}

// unkeptLog begins the event log of a run that is of no interest once it has a
// page.
func (g *globals) unkeptLog(r *rotation, plan *rotate.Plan, command string) *eventLog {
	log, _ := runlog.New("", g.Now()) // it fails in folders alone
	return g.headed(log, r, plan, command)
}

// headed writes what stands at the head of a log.
func (g *globals) headed(log *runlog.Log, r *rotation, plan *rotate.Plan, command string) *eventLog {
	log.Write(runlog.KindRun, runlog.Header{Event: runlog.KindRun, Format: runlog.Format, Time: g.Now(), ID: plan.RunID(),
		Command: command, Version: buildVersion(), Certificates: r.inputs.inspected(g.Now()), Prices: pricesOf(r.config)})
	log.Write(runlog.KindPlan, map[string]any{"event": runlog.KindPlan, "time": g.Now(), "plan": plan})
	return &eventLog{Log: log, meter: &meter{now: g.Now}}
}

// Report takes down an event.
func (l *eventLog) Report(e rotate.Event) { l.Write(runlog.KindStep, e) }

// both reports to two.
type both [2]rotate.Reporter

func (b both) Report(e rotate.Event) {
	b[0].Report(e)
	b[1].Report(e)
}

// end takes down what a run used, and what became of everything.
func (l *eventLog) end(at time.Time, r *rotation, result *rotate.Result, err error) error {
	l.Write(runlog.KindUsage, l.meter.usage(r.cloud.Calls()))
	l.Write(runlog.KindResult, resultOf(result))
	l.Write(runlog.KindSummary, ui.NewSummary(at, result, exitCode(err), err))
	return l.Close()
}

// reportOn writes the page that was asked for, "" for none.
func (g *globals) reportOn(log *eventLog, path string) error {
	if path == "" {
		return nil
	}
	run, err := log.Run()
	if err != nil {
		return err
	}
	return g.writeReport(path, run)
}

func resultOf(r *rotate.Result) runlog.Result {
	out := runlog.Result{Event: runlog.KindResult}
	if r.ListRewritten {
		out.Diff = r.Diff
	}
	for _, img := range r.Images {
		looked := runlog.ImageFiles{Source: img.Source}
		for _, f := range img.Files {
			looked.Files = append(looked.Files, runlog.FileLooked{Path: f.Path,
				Before: runlog.Digests(f.Before), After: runlog.Digests(f.After), Proven: runlog.Digests(f.Proven)})
		}
		out.Images = append(out.Images, looked)
	}
	return out
}

// inspected describes the certificates that are replaced and those that are put
// in place; keys are nobody's business.
func (in *inputs) inspected(now time.Time) []runlog.Certificate {
	var old, new []string
	for _, path := range slices.Sorted(maps.Keys(in.files)) {
		if slices.Contains(in.news, path) {
			new = append(new, path)
		} else {
			old = append(old, path)
		}
	}
	return slices.Concat(in.describe("old", old, now), in.describe("new", new, now))
}

func (in *inputs) describe(role string, paths []string, now time.Time) []runlog.Certificate {
	all := []runlog.Certificate{}
	for _, path := range paths {
		for _, c := range cert.Inspect(in.files[path], nil, now) {
			all = append(all, runlog.Certificate{Role: role, File: c.Source, Subject: c.Subject, Serial: c.Serial,
				NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(), Status: c.Status,
				Fingerprint: c.FingerprintSHA256, FileMD5: c.FileMD5, FileSHA256: c.FileSHA256})
		}
	}
	return all
}

func pricesOf(c *config.Config) []runlog.Price {
	var prices []runlog.Price
	for _, p := range c.Prices {
		prices = append(prices, runlog.Price(p))
	}
	return prices
}

func buildVersion() runlog.Version {
	return runlog.Version{Amirotate: versionText(), Commit: commitText(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
}
