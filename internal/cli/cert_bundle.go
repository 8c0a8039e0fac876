package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/google/renameio/v2/maybe"
	"github.com/spf13/cobra"
)

func certBundleCommand(g *globals) *cobra.Command {
	var f certFlags
	var out string
	var allowExpired bool
	cmd := &cobra.Command{
		Use:   "bundle [FILE…]",
		Short: "Put old and new certificates into one file, for the time of the change",
		Long: `bundle writes the certificates of all files into one, without duplicates and
without keys, so that hosts accept old and new. Without FILEs it takes the
configuration's new certificate and its old ones.

Exit codes: 0 written; 2 bad usage or input, or an expired certificate without
--allow-expired.`,
		Example: `  amirotate cert bundle new-cert.pem old-cert.pem --out both.pem`,
		Args:    cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := f.settings(g)
			if err != nil {
				return err
			}
			return g.certBundle(g.bundled(c, args), g.abs(out), allowExpired)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write (default: standard output)")
	cmd.Flags().BoolVar(&allowExpired, "allow-expired", false, "put expired certificates in, too")
	return cmd
}

func (g *globals) bundled(c *config.Config, args []string) []string {
	var paths []string
	for _, arg := range args {
		paths = append(paths, g.abs(arg))
	}
	if len(args) == 0 && c.Certificate.New != "" && !strings.HasPrefix(c.Certificate.New, config.StorePrefix) {
		paths = slices.Concat([]string{c.Certificate.New}, c.Certificate.Old)
	}
	return paths
}

func (g *globals) certBundle(paths []string, out string, allowExpired bool) error {
	if len(paths) == 0 {
		return usagef("name the files, or set certificate.new and certificate.old", "cannot bundle: no file is given")
	}
	var files []*cert.File
	for _, path := range paths {
		file, err := cert.Load(path)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	bundle, problems := cert.Bundle(files, allowExpired, g.Now())
	var refusal error
	for _, p := range problems {
		if p.Severity == cert.SeverityError {
			refusal = usagef(p.Hint, "cannot bundle %s: %s", filepath.Base(paths[0]), p.Message)
			continue
		}
		fmt.Fprintf(g.Stderr, "amirotate: warning: %s\n", p.Message)
		if p.Hint != "" {
			fmt.Fprintf(g.Stderr, "  hint: %s\n", p.Hint)
		}
	}
	if refusal != nil {
		return refusal
	}
	if out == "" {
		_, err := g.Stdout.Write(bundle)
		return err
	}
	if err := maybe.WriteFile(out, bundle, 0o644); err != nil {
		return fmt.Errorf("cannot write %s: %w", out, err)
	}
	return nil
}
