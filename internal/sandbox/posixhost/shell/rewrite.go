package shell

import (
	"context"
	"strings"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// command runs a command that is no function, or tells where it is (-v, -V).
func (prog *program) command(ctx context.Context, args []string) []string {
	rest := args[1:]
	for len(rest) > 0 && len(rest[0]) > 1 && rest[0][0] == '-' {
		flag := rest[0]
		rest = rest[1:]
		switch flag {
		case "-v":
			return append([]string{oursPrefix + "which"}, rest...)
		case "-V":
			return append([]string{oursPrefix + "type"}, rest...)
		case "-p", "--":
		default:
			return []string{oursPrefix + "status", "2", "command: Illegal option " + flag}
		}
	}
	if len(rest) == 0 {
		return []string{oursPrefix + "true"}
	}
	if replaced := prog.rewrite(ctx, rest); replaced[0] != rest[0] {
		return replaced
	}
	if interp.IsBuiltin(rest[0]) {
		return append([]string{"builtin"}, rest...)
	}
	return ours(rest)
}

// trap keeps what the interpreter knows (EXIT), remembers HUP for the end of the
// connection, and accepts the other signals, which nobody sends here.
func (prog *program) trap(args []string) []string {
	rest := args[1:]
	if len(rest) > 0 && rest[0] == "--" {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return args
	}
	action, signals := rest[0], rest[1:]
	if len(signals) == 0 || isNumber(action) {
		action, signals = "-", rest
	}
	var lines []string
	for _, s := range signals {
		switch strings.TrimPrefix(strings.ToUpper(s), "SIG") {
		case "EXIT", "0":
			lines = append(lines, "trap -- "+quote(action)+" EXIT")
		case "HUP", "1":
			if action == "-" {
				lines = append(lines, hangVar+"=")
			} else {
				lines = append(lines, hangVar+"="+quote(action))
			}
		case "INT", "2", "QUIT", "3", "KILL", "9", "USR1", "10", "USR2", "12", "PIPE", "13", "ALRM", "14", "TERM", "15", "CHLD", "17", "CONT", "18":
		default:
			return []string{oursPrefix + "status", "1", "trap: " + s + ": bad trap"}
		}
	}
	if len(signals) == 1 && len(lines) == 1 && signals[0] == "EXIT" {
		return []string{"trap", "--", action, "EXIT"}
	}
	if len(lines) == 0 {
		return []string{oursPrefix + "true"}
	}
	return []string{"eval", strings.Join(lines, "\n")}
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// cd takes -L, -P and -- off, which the interpreter does not know.
func (prog *program) cd(args []string) []string {
	rest := args[1:]
	for len(rest) > 0 && (rest[0] == "-L" || rest[0] == "-P" || rest[0] == "--") {
		rest = rest[1:]
	}
	return append([]string{"cd"}, rest...)
}

// dot looks a script up in the instance's PATH.
func (prog *program) dot(ctx context.Context, args []string) []string {
	if len(args) < 2 || strings.Contains(args[1], "/") {
		return args
	}
	hc := interp.HandlerCtx(ctx)
	view := prog.view(hc)
	for dir := range strings.SplitSeq(hc.Env.Get("PATH").String(), ":") {
		where := view.Abs(dir + "/" + args[1])
		if info, err := view.Stat(where); err == nil && info.Mode().IsRegular() {
			return append([]string{".", where}, args[2:]...)
		}
	}
	return []string{oursPrefix + "status", "2", ".: " + args[1] + ": not found"}
}

// eval makes sure that what the interpreter would take as bash is POSIX.
func (prog *program) eval(args []string) []string {
	source := strings.Join(args[1:], " ")
	file, err := syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(strings.NewReader(source), "eval")
	if err != nil {
		return []string{oursPrefix + "status", "2", err.Error()}
	}
	if err := prog.adapt(file); err != nil {
		return []string{oursPrefix + "status", "2", err.Error()}
	}
	var adapted strings.Builder
	if err := syntax.NewPrinter().Print(&adapted, file); err != nil {
		return []string{oursPrefix + "status", "2", err.Error()}
	}
	return []string{"eval", adapted.String()}
}

// declare hands export, readonly and local to the interpreter, which takes them
// for keywords of bash and not for commands. A local variable without a value
// keeps the outer one's, as in dash.
func (prog *program) declare(args []string) []string {
	line := args[0]
	if len(args) == 1 || strings.HasPrefix(args[1], "-") {
		return []string{oursPrefix + "status", "2", args[0] + ": a name is needed here"}
	}
	for _, arg := range args[1:] {
		name, value, given := strings.Cut(arg, "=")
		if !syntax.ValidName(name) {
			return []string{oursPrefix + "status", "2", args[0] + ": " + arg + ": bad variable name"}
		}
		switch {
		case given:
			line += " " + name + "=" + quote(value)
		case args[0] == "local":
			line += " " + name + `="${` + name + `-}"`
		default:
			line += " " + name
		}
	}
	return []string{"eval", line}
}
