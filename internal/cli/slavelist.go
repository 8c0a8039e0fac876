package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/spf13/cobra"
)

func slavelistCommand(g *globals) *cobra.Command {
	return heading("slavelist", "Read Buildbot's slave list",
		slavelistShowCommand(g), slavelistCheckCommand(g))
}

func slavelistShowCommand(g *globals) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Show the workers, passwords masked",
		Long: `show reads the list as Buildbot's master.cfg does and shows its workers.

Exit codes: 0 shown; 2 malformed lines, or the file can't be read.`,
		Example: `  amirotate slavelist show slave-list.txt
  amirotate slavelist show --json slave-list.txt | jq '.entries[].ami'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := g.namedList(cmd.Context(), path, args)
			if err != nil {
				return err
			}
			return g.showList(list)
		},
	}
	cmd.Flags().StringVar(&path, "slave-list", "", "the slave list, `PATH` (default: the configuration's)")
	return cmd
}

func slavelistCheckCommand(g *globals) *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Report every malformed line with its number",
		Long: `check reads the list as Buildbot's master.cfg does and reports every line that
would stop the master.

Exit codes: 0 no malformed line; 2 some, or the file can't be read.`,
		Example: `  amirotate slavelist check slave-list.txt`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := g.namedList(cmd.Context(), path, args)
			if err != nil {
				return g.malformed(err)
			}
			return g.wellFormed(list)
		},
	}
	cmd.Flags().StringVar(&path, "slave-list", "", "the slave list, `PATH` (default: the configuration's)")
	return cmd
}

// namedList reads the list that an argument, the flag or the configuration names.
func (g *globals) namedList(ctx context.Context, path string, args []string) (*slavelist.List, error) {
	if len(args) == 1 {
		path = args[0]
	}
	c, err := g.readConfig()
	if err != nil && path == "" {
		return nil, err
	}
	if path != "" {
		if err != nil { // a list can be looked at while the configuration is broken
			c = config.New(g.Getenv)
		}
		c.SlaveList = g.listPath(path)
	}
	if c.SlaveList == "" {
		return nil, usagef("name it: amirotate slavelist check slave-list.txt; or set slave_list in amirotate.yaml", "cannot read the slave list: none is given")
	}
	store, err := g.listStore(c)
	if err != nil {
		return nil, err
	}
	data, err := store.Read(ctx)
	if err != nil {
		return nil, err
	}
	return slavelist.Parse(c.SlaveList, data)
}

func (g *globals) showList(list *slavelist.List) error {
	if g.json {
		return json.NewEncoder(g.Stdout).Encode(map[string]any{"path": list.Name(), "entries": list.Entries()})
	}
	tw := tabwriter.NewWriter(ui.Printable(g.Stdout), 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "LINE\tWORKER\tPASSWORD\tAMI\tTYPE\tBUILDS\tOTHER")
	for _, e := range list.Entries() {
		ami, kind := e.AMI, e.InstanceType
		if e.Static() {
			ami, kind = "-", "-"
		}
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\t%d\t%s\n", e.Line, e.Name, e.Password, ami, kind, e.MaxBuilds, otherKeys(e))
	}
	return tw.Flush()
}

// otherKeys are those that have no column of their own.
func otherKeys(e slavelist.Entry) string {
	var out []string
	for _, kv := range e.Keys {
		switch kv.Key {
		case "ami", "instance_type", "max_builds":
		default:
			out = append(out, kv.Key+"="+kv.Value)
		}
	}
	return strings.Join(out, " ")
}

// malformed reports a list's malformed lines to programs, where they ask for
// it; people are told by the error itself.
func (g *globals) malformed(err error) error {
	var parse *slavelist.ParseError
	if !g.json || !errors.As(err, &parse) {
		return err
	}
	if writeErr := json.NewEncoder(g.Stdout).Encode(map[string]any{"ok": false, "problems": parse.Problems}); writeErr != nil {
		return writeErr
	}
	return err
}

func (g *globals) wellFormed(list *slavelist.List) error {
	if g.json {
		return json.NewEncoder(g.Stdout).Encode(map[string]any{"ok": true, "entries": len(list.Entries()),
			"images": list.Images(), "problems": list.Warnings()})
	}
	out := ui.Printable(g.Stdout)
	for _, w := range list.Warnings() {
		fmt.Fprintf(out, "warning: %s\n", w)
	}
	if !g.quiet {
		fmt.Fprintf(out, "%s: %d workers, %d images, no malformed line\n", list.Name(), len(list.Entries()), len(list.Images()))
	}
	return nil
}
