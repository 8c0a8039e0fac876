package cli

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/remind"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"
)

// defaultCalendar is written unless --out or --stdout is given.
const defaultCalendar = "certificates.ics"

func certRemindCommand(g *globals) *cobra.Command {
	var f certFlags
	var out string
	var stdout bool
	cmd := &cobra.Command{
		Use:   "remind",
		Short: "Write a calendar of the certificates' ends",
		Long: `remind writes an iCalendar file: for each certificate of the configuration an
all-day event on its last day and 90, 60, 30 and 7 days before. Importing it
twice doubles nothing.

Exit codes: 0 written; 1 one could not be asked, the others are in the file; 2
bad usage or configuration.`,
		Example: `  amirotate cert remind --out certificates.ics
  amirotate cert remind --stdout | mail -s reminders ops@example.org`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if stdout && out != "" {
				return usagef("leave one of them", "cannot write the calendar: --out and --stdout name two places")
			}
			if out == "" {
				out = defaultCalendar
			}
			return g.certRemind(cmd.Context(), &f, g.abs(out), stdout)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write (default "+defaultCalendar+")")
	cmd.Flags().BoolVar(&stdout, "stdout", false, "write to standard output")
	return cmd
}

func (g *globals) certRemind(ctx context.Context, f *certFlags, path string, stdout bool) error {
	a, err := g.gatherFor(ctx, f)
	if err != nil {
		return err
	}
	current := slices.DeleteFunc(a.infos, func(i cert.Info) bool { return i.Status == cert.StatusExpired })
	if len(a.infos) == 0 && len(a.errs) == 0 {
		return usagef(nothingKeptHint, "cannot remind: the configuration names no certificate")
	}
	var text bytes.Buffer
	if err := remind.Write(&text, current, a.now); err != nil {
		return err
	}
	if stdout {
		_, err = g.Stdout.Write(text.Bytes())
	} else {
		err = maybe.WriteFile(path, text.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("cannot write the calendar: %w", err)
	}
	if !stdout && !g.quiet {
		fmt.Fprintf(g.out(), "%s: %s\n", path, ui.Count(distinct(current), "certificate"))
	}
	g.reportEach(a.errs)
	if len(a.errs) > 0 {
		return codeError(exitFailed)
	}
	return nil
}

func distinct(infos []cert.Info) int {
	seen := map[string]bool{}
	for _, i := range infos {
		seen[i.FingerprintSHA256] = true
	}
	return len(seen)
}
