// Package schedule writes what starts refresh regularly: systemd units and cron
// lines. It only puts texts together and looks at nothing.
package schedule

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Every is how often refresh is started.
type Every string

// Intervals.
const (
	Hour Every = "hour"
	Day  Every = "day"
)

// Job is what is to be started. All paths are absolute.
type Job struct {
	Program     string // path of amirotate
	Config      string // path of the configuration
	User        string // who runs it
	Every       Every
	RandomDelay time.Duration // 0 for a usual one
	Environment string        // file of NAME=value lines with secrets; it need not be there
	Secrets     []string      // names that it would hold
	Prometheus  string        // file of metrics, "" for none
	Writes      []string      // folders in which refresh replaces files
	Commands    bool          // refresh notifies by commands
	Master      bool          // refresh restarts a buildmaster on this machine
}

// File is a file to be put somewhere.
type File struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// Names of what is written.
const (
	unitFolder = "/etc/systemd/system"
	unitName   = "amirotate-refresh"
	cronFile   = "/etc/cron.d/amirotate"
)

// usualDelay spreads the starts of many machines.
const usualDelay = 15 * time.Minute

func (j Job) delay() time.Duration {
	if j.RandomDelay > 0 {
		return j.RandomDelay
	}
	return usualDelay
}

// arguments of the program, beside those of one kind of schedule.
func (j Job) arguments(more ...string) []string {
	args := append([]string{j.Program, "refresh", "--config", j.Config}, more...)
	if j.Prometheus != "" {
		args = append(args, "--prometheus", j.Prometheus)
	}
	return args
}

// folders returns what has to be writable, each once, in order.
func (j Job) folders() []string {
	folders := slices.Clone(j.Writes)
	if j.Prometheus != "" {
		folders = append(folders, filepath.Dir(j.Prometheus))
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// check refuses what no unit and no cron line can hold.
func (j Job) check() error {
	for _, s := range append(j.arguments(), append(j.folders(), j.User, j.Environment)...) {
		if strings.ContainsAny(s, "\n\r\x00") {
			return fmt.Errorf("cannot write a schedule with %q in it: it has a line end", s)
		}
	}
	return nil
}
