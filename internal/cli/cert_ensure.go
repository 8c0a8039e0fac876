package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/spf13/cobra"
)

func certEnsureCommand(g *globals) *cobra.Command {
	var f certFlags
	var subject string
	var names []string
	cmd := &cobra.Command{
		Use:   "ensure",
		Short: "Keep the certificate while it is good, make it when it is due",
		Long: `ensure leaves what it finds as it is while it is readable, consistent and
further from its end than renew_before (60 days unless configured). What is
missing, unreadable or due is made anew; what was there is kept beside it, with
the time in its name. Nothing else ever causes a new one. A place that can't be
asked (access denied, throttled, a time-out) is an error, and nothing is made.

Killed at any moment it leaves the old certificate and key or the new ones. In a
set, a certificate that is due is signed by the same authority; when the
authority itself is due, old and new are handed out together.

Exit codes: 0 kept or made; 1 failed; 2 bad usage, configuration or input.`,
		Example: `  amirotate cert ensure
  amirotate cert ensure --cert bot.pem --key bot-key.pem --subject 'CN=bot.example.org'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.settings(g)
			if err != nil {
				return err
			}
			if subject != "" {
				c.Certificate.Subject = subject
			}
			if len(names) > 0 {
				c.Certificate.Names = names
			}
			k, err := g.newKeeper(cmd.Context(), c)
			if err != nil {
				return err
			}
			return g.ensure(cmd.Context(), k)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&subject, "subject", "", "`SUBJECT` of what is made (default: the configuration's, else the old one's)")
	cmd.Flags().StringArrayVar(&names, "name", nil, "alternative `NAME` of what is made: host, address, URI (repeatable)")
	return cmd
}

func (g *globals) ensure(ctx context.Context, k *keeper) error {
	result, err := keep.Ensure(ctx, k.store, k.policy, g.Now)
	if err != nil {
		return storeError(err)
	}
	if k.file != "" {
		result.Store = k.file
	}
	infos, errs := k.inspect(result.Items, g.Now())
	g.reportEach(errs)
	if g.json {
		return g.printJSON(struct {
			keep.Result
			Certificates []cert.Info `json:"certificates"`
		}{result, infos})
	}
	g.showEnsured(result)
	return nil
}

func (g *globals) showEnsured(r keep.Result) {
	if g.quiet && !r.Changed {
		return
	}
	out := g.out()
	verb := "kept"
	if r.Changed {
		verb = "made " + strings.Join(r.Decision.Make, ", ")
	}
	fmt.Fprintf(out, "%s: %s\n", r.Store, verb)
	for _, reason := range r.Decision.Reasons {
		fmt.Fprintf(out, "  %s\n", reason)
	}
	for _, note := range r.Notes {
		fmt.Fprintf(out, "  note: %s\n", note)
	}
}
