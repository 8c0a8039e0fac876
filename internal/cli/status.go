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
	var probe bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show who holds which certificate, and whether the master may switch",
		Long: `status shows, for each image of the list, which certificate its tags say that it
holds, for each instance that runs on one of them, or on one that they have
replaced, which certificate it booted with, and what the master presents. Its
last line says whether the master may switch, and who stands in the way. It
changes nothing, and logs in nowhere unless --probe asks for it: then it reads
the certificate file on each running instance, which may not be what that booted
with, and on static workers, of which no tag tells. What was never rotated and
what can't be read counts as old; of static workers that nobody has asked it says
just that. A static worker that is optional never counts.

Exit codes: 0 all accept the new certificate: the master may switch; 1 could not
look; 2 bad usage or configuration; 3 something is behind, or does not accept
what the master presents; 4 nothing is, as far as was looked, but static workers
were not probed: run it again with --probe.`,
		Example: `  amirotate status --endpoint buildbot.example.org:9988
  amirotate status --probe
  amirotate status --json | jq '.in_the_way'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.status(cmd.Context(), flags, probe) },
	}
	farmFlags(cmd, &flags)
	accessFlags(cmd, &flags)
	masterFlags(cmd, &flags)
	cmd.Flags().StringArrayVar(&flags.OldCert, "old-cert", nil, "certificate `FILE` that hosts held before (repeatable)")
	cmd.Flags().StringVar(&flags.NewCert, "new-cert", "", "certificate `FILE` that all are to hold")
	cmd.Flags().BoolVar(&probe, "probe", false, "log in to running instances and static workers, and read what they hold")
	return cmd
}

func (g *globals) status(ctx context.Context, f config.Flags, probe bool) error {
	farm, err := g.newFarm(ctx, f)
	if err != nil {
		return err
	}
	kept := &keptItems{load: func() (keep.Store, keep.Items, error) { return g.loadKept(ctx, farm.config) }}
	known, err := readPinned(farm.config, kept, g.Now())
	if err != nil {
		return err
	}
	if err := checkBastionGiven(farm.config, farm.config.MasterEndpoint().Bastion); err != nil {
		return err
	}
	prober := g.newProber(farm.config, farm.cloud)
	defer prober.close()
	static, err := newStaticFarm(farm.config, farm.list, g.Getenv, prober.dialer)
	if err != nil {
		return err
	}
	defer static.close()
	static.tell(prober.access)
	look := &rotate.FleetLook{Static: static.unprobed(farm.config), Reader: farm.cloud, Pins: known.pins(), Overlap: farm.config.Overlaps(), Switches: farm.config.MasterSettings().Set(),
		Endpoint: masterEndpoint(farm.config, prober.dialer, known, g.Now)}
	if probe {
		look.Probe, look.StaticProbe = prober.probe(), static.probe(farm.config)
	}
	fleet, err := look.At(ctx, farm.list)
	if err != nil {
		return beforeStart(err)
	}
	if err := g.showFleet(fleet); err != nil {
		return err
	}
	return fleetCode(fleet)
}

// fleetCode is the exit code that a fleet's verdict stands for.
func fleetCode(fleet *rotate.Fleet) error {
	switch {
	case len(fleet.InTheWay)+len(fleet.LockedOut) > 0:
		return codeError(exitDue)
	case !fleet.Safe:
		return codeError(exitPartial)
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
