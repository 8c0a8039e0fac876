package cli

import (
	"context"
	"time"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/spf13/cobra"
)

func refreshCommand(g *globals) *cobra.Command {
	var flags config.Flags
	var o refreshOptions
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Keep the certificate and the images fresh, on a schedule",
		Long: `refresh is for a schedule; it may be started every hour. It ensures the
certificate as 'cert ensure' does, where one is kept, and replaces the images of
the list that don't have the current one, or were made in an earlier epoch
(refresh.epoch: week, month or quarter), as rotate does. While all is good it only
looks: no instance is launched, and nobody is notified.

Where commands are configured, they are run on each builder before its image is
made: security updates, say. If one fails or takes too long, no image is made.

What hosts may hold now is what certificate.old names, what stood in the
certificate's place before, and what the tags of replacements say.

If a refresh of the same list is going on on this machine, this one leaves it to
that. 'amirotate schedule' prints what starts it.

` + exitCodesHelp,
		Example: `  amirotate refresh
  amirotate refresh --report refresh.html
  amirotate refresh --quiet --random-delay 20m --prometheus /var/lib/prometheus/node-exporter/amirotate-refresh.prom`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.delayGiven = cmd.Flags().Changed("random-delay")
			return g.refresh(cmd.Context(), flags, o)
		},
	}
	farmFlags(cmd, &flags)
	masterFlags(cmd, &flags)
	logFlags(cmd, &flags)
	reportFlag(cmd, &o.report)
	cmd.Flags().BoolVar(&o.allowPartial, "allow-partial", false, "rewrite the list for the images that are proven even if others are not")
	cmd.Flags().DurationVar(&o.delay, "random-delay", 0, "begin after a random time of up to this `DURATION`; 0 for at once (default: the configuration's)")
	cmd.Flags().StringVar(&o.prometheus, "prometheus", "", "also write `FILE` for the node exporter's textfile collector, named *.prom")
	return cmd
}

// refreshOptions are refresh's own flags.
type refreshOptions struct {
	allowPartial bool
	delay        time.Duration
	delayGiven   bool
	prometheus   string // path, "" for none
	report       string // path of the page to write, "" for none
}

// refresh is the whole command. Once the configuration is read, metrics and
// notifications tell how it ended, whatever that was.
func (g *globals) refresh(ctx context.Context, f config.Flags, o refreshOptions) error {
	c, err := g.refreshSettings(f, o)
	if err != nil {
		return g.notStarted(err)
	}
	claim, unlock, err := lockRefresh(c.RefreshLock(g.configPath()))
	if err != nil {
		return g.notRefreshed(err)
	}
	defer unlock()
	if err := g.delay(ctx, c.Refresh.RandomDelay); err != nil {
		return g.notStarted(err)
	}
	r := &refreshing{globals: g, config: c, flags: f, allowPartial: o.allowPartial, claim: claim, report: o.report}
	err = r.run(ctx)
	if writeErr := r.writeMetrics(g.abs(o.prometheus), err); err == nil {
		err = writeErr
	}
	g.notify(ctx, c, r.ended(err))
	return err
}

func (g *globals) refreshSettings(f config.Flags, o refreshOptions) (*config.Config, error) {
	if o.delay < 0 {
		return nil, usagef("write it as 20m", "cannot wait for a random part of %s", o.delay)
	}
	if err := g.checkReport(o.report); err != nil {
		return nil, err
	}
	c, err := g.readConfig()
	if err != nil {
		return nil, err
	}
	if err := c.Apply(f, g.Dir); err != nil {
		return nil, err
	}
	if o.delayGiven {
		c.Refresh.RandomDelay = o.delay
	}
	return c, g.withoutFile(c.ValidateRefresh())
}
