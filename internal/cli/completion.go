package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/iampolicy"
	"github.com/amirotate/amirotate/internal/runlog"
	"github.com/amirotate/amirotate/internal/spelling"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shells are those that completions are made for.
var shells = [...]string{"bash", "zsh", "fish", "powershell"}

func completionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash | zsh | fish | powershell",
		Short: "Print a shell's completions for amirotate",
		Long: `completion prints the script that makes a shell complete amirotate's commands,
flags and what they take. The Debian package installs them.

Exit codes: 0 printed; 2 bad usage.`,
		Example: `  source <(amirotate completion bash)
  amirotate completion zsh >"${fpath[1]}/_amirotate"
  amirotate completion fish >~/.config/fish/completions/amirotate.fish
  amirotate completion powershell | Out-String | Invoke-Expression`,
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: shells[:],
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), g.Stdout
			shell := strings.Join(args, "")
			switch shell {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return usagef(nearShell(shell), "cannot complete for %q: it is none of the shells that are known", shell)
		},
	}
}

func nearShell(name string) string {
	if near := spelling.Nearest(name, shells[:]); near != "" {
		return "did you mean '" + near + "'?"
	}
	return "name one of bash, zsh, fish and powershell"
}

// completable says for a command, its flags and all below it what completes
// them: the word in capitals that stands for a value in their help decides.
func completable(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil {
		_, takes, _ := strings.Cut(cmd.Use, " ")
		cmd.ValidArgsFunction = completionOf(takes)
	}
	complete := func(f *pflag.Flag) {
		_ = cmd.RegisterFlagCompletionFunc(f.Name, completionOfFlag(f)) // fails where a command has its own
	}
	cmd.LocalNonPersistentFlags().VisitAll(complete)
	cmd.PersistentFlags().VisitAll(complete)
	for _, sub := range cmd.Commands() {
		completable(sub)
	}
}

// completionOfFlag looks the configuration's keys up only when it is asked: every
// run of the program makes it for every flag.
func completionOfFlag(f *pflag.Flag) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if values := valuesOf("--" + f.Name); values != nil {
			return values, cobra.ShellCompDirectiveNoFileComp
		}
		word, _ := pflag.UnquoteUsage(f)
		return completionOf(word)(cmd, args, begun)
	}
}

// valuesOf are what a flag may have whose key in the configuration has few values.
func valuesOf(flag string) []cobra.Completion {
	for _, k := range config.Keys() {
		if slices.Contains(k.Flags, flag) {
			return k.Values
		}
	}
	return nil
}

// completeRuns completes the names of runs that there is an event log of.
func (g *globals) completeRuns(o *reportOptions) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		folder, err := g.reportFolder(*o)
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		logs, _ := runlog.List(folder) // none that can be read
		for i, path := range logs {
			logs[i] = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		}
		return logs, cobra.ShellCompDirectiveNoFileComp
	}
}

func completionOf(takes string) cobra.CompletionFunc {
	answer := func(directive cobra.ShellCompDirective, words ...string) cobra.CompletionFunc {
		return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return words, directive
		}
	}
	switch {
	case strings.Contains(takes, "FILE"), strings.Contains(takes, "PATH"):
		return answer(cobra.ShellCompDirectiveDefault)
	case strings.Contains(takes, "DIR"), takes == "FOLDER":
		return answer(cobra.ShellCompDirectiveFilterDirs)
	case takes == "COMMAND":
		return answer(cobra.ShellCompDirectiveNoFileComp, iampolicy.Commands()...)
	}
	return answer(cobra.ShellCompDirectiveNoFileComp)
}
