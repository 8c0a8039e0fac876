package cli

import (
	"fmt"

	"github.com/amirotate/amirotate/internal/sandbox"
	"github.com/spf13/cobra"
)

func sandboxCommand(g *globals) *cobra.Command {
	var o sandbox.Options
	cmd := &cobra.Command{
		Use:   "sandbox --dir DIR",
		Short: "Serve an embedded EC2, its bastion and its hosts",
		Long: `sandbox serves an EC2 endpoint, a bastion and, behind it, hosts that exist only
in this process. Ordinary clients work on it: the AWS CLI, ssh -J, amirotate.
It ends with Ctrl-C, or SIGTERM; what it wrote stays.

Exit codes: 0 it was ended; 1 failed; 2 bad usage, folder or scenario, nothing
was started.`,
		Example: `  amirotate sandbox --dir /tmp/farm
  set -a; . /tmp/farm/env; set +a
  amirotate --config /tmp/farm/amirotate.yaml rotate`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Dir == "" {
				return usagef("give --dir a folder, such as a new one", "cannot serve a sandbox: no folder is given")
			}
			o.Dir, o.Scenario, o.ReadyFile = g.abs(o.Dir), g.abs(o.Scenario), g.abs(o.ReadyFile)
			s, err := sandbox.Start(cmd.Context(), o)
			if err != nil {
				return &usageError{err: err}
			}
			defer s.Close()
			ready := s.Ready()
			if !g.quiet {
				fmt.Fprintf(g.Stdout, "EC2      %s (%s)\nbastion  %s@%s\nconfig   %s\nenv      %s/env\nCtrl-C ends it.\n",
					ready.Endpoint, ready.Region, ready.Bastion.User, ready.Bastion.Address, ready.Config, o.Dir)
			}
			<-cmd.Context().Done()
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Dir, "dir", "", "`DIR` to keep everything in; what an earlier sandbox wrote there is replaced")
	flags.StringVar(&o.Scenario, "scenario", "", "scenario `FILE` (default: the outage of July 2015)")
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:0", "`ADDRESS` of the EC2 endpoint, on loopback")
	flags.StringVar(&o.ReadyFile, "ready-file", "", "`FILE` to write, as JSON, when all listens")
	return cmd
}
