package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// page writes a command's manual page in the man macros, which every man reads.
// Text keeps the paragraphs of the help; indented lines stay as they are.
func page(cmd *cobra.Command, date time.Time) string {
	r := &roff{}
	r.line(`.TH %s 1 %s "amirotate" "User Commands"`, escape(strings.ToUpper(dashed(cmd))), date.Format("2006-01-02"))
	r.heading("NAME")
	r.line(`%s \- %s`, escape(dashed(cmd)), escape(lowerFirst(cmd.Short)))
	r.synopsis(cmd)
	r.description(cmd)
	r.commands(cmd)
	r.options("OPTIONS", cmd.NonInheritedFlags())
	r.options("GLOBAL OPTIONS", cmd.InheritedFlags())
	if cmd.Example != "" {
		r.heading("EXAMPLES")
		r.verbatim(cmd.Example)
	}
	r.seeAlso(cmd)
	return r.b.String()
}

type roff struct {
	b     strings.Builder
	fresh bool // a heading came last
}

func (r *roff) line(format string, args ...any) { fmt.Fprintf(&r.b, format+"\n", args...) }

func (r *roff) heading(name string) {
	r.line(".SH %s", name)
	r.fresh = true
}

// paragraph begins one, but right after a heading, which does so itself.
func (r *roff) paragraph() {
	if !r.fresh {
		r.line(".PP")
	}
	r.fresh = false
}

func (r *roff) synopsis(cmd *cobra.Command) {
	r.heading("SYNOPSIS")
	usage := strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
	r.line(`.B %s`, escape(cmd.CommandPath()))
	if usage = strings.TrimSpace(usage); usage != "" {
		r.line("%s", start(escape(usage)))
	}
}

// description gives exit codes a heading of their own.
func (r *roff) description(cmd *cobra.Command) {
	r.heading("DESCRIPTION")
	for p := range strings.SplitSeq(cmd.Long, "\n\n") {
		codes, isCodes := strings.CutPrefix(p, "Exit codes")
		switch {
		case isCodes:
			r.heading("EXIT STATUS")
			r.text("Exit codes" + codes)
		case strings.HasPrefix(p, " "):
			r.verbatim(p)
		default:
			r.paragraph()
			r.text(p)
		}
	}
}

func (r *roff) commands(cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	r.heading("COMMANDS")
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			r.line(".TP\n.B %s", escape(sub.Name()))
			r.text(sub.Short + ".")
		}
	}
}

func (r *roff) options(heading string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	r.heading(heading)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := `\fB` + escape("--"+f.Name) + `\fR`
		if f.Shorthand != "" {
			name = `\fB` + escape("-"+f.Shorthand) + `\fR, ` + name
		}
		if value != "" {
			name += ` \fI` + escape(value) + `\fR`
		}
		r.line(".TP\n%s", name)
		r.text(usage + ".")
	})
}

func (r *roff) seeAlso(cmd *cobra.Command) {
	var pages []string
	if cmd.HasParent() {
		pages = append(pages, dashed(cmd.Parent()))
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			pages = append(pages, dashed(sub))
		}
	}
	if len(pages) == 0 {
		return
	}
	r.heading("SEE ALSO")
	for n, p := range pages {
		comma := ","
		if n == len(pages)-1 {
			comma = ""
		}
		r.line(".BR %s (1)%s", escape(p), comma)
	}
}

func (r *roff) text(s string) {
	for l := range strings.Lines(s) {
		r.line("%s", start(escape(strings.TrimSpace(l))))
	}
}

func (r *roff) verbatim(s string) {
	r.paragraph()
	r.line(".nf")
	for l := range strings.Lines(s) {
		r.line("%s", start(escape(strings.TrimRight(l, "\n"))))
	}
	r.line(".fi")
}

// escape keeps roff from reading a text as its own, and its hyphens from
// becoming what a shell doesn't know.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\e`, `-`, `\-`, `…`, `...`).Replace(s)
}

// start keeps a line from being read as a request.
func start(line string) string {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + line
	}
	return line
}

func dashed(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
