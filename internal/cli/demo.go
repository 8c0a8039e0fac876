package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/sandbox"
	"github.com/spf13/cobra"
)

func demoCommand(g *globals) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Replay the outage of July 2015 on the sandbox, start to end",
		Long: `demo starts the sandbox with the farm of July 2015, plans the rotation of its
expired certificate, carries it out over real SSH and WinRM, and checks on disk
what has become of every image and static worker. It needs no AWS account and no network.

Exit codes: 0 all of it went as it should; 1 it did not; 2 bad usage, or a folder
that can't be used; 130 interrupted.`,
		Example: `  amirotate demo
  amirotate demo --dir /tmp/july-2015`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, remove, err := g.demoDir(dir)
			if err != nil {
				return err
			}
			defer remove()
			if err := g.demo(cmd.Context(), folder); err != nil {
				return err
			}
			g.sayHowToBegin(dir)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "`DIR` to keep everything in (default: a temporary one)")
	return cmd
}

// demoDir is the folder that was asked for, or one that goes afterwards.
func (g *globals) demoDir(dir string) (string, func(), error) {
	if dir != "" {
		return g.abs(dir), func() {}, nil
	}
	tmp, err := os.MkdirTemp("", "amirotate-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("cannot make a folder for the demo: %w", err)
	}
	return tmp, func() { _ = os.RemoveAll(tmp) }, nil
}

func (g *globals) demo(ctx context.Context, dir string) error {
	s, err := sandbox.Start(ctx, sandbox.Options{Dir: dir, Listen: "127.0.0.1:0"})
	if err != nil {
		return &usageError{err: err}
	}
	defer s.Close()
	g.say("July 2015. The certificate that every build worker pins has expired, and the\nfarm is down. Its AMIs and its static workers hold the old one; they are to hold\nthe new one.\n\n")
	before, err := snapshotImages(dir)
	if err != nil {
		return err
	}
	inner := *g
	inner.Process = g.Process.with(s.Environment())
	inner.config = s.Ready().Config
	r, err := inner.newRotation(ctx, config.Flags{})
	if err != nil {
		return err
	}
	defer r.close()
	r.config.LogDir = filepath.Join(dir, "runs") // not among those of real farms
	plan, err := r.plan(ctx)
	if err != nil {
		return err
	}
	if err := inner.carryOut(ctx, r, plan, rotateOptions{demo: true}); err != nil {
		return err
	}
	return g.checkDemo(dir, r, before)
}

// sayHowToBegin ends the demo. The commands that the rotation named find no farm
// any more: it goes with the demo.
func (g *globals) sayHowToBegin(kept string) {
	where := "Its folder was a temporary one; --dir DIR keeps it."
	if kept != "" {
		where = "Its folder is " + kept + "."
	}
	g.say("\nThis farm ends here, so that there is nothing left to be undone or asked.\n%s\n'amirotate sandbox' serves one to try commands on. On a farm of your own, begin\nwith 'amirotate init'.\n", where)
}

// checkDemo looks at the folders themselves: what EC2, the hosts and amirotate
// say is one thing, what lies on the disks another.
func (g *globals) checkDemo(dir string, r *rotation, before imageFolders) error {
	checks, err := checkFarm(dir, r.config, before)
	if err != nil {
		return err
	}
	g.say("\nLooked at on disk:\n\n")
	for _, c := range checks {
		verdict := "ok"
		if c.err != nil {
			verdict = "FAILED"
		}
		g.say("  %-7s %s\n", verdict, c.what)
	}
	for _, c := range checks {
		if c.err != nil {
			return fmt.Errorf("cannot confirm that %s: %w", c.what, c.err)
		}
	}
	g.say("\nThe farm is back: its list names images that hold the new certificate, and the\nstatic workers that were reached hold it, too.\n")
	return nil
}

// say writes to people only.
func (g *globals) say(format string, args ...any) {
	if !g.json && !g.quiet {
		fmt.Fprintf(g.Stdout, format, args...)
	}
}

// imageRoot is the folder that an image is in the sandbox.
func imageRoot(dir, image string) string { return filepath.Join(dir, "images", image, "root") }
