package cli

import (
	"context"
	"encoding/json"

	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/spf13/cobra"
)

func statusCommand(g *globals) *cobra.Command {
	var flags config.Flags
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show who holds which certificate, and who is behind",
		Long: `status shows, for each image of the list, which certificate its tags say that it
holds, and for each instance that runs on one of them, or on one that they have
replaced, which certificate it booted with. It changes nothing and logs in
nowhere.

Exit codes: 0 all hold the new certificate: the master may switch; 1 could not
look; 2 bad usage or configuration; 3 something is behind.`,
		Example: `  amirotate status
  amirotate status --json | jq '.in_the_way'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.status(cmd.Context(), flags) },
	}
	farmFlags(cmd, &flags)
	cmd.Flags().StringVar(&flags.NewCert, "new-cert", "", "certificate `FILE` that all are to hold")
	return cmd
}

func (g *globals) status(ctx context.Context, f config.Flags) error {
	farm, err := g.newFarm(ctx, f)
	if err != nil {
		return err
	}
	if farm.config.Certificate.New == "" {
		return usagef("set certificate.new, or use --new-cert", "cannot tell who is behind: no new certificate is given")
	}
	kept := &keptItems{load: func() (keep.Store, keep.Items, error) { return g.loadKept(ctx, farm.config) }}
	wanted, err := kept.read(farm.config.Certificate.New, true)
	if err != nil {
		return err
	}
	fleet, err := rotate.LookAtFleet(ctx, farm.cloud, farm.list, wanted.MD5)
	if err != nil {
		return err
	}
	if err := g.showFleet(fleet); err != nil {
		return err
	}
	if !fleet.Safe {
		return codeError(exitDue)
	}
	return nil
}

func (g *globals) showFleet(fleet *rotate.Fleet) error {
	switch {
	case g.json:
		return json.NewEncoder(g.Stdout).Encode(fleet)
	case !g.quiet:
		ui.WriteFleet(g.Stdout, fleet, g.Now())
	}
	return nil
}
