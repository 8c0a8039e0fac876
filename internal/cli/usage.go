package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/amirotate/amirotate/internal/spelling"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// asUsage makes arguments that a command doesn't take, an unknown subcommand
// among them, a mistake in usage; so are two flags that exclude each other.
func asUsage(cmd *cobra.Command) {
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if check != nil && check(cmd, args) == nil {
			return exclusive(cmd)
		}
		if cmd.HasSubCommands() {
			return usagef(nearCommand(cmd, args[0]), "cannot do %q: '%s' has no such command", args[0], cmd.CommandPath())
		}
		return usagef(helpOf(cmd), "cannot understand %q: '%s' takes no such argument", args[len(args)-1], cmd.CommandPath())
	}
	for _, sub := range cmd.Commands() {
		asUsage(sub)
	}
}

func exclusive(cmd *cobra.Command) error {
	if err := cmd.ValidateFlagGroups(); err != nil {
		return usagef("leave one of them", "cannot be quiet and verbose at once")
	}
	return nil
}

func helpOf(cmd *cobra.Command) string { return "see '" + cmd.CommandPath() + " --help'" }

func nearCommand(cmd *cobra.Command, name string) string {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if near := spelling.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean '%s %s'?", cmd.CommandPath(), near)
	}
	return helpOf(cmd)
}

// badFlag says what is wrong with a flag, and which one may have been meant.
func badFlag(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		value   *pflag.InvalidValueError
		without *pflag.ValueRequiredError
	)
	switch {
	case errors.As(err, &unknown):
		return usagef(nearFlag(cmd, unknown.GetSpecifiedName()), "cannot understand %s: '%s' has no such flag",
			dashed(unknown.GetSpecifiedName()), cmd.CommandPath())
	case errors.As(err, &value):
		kind := value.GetFlag().Value.Type()
		return usagef(helpOf(cmd), "cannot use --%s %s: that is no %s", value.GetFlag().Name, value.GetValue(), kindWords(kind))
	case errors.As(err, &without):
		return usagef(helpOf(cmd), "cannot use %s: it needs a value", dashed(without.GetSpecifiedName()))
	}
	return usagef(helpOf(cmd), "cannot understand the flags: %w", err)
}

func dashed(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// kindWords says in words what kind of value a flag takes.
func kindWords(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "int":
		return "whole number"
	case "duration":
		return "duration such as 90m or 36h"
	}
	return kind
}

func nearFlag(cmd *cobra.Command, name string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := spelling.Nearest(name, names); near != "" {
		return "did you mean --" + near + "?"
	}
	return helpOf(cmd)
}

// heading makes a command that only holds others.
func heading(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return usagef(helpOf(cmd), "cannot do '%s' alone: say which of %s", cmd.CommandPath(), strings.Join(names, ", "))
	}}
	for _, sub := range subs {
		first, _, _ := strings.Cut(sub.Example, "\n")
		cmd.Example = strings.TrimPrefix(cmd.Example+"\n"+first, "\n")
	}
	cmd.Long = short + ".\n\nExit codes are those of its commands."
	cmd.AddCommand(subs...)
	return cmd
}

// subcommands names those of the command that some words stand for.
func subcommands(root *cobra.Command, words []string) (names []cobra.Completion) {
	cmd, rest, err := root.Find(words)
	if err != nil || len(rest) > 0 {
		return nil
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
		}
	}
	return names
}

func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Explain a command",
		Long: `help explains a command, as its --help does.

Exit codes: 0 explained; 2 there is no such command.`,
		Example: `  amirotate help cert ensure`,
		Args:    cobra.ArbitraryArgs,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return subcommands(root, args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				if cmd == nil {
					cmd = root
				}
				word := args[len(args)-max(1, len(rest))]
				return usagef(nearCommand(cmd, word), "cannot explain %q: '%s' has no such command", word, cmd.CommandPath())
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}
