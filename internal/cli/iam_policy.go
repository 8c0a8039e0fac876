package cli

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/iampolicy"
	"github.com/spf13/cobra"
)

func iamPolicyCommand(g *globals) *cobra.Command {
	var commands []string
	cmd := &cobra.Command{
		Use:   "iam-policy",
		Short: "Print the least IAM policy that the configuration needs",
		Long: `iam-policy prints an IAM policy document. It allows EC2 to be looked at, and only
what bears this tool's tags to be changed. No call is made. With --for it is for
some commands alone; probe is for status --probe, which logs in to instances of the
farm, and cert for certificates in SSM Parameter Store.

Exit codes: 0 printed; 2 bad usage or configuration.`,
		Example: `  amirotate iam-policy >policy.json
  amirotate iam-policy --for plan --for status`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return g.iamPolicy(commands) },
	}
	cmd.Flags().StringArrayVar(&commands, "for", nil, "`COMMAND` that it is for: "+strings.Join(iampolicy.Commands(), ", ")+" (repeatable; default all)")
	return cmd
}

func (g *globals) iamPolicy(commands []string) error {
	c, err := g.readConfig()
	if err != nil {
		return err
	}
	for _, name := range commands {
		if !slices.Contains(iampolicy.Commands(), name) {
			return usagef("--for takes "+strings.Join(iampolicy.Commands(), ", "), "cannot write a policy for %q: it is no command that calls EC2", name)
		}
	}
	if len(commands) == 0 {
		commands = iampolicy.Commands()
	}
	uses := iampolicy.Uses{
		Region: onlyRegion(c), Commands: commands, Windows: c.Platforms.Windows.Password.EC2 != "",
		Profile: c.Launch.InstanceProfile != "", Spot: c.Launch.Spot, Claims: c.RunsCommands(),
		Parameters: c.Certificate.Store.SSM, ParametersRegion: cmp.Or(c.Certificate.Store.Region, c.Region),
		KMSKey: c.Certificate.Store.KMSKey,
	}
	for _, o := range c.Overrides {
		uses.Windows = uses.Windows || o.Password.EC2 != ""
	}
	policy := iampolicy.For(uses)
	if len(policy.Statement) == 0 {
		return usagef("set certificate.store.ssm if they are to be kept in SSM Parameter Store",
			"cannot write a policy for cert: certificates are kept in files, which takes no permission of AWS")
	}
	enc := json.NewEncoder(g.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(policy)
}

// onlyRegion is "", which is any, if the configuration names several.
func onlyRegion(c *config.Config) string {
	if len(c.OtherRegions()) > 0 {
		return ""
	}
	return c.Region
}
