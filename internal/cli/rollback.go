package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/amirotate/amirotate/internal/config"
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
No image is removed, so a rotation run afterwards reuses the replacements.

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
	back, err := rotate.PlanRollback(ctx, farm.cloud, farm.list)
	if err != nil {
		return beforeStart(err)
	}
	if len(back.Problems) > 0 {
		return &rotate.BlockedError{Problems: back.Problems}
	}
	if len(back.Previous) > 0 {
		store, err := g.listStore(farm.config)
		if err != nil {
			return err
		}
		if err := store.Replace(ctx, farm.list.Pack(), back.Rewrite.List.Pack()); err != nil {
			return err
		}
	}
	return g.showRollback(farm.list, back)
}

func (g *globals) showRollback(was *slavelist.List, back *rotate.Rollback) error {
	if g.json {
		edits := append([]slavelist.Edit{}, back.Rewrite.Edits...)
		return json.NewEncoder(g.Stdout).Encode(map[string]any{"edits": edits, "list_rewritten": len(edits) > 0})
	}
	if g.quiet {
		return nil
	}
	if len(back.Previous) == 0 {
		fmt.Fprintln(g.Stdout, "Nothing to roll back: no image of the list is a replacement.")
		return nil
	}
	fmt.Fprintf(ui.Printable(g.Stdout), "The list, passwords masked:\n\n%s", slavelist.MaskedDiff(was, back.Rewrite.List))
	return nil
}
