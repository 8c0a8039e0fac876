package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// globals are what every command has.
type globals struct {
	*Process
	config  string // path; "" for amirotate.yaml here, if there
	json    bool
	quiet   bool
	verbose bool
}

// Run runs one command line and returns its exit code.
func Run(ctx context.Context, p *Process, args []string) int {
	root := newRoot(p)
	root.SetArgs(args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	err := root.ExecuteContext(ctx)
	writeError(p.Stderr, err)
	return exitCode(err)
}

// Commands returns the whole tree of commands, for manual pages.
func Commands() *cobra.Command { return newRoot(&Process{Getenv: func(string) string { return "" }}) }

func newRoot(p *Process) *cobra.Command {
	g := &globals{Process: p}
	root := &cobra.Command{
		Use:   "amirotate",
		Short: "Replace a certificate on the AMIs of a Buildbot slave list, and prove it",
		Long: `amirotate replaces a certificate on every AMI that a Buildbot slave list names,
proves it by booting what it made, and rewrites the list.

Three ways to start:

  amirotate plan      look first: what a rotation would do; nothing is changed
  amirotate rotate    the emergency: do it, by flags alone or by a configuration;
                      run again, it goes on where it was ended
  amirotate refresh   on a schedule: the certificate is made when it is due, images
                      that lack it are replaced; while all is good it only looks

'amirotate init' writes a first configuration, with what it can find filled in;
'amirotate demo' shows it all on an embedded EC2, without an account.

Exit codes: 0 done, or nothing to do; 1 failed; 2 bad usage, configuration or
input, nothing was started; 3 something is due; 4 partly done, run again to go
on; 130 interrupted.`,
		Example: `  amirotate init --slave-list slave-list.txt
  amirotate plan --config farm/amirotate.yaml
  amirotate rotate --json | tee rotation.jsonl`,
		Version:       versionText(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&g.config, "config", "", "configuration `FILE` (default amirotate.yaml here, if there)")
	flags.BoolVar(&g.json, "json", false, "print JSON for programs")
	flags.BoolVarP(&g.quiet, "quiet", "q", false, "print only what went wrong")
	flags.BoolVarP(&g.verbose, "verbose", "v", false, "print every step's start and detail")
	root.MarkFlagsMutuallyExclusive("quiet", "verbose")
	root.SetFlagErrorFunc(badFlag)
	root.SetVersionTemplate("amirotate {{.Version}}\n")
	root.CompletionOptions.DisableDefaultCmd = true
	for _, command := range [...]func(*globals) *cobra.Command{
		initCommand,
		planCommand,
		rotateCommand,
		refreshCommand,
		scheduleCommand,
		statusCommand,
		reportCommand,
		rollbackCommand,
		gcCommand,
		slavelistCommand,
		certCommand,
		iamPolicyCommand,
		sandboxCommand,
		demoCommand,
		completionCommand,
		versionCommand,
	} {
		root.AddCommand(command(g))
	}
	root.SetHelpCommand(helpCommand(root))
	asUsage(root)
	completable(root)
	return root
}
