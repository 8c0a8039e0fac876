package cli

import (
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/schedule"
	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"
)

func scheduleCommand(g *globals) *cobra.Command {
	return heading("schedule", "Print what starts refresh regularly", scheduleSystemdCommand(g), scheduleCronCommand(g))
}

func scheduleSystemdCommand(g *globals) *cobra.Command {
	var o scheduleOptions
	var dir string
	cmd := &cobra.Command{
		Use:   "systemd",
		Short: "Print a service and a timer",
		Long: `systemd prints a service that runs 'amirotate refresh' with this configuration,
confined to what it needs, and the timer that starts it. Where each goes, and what
to do then, stands in its first lines. With --dir they are written there.

Exit codes: 0 printed; 1 could not be written; 2 bad usage or configuration.`,
		Example: `  amirotate schedule systemd --config /etc/amirotate/amirotate.yaml
  amirotate schedule systemd --user buildbot --dir /etc/systemd/system`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			job, err := g.job(o)
			if err != nil {
				return err
			}
			files, err := schedule.Systemd(job)
			if err != nil {
				return usagef("", "%w", err)
			}
			return g.showSchedule(files, g.abs(dir))
		},
	}
	o.add(cmd)
	cmd.Flags().StringVar(&dir, "dir", "", "write the units into this `FOLDER`")
	return cmd
}

func scheduleCronCommand(g *globals) *cobra.Command {
	var o scheduleOptions
	cmd := &cobra.Command{
		Use:   "cron",
		Short: "Print a file for /etc/cron.d",
		Long: `cron prints a file for /etc/cron.d that runs 'amirotate refresh' with this
configuration.

Exit codes: 0 printed; 2 bad usage or configuration.`,
		Example: `  amirotate schedule cron --config /etc/amirotate/amirotate.yaml >/etc/cron.d/amirotate`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			job, err := g.job(o)
			if err != nil {
				return err
			}
			file, err := schedule.Cron(job)
			if err != nil {
				return usagef("", "%w", err)
			}
			return g.showSchedule([]schedule.File{file}, "")
		},
	}
	o.add(cmd)
	return cmd
}

// scheduleOptions are the flags of both.
type scheduleOptions struct {
	every, user, program, environment, prometheus string
}

func (o *scheduleOptions) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.every, "every", string(schedule.Hour), "`INTERVAL` between two starts: hour or day")
	flags.StringVar(&o.user, "user", "", "run as this `USER` (default: who asks)")
	flags.StringVar(&o.program, "program", "", "`PATH` of amirotate (default: of the one that runs)")
	flags.StringVar(&o.environment, "environment-file", "", "`FILE` with secrets as NAME=value (default amirotate.env beside the configuration)")
	flags.StringVar(&o.prometheus, "prometheus", "", "have refresh write `FILE` for the node exporter's textfile collector")
}

// job gathers what is to be started from the configuration.
func (g *globals) job(o scheduleOptions) (schedule.Job, error) {
	every := schedule.Every(o.every)
	if every != schedule.Hour && every != schedule.Day {
		return schedule.Job{}, usagef("--every takes hour or day", "cannot start refresh every %q", o.every)
	}
	c, err := g.refreshSettings(config.Flags{}, refreshOptions{})
	if err != nil {
		return schedule.Job{}, err
	}
	j := schedule.Job{Program: g.abs(o.program), Config: g.configPath(), User: o.user, Every: every, RandomDelay: c.Refresh.RandomDelay,
		Environment: g.abs(o.environment), Secrets: c.SecretVariables(), Prometheus: g.abs(o.prometheus),
		Writes: g.writes(c), Commands: len(c.Notify.OnSuccess)+len(c.Notify.OnFailure) > 0,
		Master: c.Master.Local() && len(c.Master.Commands) > 0}
	if j.Environment == "" {
		j.Environment = filepath.Join(filepath.Dir(j.Config), "amirotate.env")
	}
	return j, whoAndWhat(&j)
}

// whoAndWhat fills in the user and the program that run now.
func whoAndWhat(j *schedule.Job) (err error) {
	if j.Program == "" {
		if j.Program, err = os.Executable(); err != nil {
			return usagef("use --program", "cannot tell where amirotate is: %w", err)
		}
	}
	if j.User == "" {
		u, err := user.Current()
		if err != nil {
			return usagef("use --user", "cannot tell who is to run it: %w", err)
		}
		j.User = u.Username
	}
	return nil
}

// writes are the folders in which refresh replaces files of this machine.
func (g *globals) writes(c *config.Config) []string {
	files := []string{c.RefreshLock(g.configPath())}
	if !isURL(c.SlaveList) {
		files = append(files, c.SlaveList)
		if target, err := filepath.EvalSymlinks(c.SlaveList); err == nil {
			files = append(files, target)
		}
	}
	if c.Kept() && c.Certificate.Store == (config.Store{}) {
		files = append(files, c.Certificate.New, c.Certificate.Key)
	}
	if m := c.MasterSettings(); m.Local() {
		files = append(files, m.Certificate, m.Key)
	}
	var folders []string
	for _, f := range slices.DeleteFunc(files, func(f string) bool { return f == "" }) {
		folders = append(folders, g.abs(filepath.Dir(f)))
	}
	for _, folder := range []string{c.Certificate.Store.Folder, c.LogDir} {
		if folder != "" {
			folders = append(folders, g.abs(existing(folder)))
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// existing is a folder, or if it is still to be made, the one that it is made in.
func existing(folder string) string {
	for {
		if info, err := os.Stat(folder); err == nil && info.IsDir() || filepath.Dir(folder) == folder {
			return folder
		}
		folder = filepath.Dir(folder)
	}
}

// showSchedule prints files, or writes them into a folder under their own names.
func (g *globals) showSchedule(files []schedule.File, dir string) error {
	if g.json {
		return g.printJSON(map[string]any{"files": files})
	}
	for i, f := range files {
		if dir != "" {
			if err := maybe.WriteFile(filepath.Join(dir, filepath.Base(f.Path)), []byte(f.Content), 0o644); err != nil {
				return fmt.Errorf("cannot write %s into %s: %w", filepath.Base(f.Path), dir, err)
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(g.Stdout)
		}
		if _, err := io.WriteString(g.Stdout, f.Content); err != nil {
			return err
		}
	}
	if dir != "" && !g.quiet {
		fmt.Fprintf(g.Stdout, "written; now, as root:\n\n%s", schedule.SystemdSteps)
	}
	return nil
}
