package cli

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/amirotate/amirotate/internal/cert/metrics"
	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"
)

func certCheckCommand(g *globals) *cobra.Command {
	var f certFlags
	var prometheus string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say which certificates are due",
		Long: `check looks at every certificate of the configuration: what is kept, the files
to put in place, certificate.check, and the images of the slave list by their
tags. It changes nothing.

Exit codes: 0 all are good; 1 one could not be asked, and none is known to be
due; 2 bad usage or configuration; 3 one is due, expired or missing.`,
		Example: `  amirotate cert check
  amirotate cert check --prometheus /var/lib/prometheus/node-exporter/amirotate.prom`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.certCheck(cmd.Context(), &f, g.abs(prometheus))
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.config.SlaveList, "slave-list", "", "the slave list, `PATH`")
	cmd.Flags().StringVar(&prometheus, "prometheus", "", "also write `FILE` for the node exporter's textfile collector, named *.prom")
	return cmd
}

func (g *globals) certCheck(ctx context.Context, f *certFlags, prometheus string) error {
	a, err := g.gatherFor(ctx, f)
	if err != nil {
		return err
	}
	a.images(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(a.rows) == 0 {
		return usagef(nothingKeptHint, "cannot check: the configuration names no certificate")
	}
	if prometheus != "" {
		if err := a.writeMetrics(prometheus); err != nil {
			return err
		}
	}
	if err := g.showChecked(a); err != nil {
		return err
	}
	g.reportEach(a.errs)
	switch {
	case slices.ContainsFunc(a.rows, row.due):
		return codeError(exitDue)
	case len(a.errs) > 0:
		return codeError(exitFailed)
	}
	return nil
}

// gatherFor gathers all but the images.
func (g *globals) gatherFor(ctx context.Context, f *certFlags) (*gathering, error) {
	c, err := f.settings(g)
	if err != nil {
		return nil, err
	}
	for _, e := range c.Certificate.Check.Endpoints {
		if err := checkBastionGiven(c, e.Bastion); err != nil {
			return nil, err
		}
	}
	a, err := g.newGathering(c)
	if err != nil {
		return nil, err
	}
	return a, a.all(ctx)
}

func (g *globals) showChecked(a *gathering) error {
	if g.json {
		return g.printJSON(map[string]any{"due": slices.ContainsFunc(a.rows, row.due), "certificates": a.rows, "errors": texts(a.errs)})
	}
	rows := a.rows
	if g.quiet {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !r.due() })
	}
	if len(rows) == 0 {
		return nil
	}
	return writeRows(g.out(), rows)
}

// writeMetrics replaces the file at once: the collector may read it any time. A
// certificate that is missing counts as one that could not be read.
func (a *gathering) writeMetrics(path string) error {
	unread := len(a.errs)
	for _, r := range a.rows {
		if r.State == stateMissing {
			unread++
		}
	}
	var text bytes.Buffer
	if err := metrics.Write(&text, a.infos, unread, a.now); err != nil {
		return err
	}
	if err := maybe.WriteFile(path, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}
