package cli

import (
	"fmt"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/spf13/cobra"
)

func planCommand(g *globals) *cobra.Command {
	var flags config.Flags
	var detailed bool
	var out string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a rotation would do, and every problem; nothing is changed",
		Long: `plan looks at the list, the certificates, EC2 and the bastion, and shows what
rotate would do. Its only EC2 calls are Describe*, Get* and calls with DryRun.

Exit codes: 0 no problem stands in the way; 1 could not look; 2 bad usage,
configuration or input, or a problem of severity error; 3 with
--detailed-exitcode, something is to be done.`,
		Example: `  amirotate plan
  amirotate plan --json | jq '.problems'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := g.newRotation(cmd.Context(), flags)
			if err != nil {
				return err
			}
			defer r.close()
			plan, err := r.plan(cmd.Context())
			if err != nil {
				return err
			}
			if err := g.showPlan(plan); err != nil {
				return err
			}
			if out != "" && len(plan.Errors()) == 0 {
				if err := savePlan(g.abs(out), plan); err != nil {
					return err
				}
				g.saySaved(out, flags)
			}
			return planOutcome(plan, detailed)
		},
	}
	rotationFlags(cmd, &flags)
	masterFlags(cmd, &flags)
	cmd.Flags().StringVar(&out, "out", "", "save the plan to `FILE`, for rotate --plan")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 3 if something is to be done")
	return cmd
}

// saySaved tells how to do what a saved plan says.
func (g *globals) saySaved(path string, f config.Flags) {
	if !g.json && !g.quiet {
		fmt.Fprintf(ui.Printable(g.Stdout), "\nThe plan is saved. To do exactly this:\n  %s\n",
			g.commandLine("rotate", words("--plan", path), rotationWords(f)))
	}
}

func (g *globals) showPlan(plan *rotate.Plan) error {
	if g.json {
		return g.printJSON(plan)
	}
	if !g.quiet {
		ui.WritePlan(g.Stdout, plan)
		g.warn(plan)
	}
	return nil
}

// warn shows what does not stand in the way; what does is the command's error.
func (g *globals) warn(plan *rotate.Plan) {
	var warnings []rotate.Problem
	for _, p := range plan.Problems {
		if p.Severity != rotate.Error {
			warnings = append(warnings, p)
		}
	}
	if len(warnings) > 0 {
		fmt.Fprintln(g.Stdout)
		ui.WriteProblems(g.Stdout, warnings)
	}
}

// planOutcome is the error, if any, that tells a plan's exit code.
func planOutcome(plan *rotate.Plan, detailed bool) error {
	if errs := plan.Errors(); len(errs) > 0 {
		return &rotate.BlockedError{Problems: errs}
	}
	if detailed && plan.Due() {
		return codeError(exitDue)
	}
	return nil
}
