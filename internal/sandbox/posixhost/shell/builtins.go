package shell

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
)

// oursPrefix marks a command name that stands for this package's own builtin,
// or for a utility that may not be a function.
const oursPrefix = "\x00"

// call replaces calls of the interpreter's builtins by those of this package.
func (prog *program) call(ctx context.Context, args []string) ([]string, error) {
	if prog.isFunction(args[0]) {
		return args, nil
	}
	return prog.rewrite(ctx, args), nil
}

func (prog *program) isFunction(name string) bool {
	_, ok := prog.functions.Load(name)
	return ok
}

// rewrite is call for a name that is no function.
func (prog *program) rewrite(ctx context.Context, args []string) []string {
	switch args[0] {
	case "echo", "printf", "test", "[", "pwd", "true", "false":
		return ours(args)
	case "umask", "kill", "ulimit", "type", "hash", "times":
		return ours(args)
	case "command":
		return prog.command(ctx, args)
	case "trap":
		return prog.trap(args)
	case "cd":
		return prog.cd(args)
	case ".":
		return prog.dot(ctx, args)
	case "eval":
		return prog.eval(args)
	case "export", "readonly", "local":
		return prog.declare(args)
	case "source", "shopt", "declare", "typeset", "let", "mapfile", "readarray", "pushd", "popd", "dirs",
		"builtin", "help", "caller", "enable", "history", "disown", "compgen", "complete", "compopt", "bind":
		return append([]string{oursPrefix + "missing"}, args...) // bash's, not dash's
	}
	return args
}

func ours(args []string) []string {
	return append([]string{oursPrefix + args[0]}, args[1:]...)
}

type builtin func(*program, context.Context, interp.HandlerContext, []string) error

func builtins() map[string]builtin {
	return map[string]builtin{
		"umask": umask, "kill": kill, "ulimit": ulimit, "type": typeOf, "hash": hash, "times": times,
		"which": which, "status": status, "missing": missing,
	}
}

// status fails with a message: its status, then the words.
func status(_ *program, _ context.Context, hc interp.HandlerContext, args []string) error {
	n, _ := strconv.Atoi(args[0])
	if len(args) > 1 {
		fmt.Fprintf(hc.Stderr, "sh: %s\n", strings.Join(args[1:], " "))
	}
	return exitStatus(n)
}

func missing(_ *program, _ context.Context, hc interp.HandlerContext, args []string) error {
	fmt.Fprintf(hc.Stderr, "sh: %s: not found\n", args[0])
	return interp.ExitStatus(127)
}

// umask keeps its value in a variable, so that a subshell has its own.
func umask(prog *program, ctx context.Context, hc interp.HandlerContext, args []string) error {
	now := prog.view(hc).Umask
	symbolic := len(args) > 0 && args[0] == "-S"
	if symbolic {
		args = args[1:]
	}
	if len(args) == 0 {
		text := fmt.Sprintf("%04o\n", now)
		if symbolic {
			text = symbolicMask(uint32(now))
		}
		_, err := io.WriteString(hc.Stdout, text)
		return writeStatus(err)
	}
	mask, ok := commands.Umask(args[0], now)
	if !ok {
		fmt.Fprintf(hc.Stderr, "sh: umask: Illegal mode: %s\n", args[0])
		return interp.ExitStatus(2)
	}
	return hc.Builtin(ctx, []string{"eval", fmt.Sprintf("%s=%04o", umaskVar, mask)})
}

func symbolicMask(mask uint32) string {
	allowed := ^mask & 0o777
	var parts []string
	for i, who := range []string{"u=", "g=", "o="} {
		bits := allowed >> (6 - 3*i) & 7
		for j, letter := range []string{"r", "w", "x"} {
			if bits&(4>>j) != 0 {
				who += letter
			}
		}
		parts = append(parts, who)
	}
	return strings.Join(parts, ",") + "\n"
}

func writeStatus(err error) error {
	if err != nil {
		return interp.ExitStatus(1)
	}
	return nil
}

// kill knows no process but the shell itself, which is there.
func kill(_ *program, _ context.Context, hc interp.HandlerContext, args []string) error {
	if len(args) == 2 && args[0] == "-0" {
		return nil
	}
	if len(args) == 1 && args[0] == "-l" {
		_, err := io.WriteString(hc.Stdout, "HUP INT QUIT KILL PIPE TERM\n")
		return writeStatus(err)
	}
	fmt.Fprintln(hc.Stderr, "sh: kill: No such process")
	return interp.ExitStatus(1)
}

func ulimit(_ *program, _ context.Context, hc interp.HandlerContext, args []string) error {
	if len(args) > 0 && !strings.HasPrefix(args[len(args)-1], "-") {
		return nil
	}
	_, err := io.WriteString(hc.Stdout, "unlimited\n")
	return writeStatus(err)
}

func times(_ *program, _ context.Context, hc interp.HandlerContext, _ []string) error {
	_, err := io.WriteString(hc.Stdout, "0m0.000000s 0m0.000000s\n0m0.000000s 0m0.000000s\n")
	return writeStatus(err)
}

// hash succeeds for commands that there are.
func hash(prog *program, _ context.Context, hc interp.HandlerContext, args []string) error {
	for _, name := range args {
		if name != "-r" && prog.find(hc, name) == "" {
			fmt.Fprintf(hc.Stderr, "sh: hash: %s: not found\n", name)
			return interp.ExitStatus(127)
		}
	}
	return nil
}

// which is command -v, which looks at its first operand alone.
func which(prog *program, _ context.Context, hc interp.HandlerContext, args []string) error {
	if len(args) == 0 {
		return interp.ExitStatus(2)
	}
	found := prog.find(hc, args[0])
	if found == "" {
		return interp.ExitStatus(127)
	}
	_, err := io.WriteString(hc.Stdout, found+"\n")
	return writeStatus(err)
}

func typeOf(prog *program, _ context.Context, hc interp.HandlerContext, args []string) error {
	status := error(nil)
	for _, name := range args {
		line := ""
		switch found := prog.find(hc, name); {
		case found == "":
			line, status = name+": not found", interp.ExitStatus(127)
		case syntax.IsKeyword(name):
			line = name + " is a shell keyword"
		case prog.isFunction(name):
			line = name + " is a shell function"
		case strings.HasPrefix(found, "/"):
			line = name + " is " + found
		case slices.Contains(special(), name):
			line = name + " is a special shell builtin"
		default:
			line = name + " is a shell builtin"
		}
		if _, err := io.WriteString(hc.Stdout, line+"\n"); err != nil {
			return writeStatus(err)
		}
	}
	return status
}

// find returns what command -v prints, "" for nothing.
func (prog *program) find(hc interp.HandlerContext, name string) string {
	if prog.isFunction(name) || syntax.IsKeyword(name) || isBuiltin(name) {
		return name
	}
	where, err := prog.shell.lookUp(prog.view(hc), hc.Env.Get("PATH").String(), name)
	if err != nil {
		return ""
	}
	return where
}

func special() []string {
	return []string{".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times", "trap", "unset"}
}

// isBuiltin tells what dash has built in.
func isBuiltin(name string) bool {
	switch name {
	case "alias", "bg", "cd", "command", "echo", "false", "fg", "getopts", "hash", "jobs", "kill", "local",
		"printf", "pwd", "read", "test", "[", "true", "type", "ulimit", "umask", "unalias", "wait":
		return true
	}
	return slices.Contains(special(), name)
}
