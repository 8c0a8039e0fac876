package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/spf13/cobra"
)

func rollbackCommand(g *globals) *cobra.Command {
	var flags config.Flags
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Put the previous image ids back into the list",
		Long: `rollback finds, by the tags of each replacement that the list names, the image
that it replaced, and puts that one's id back. It refuses if one of them is gone.
The list becomes what it was before the last rotation (slave-list.txt.previous);
where it has been edited since, every replacement goes back by its tags. No image
is removed, so a rotation run afterwards reuses the replacements.

Where the configuration has a master, certificate and key go back there too, from
the copies that lie beside them, byte for byte; then its commands are run, and it
must present the old certificate. Where the images that the list is to name hold
the new certificate already, the master keeps its pair, and is only restarted.

Run again, it finishes what a run that died has left. It never goes back a
generation further, unless slave-list.txt.previous is moved away.

Static workers are left as they are: what they held before is nowhere kept.

Exit codes: 0 done, or nothing to do; 1 failed; 2 bad usage or configuration, or
a previous image that can't be used; 4 the list has changed meanwhile.`,
		Example: `  amirotate rollback
  amirotate rollback --slave-list slave-list.txt --region us-west-1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.rollback(cmd.Context(), flags) },
	}
	farmFlags(cmd, &flags)
	return cmd
}

func (g *globals) rollback(ctx context.Context, f config.Flags) error {
	farm, err := g.newFarm(ctx, f)
	if err != nil {
		return err
	}
	store, err := g.listStore(farm.config)
	if err != nil {
		return err
	}
	back, err := rotate.PlanRollback(ctx, farm.cloud, farm.list)
	if err == nil {
		back, err = asBefore(ctx, farm.cloud, store, farm.list, back)
	}
	if err != nil {
		return beforeStart(err)
	}
	if len(back.Problems) > 0 {
		return &rotate.BlockedError{Problems: back.Problems}
	}
	sw, err := g.masterOf(farm.config, g.keptOf(ctx, farm.config))
	if err != nil {
		return err
	}
	way, err := masterWayOf(ctx, farm, back, sw)
	if err == nil {
		err = way.prepare(ctx)
	}
	if err != nil {
		return err
	}
	if len(back.Previous) > 0 {
		if err := store.Replace(ctx, farm.list.Pack(), back.Rewrite.List.Pack()); err != nil {
			return err
		}
	}
	result, err := g.rollbackMaster(ctx, way)
	return errors.Join(err, g.showRollback(farm, back, result))
}

// rolledBack is what --json prints.
type rolledBack struct {
	Edits         []slavelist.Edit `json:"edits"`
	ListRewritten bool             `json:"list_rewritten"`
	Master        *master.Result   `json:"master,omitempty"`
}

func (g *globals) showRollback(farm *farm, back *rotate.Rollback, result *master.Result) error {
	if g.json {
		edits := append([]slavelist.Edit{}, back.Rewrite.Edits...)
		return json.NewEncoder(g.Stdout).Encode(rolledBack{edits, len(edits) > 0, result})
	}
	if g.quiet {
		return nil
	}
	switch {
	case back.Before:
		fmt.Fprintf(g.Stdout, "Nothing to roll back in the list: it was put back before. To go further back,\nmove its %s file away first.\n", previousSuffix)
	case len(back.Previous) == 0 && result == nil:
		fmt.Fprintln(g.Stdout, "Nothing to roll back: no image of the list is a replacement.")
	case len(back.Previous) == 0:
		fmt.Fprintln(g.Stdout, "Nothing to roll back in the list: no image of it is a replacement.")
	default:
		fmt.Fprintf(ui.Printable(g.Stdout), "The list, passwords masked:\n\n%s", slavelist.MaskedDiff(farm.list, back.Rewrite.List))
	}
	ui.WriteMaster(g.Stdout, result)
	if len(farm.config.Static) > 0 && (len(back.Previous) > 0 || result != nil) {
		fmt.Fprintln(g.Stdout, "\nStatic workers were left as they are; what they hold: amirotate status --probe")
	}
	return nil
}
