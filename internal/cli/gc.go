package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/spf13/cobra"
)

// gcOptions are gc's own flags.
type gcOptions struct {
	yes       bool
	keep      int
	olderThan time.Duration
}

func gcCommand(g *globals) *cobra.Command {
	var flags config.Flags
	var o gcOptions
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove what dead runs left, and superseded images beyond --keep",
		Long: `gc finds builders, provers, images that were never proven and snapshots that
belong to no image, all of them bearing this tool's tags; with --keep also
replacements that neither the list nor anything else uses any more. It only says
what it would remove, unless --yes is given. It can't tell a dead run from one
that is going on elsewhere: --older-than leaves alone what is young.

Exit codes: 0 done, or nothing to do; 1 something could not be removed; 2 bad
usage or configuration.`,
		Example: `  amirotate gc
  amirotate gc --keep 2 --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.gc(cmd.Context(), flags, o) },
	}
	farmFlags(cmd, &flags)
	cmd.Flags().BoolVar(&o.yes, "yes", false, "remove what is found")
	cmd.Flags().IntVar(&o.keep, "keep", -1, "remove superseded replacements but for the newest `N` of each image; negative keeps all")
	cmd.Flags().DurationVar(&o.olderThan, "older-than", 0, "leave alone what is younger than this `DURATION`")
	return cmd
}

func (g *globals) gc(ctx context.Context, f config.Flags, o gcOptions) error {
	farm, err := g.newFarm(ctx, f)
	if err != nil {
		return err
	}
	if len(farm.list.Images()) == 0 {
		return usagef("gc looks in EC2 alone: a farm of static workers has nothing there; otherwise name the list that the buildmaster reads",
			"cannot tell which images are in use: no worker of %s has one", farm.config.SlaveList)
	}
	gc := &rotate.GarbageCollector{Inventory: farm.cloud, Collector: farm.cloud, Watcher: farm.cloud, List: farm.list,
		Keep: o.keep, OlderThan: o.olderThan, Wait: rotate.Waits{Stop: farm.config.Waits.Stop}.OrDefault().Stop, Now: g.Now}
	found, err := gc.Find(ctx)
	if err != nil {
		return beforeStart(err)
	}
	if o.yes {
		found, err = gc.Remove(ctx, found)
	}
	if showErr := g.showLeftovers(found, o.yes); err == nil {
		err = showErr
	}
	return err
}

func (g *globals) showLeftovers(found []rotate.Leftover, removed bool) error {
	if g.json {
		if found == nil {
			found = []rotate.Leftover{}
		}
		return json.NewEncoder(g.Stdout).Encode(map[string]any{"found": found, "removed": removed})
	}
	if g.quiet {
		return nil
	}
	if len(found) == 0 {
		fmt.Fprintln(g.Stdout, "Nothing is left over.")
		return nil
	}
	tw := tabwriter.NewWriter(ui.Printable(g.Stdout), 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "KIND\tID\tMADE FOR\tSINCE\tWHY\tDONE")
	for _, l := range found {
		done := "would be removed"
		switch {
		case l.Error != "":
			done = l.Error
		case removed:
			done = "removed"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", l.Kind, l.ID, l.Image, l.Since.UTC().Format(time.RFC3339), l.Reason, done)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if !removed {
		fmt.Fprintln(g.Stdout, "\nNothing was removed; --yes removes them.")
	}
	return nil
}
