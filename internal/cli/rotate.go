package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/spf13/cobra"
)

func rotateCommand(g *globals) *cobra.Command {
	var flags config.Flags
	var o rotateOptions
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Replace the certificate on every image, prove it, and rewrite the list",
		Long: `rotate carries a plan out: each image is launched, patched, stopped, baked into a
replacement and proven by booting that; then the list is rewritten. If it was
ended in the middle, by whatever, the same command goes on where it was, from
this machine or another: what there is to know is in EC2.

` + exitCodesHelp,
		Example: `  amirotate rotate
  amirotate rotate --slave-list slave-list.txt --region us-west-1 \
    --old-cert old.pem --new-cert new.pem --security-group rust-slave \
    --bastion ops@bastion.example.org:22 --ssh-user rustbuild \
    --linux-path /home/rustbuild/rust-buildbot/rust-bot-cert.pem`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.flags = flags
			return g.planAndRotate(cmd.Context(), o)
		},
	}
	rotationFlags(cmd, &flags)
	masterFlags(cmd, &flags)
	cmd.Flags().StringVar(&o.savedPlan, "plan", "", "do what this `FILE`, made by plan --out, says; refuse if anything has changed since")
	logFlags(cmd, &flags)
	reportFlag(cmd, &o.report)
	cmd.Flags().BoolVar(&o.allowPartial, "allow-partial", false, "rewrite the list for the images that are proven even if others are not")
	return cmd
}

// rotateOptions are rotate's own flags.
type rotateOptions struct {
	flags        config.Flags
	allowPartial bool
	savedPlan    string // path, "" for none
	command      string // whose rotation it is, for the event log; "" is rotate
	report       string // path of the page to write, "" for none
	demo         bool   // the farm ends with the command: nothing comes next
}

// planAndRotate is the whole command. With --json its last line is a summary,
// also where nothing was started.
func (g *globals) planAndRotate(ctx context.Context, o rotateOptions) (err error) {
	if err := g.checkReport(o.report); err != nil {
		return g.notStarted(err)
	}
	r, err := g.newRotation(ctx, o.flags)
	if err != nil {
		return g.notStarted(err)
	}
	defer r.close()
	defer func() {
		g.notify(ctx, r.config, ending{command: "rotate", list: r.config.SlaveList, err: err, result: r.result, notAfter: r.inputs.notAfter})
	}()
	plan, err := g.agreedPlan(ctx, r, o)
	if err != nil {
		return g.notStarted(err)
	}
	return g.carryOut(ctx, r, plan, o)
}

func (g *globals) notStarted(err error) error {
	if g.json {
		return g.summarize(nil, err)
	}
	return err
}

// summarize writes the last line of --json. Its reader may be gone.
func (g *globals) summarize(result *rotate.Result, err error) error {
	writeErr := ui.NewJSON(g.Stdout).Write(ui.NewSummary(g.Now(), result, exitCode(err), err))
	if err == nil && !errors.Is(writeErr, syscall.EPIPE) {
		return writeErr
	}
	return err
}

// agreedPlan plans, and compares with the saved plan if there is one.
func (g *globals) agreedPlan(ctx context.Context, r *rotation, o rotateOptions) (*rotate.Plan, error) {
	plan, err := r.plan(ctx)
	if err != nil {
		return nil, err
	}
	if o.savedPlan != "" {
		err = checkSavedPlan(g.abs(o.savedPlan), plan)
	}
	if len(plan.List.Edits) > 0 {
		plan.Problems = append(plan.Problems, r.store.problems()...)
	}
	return plan, err
}

// carryOut shows the plan, carries it out and shows what became of it.
func (g *globals) carryOut(ctx context.Context, r *rotation, plan *rotate.Plan, o rotateOptions) error {
	if !g.json && !g.quiet {
		ui.WritePlan(g.Stdout, plan)
		g.warn(plan)
		if len(plan.Errors()) == 0 || o.allowPartial {
			fmt.Fprintln(g.Stdout)
		}
	}
	log := g.beginLog(r, plan, cmp.Or(o.command, "rotate"))
	reporter, done := g.reporter(r, plan)
	unhook := onInterrupt(ctx, reporter.note)
	runner := r.runner(g, both{reporter, log}, o.allowPartial)
	log.meter.on(runner)
	result, err := runner.Run(ctx, plan)
	r.result = result
	unhook()
	done()
	err = listUntouched(err, result)
	g.tellWarning(log.end(g.Now(), r, result, err))
	g.tellWarning(g.reportOn(log, o.report))
	if g.json {
		return g.summarize(result, err)
	}
	var blocked *rotate.BlockedError
	if !g.quiet && !errors.As(err, &blocked) {
		ui.WriteResult(g.Stdout, result)
		if !o.demo {
			ui.WriteNext(g.Stdout, plan, result, g.followUps(plan, o.flags, o.report))
		}
	}
	return err
}

// reporter is what tells about a run while it goes on.
type reporter struct {
	rotate.Reporter
	note func(string) // about the run as a whole, for people
}

// askEvery is how often a terminal's table asks how far bakes have got, in looks
// at EC2.
const askEvery = 10

// reporter is a live table on a terminal, lines elsewhere; JSON for programs.
// Nothing may be written to the terminal until the returned function is called.
func (g *globals) reporter(r *rotation, plan *rotate.Plan) (reporter, func()) {
	aside := func(text string) { fmt.Fprintln(g.Stderr, "amirotate: "+text) }
	switch {
	case g.json:
		return reporter{ui.NewJSON(g.Stdout), aside}, func() {}
	case g.quiet:
		lines := ui.NewLines(g.Stderr, plan)
		lines.Quiet = true
		return reporter{lines, aside}, func() {}
	case g.Terminal && !g.verbose:
		live := ui.NewLive(g.Stdout, ui.LiveOptions{Size: g.size, Color: g.Getenv("NO_COLOR") == "",
			Progress: r.cloud.BakeProgress, AskEvery: askEvery * r.config.Waits.Poll}, plan)
		return reporter{live, live.Note}, live.Close
	}
	lines := ui.NewLines(g.Stdout, plan)
	lines.Verbose = g.verbose
	return reporter{lines, aside}, func() {}
}
