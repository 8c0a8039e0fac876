package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/hint"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/ui"
	"github.com/amirotate/amirotate/internal/verify"
)

// runAgain is how to go on with what is not finished.
const runAgain = "run the same command again to go on: what is done is not done twice"

// writeError tells people about an error as "amirotate: cannot …: cause", with
// each remedy on a line of its own below.
func writeError(w io.Writer, err error) {
	var code codeError
	if err == nil || errors.As(err, &code) {
		return
	}
	text, hints := explain(err)
	var b strings.Builder
	fmt.Fprintf(&b, "amirotate: %s\n", strings.TrimRight(text, " \n"))
	var told []string
	for _, hint := range hints {
		for line := range strings.Lines(hint) {
			if line = strings.TrimSpace(line); line != "" && !slices.Contains(told, line) {
				told = append(told, line)
				fmt.Fprintf(&b, "  hint: %s\n", line)
			}
		}
	}
	_, _ = io.WriteString(ui.Printable(w), b.String())
}

// explain returns an error in words that begin with "cannot", and its remedies.
func explain(err error) (text string, hints []string) {
	var (
		conf      *config.Error
		list      *slavelist.ParseError
		blocked   *rotate.BlockedError
		partial   *rotate.PartialError
		static    *rotate.StaticError
		untouched *untouchedError
	)
	switch {
	case errors.Is(err, rotate.ErrInterrupted), errors.Is(err, context.Canceled):
		return "cannot finish: interrupted", []string{ownHint(err, runAgain)}
	case errors.As(err, &partial):
		return "cannot finish: " + err.Error(), append(hintsOf(err), runAgain)
	case errors.Is(err, rotate.ErrListChanged):
		return cannot("rewrite the list", err), []string{"somebody else has edited it: look at what it holds now, then " + runAgain}
	case errors.As(err, &untouched):
		return cannot("rewrite the list", err), []string{hintOf(err), runAgain}
	case errors.As(err, &static):
		return "cannot finish: " + err.Error(), append(hintsOf(err), runAgain)
	case errors.As(err, &blocked):
		return explainBlocked(blocked)
	case errors.As(err, &conf):
		return explainConfig(conf), []string{ownHint(err, "")}
	case errors.As(err, &list):
		return explainList(list)
	}
	if isDenied(err) && !isInput(err) {
		return cannot("go on", err), []string{hintOf(err), runAgain}
	}
	return cannot("go on", err), []string{hintOf(err)}
}

// ownHint is the remedy that a command has given to an error of others, or
// another one.
func ownHint(err error, otherwise string) string {
	var h *hintedError
	if errors.As(err, &h) {
		return h.hint
	}
	return otherwise
}

// hintsOf gives the remedies of every image and static host that is not done.
func hintsOf(err error) (hints []string) {
	var (
		partial *rotate.PartialError
		static  *rotate.StaticError
	)
	var causes []error
	if errors.As(err, &partial) {
		causes = append(causes, partial.Causes...)
	}
	if errors.As(err, &static) {
		causes = append(causes, static.Causes...)
	}
	for _, cause := range causes {
		hints = append(hints, hintOf(cause))
	}
	return hints
}

// cannot puts "cannot DO: " before an error that doesn't say so itself.
func cannot(do string, err error) string {
	text := strings.TrimPrefix(err.Error(), "amirotate: ")
	if strings.HasPrefix(text, "cannot ") {
		return text
	}
	return "cannot " + do + ": " + text
}

func hintOf(err error) string {
	if remedy := hint.Of(err); remedy != "" {
		return remedy
	}
	var refusal *verify.Refusal
	if errors.As(err, &refusal) {
		return refusalHint(refusal.Outcome)
	}
	if isDenied(err) {
		return allowIt
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "check the path; a relative one counts from the configuration's folder, in a flag from the current one"
	}
	return ""
}

// refusalHint says what to do about a file that is not as the plan expects it.
func refusalHint(o verify.Outcome) string {
	switch o {
	case verify.OtherContent:
		return "copy the file from there and look at it with 'amirotate cert inspect'; if it may be replaced, name the copy in certificate.old or by --old-cert, too"
	case verify.FileMissing:
		return "name the path that these hosts have: files, in overrides if they are few; or --linux-path, --windows-path"
	case verify.FileUnreadable:
		return "log in as a user that may read and replace it, with sudo -n where needed"
	}
	return ""
}

// standing leaves out what several images have in common but for the first.
func standing(problems []rotate.Problem) []rotate.Problem {
	var out []rotate.Problem
	for _, p := range problems {
		if !slices.ContainsFunc(out, func(q rotate.Problem) bool { return q.Message == p.Message }) {
			out = append(out, p)
		}
	}
	return out
}

func explainBlocked(e *rotate.BlockedError) (string, []string) {
	problems := standing(e.Problems)
	if len(problems) == 1 {
		return "cannot go ahead: " + problems[0].Message, []string{problems[0].Hint}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "cannot go ahead: %d problems stand in the way", len(problems))
	for _, p := range problems {
		fmt.Fprintf(&b, "\n- %s", p.Message)
		if p.Hint != "" {
			fmt.Fprintf(&b, "\n  hint: %s", p.Hint)
		}
	}
	return b.String(), nil
}

// explainConfig leaves the hints where they are: each belongs to a problem.
func explainConfig(e *config.Error) string {
	if len(e.Problems) > 1 {
		return fmt.Sprintf("cannot use the configuration: %d problems\n%s", len(e.Problems), e.Error())
	}
	return cannot("use the configuration", e)
}

// explainList names all malformed lines, and each remedy once below.
func explainList(e *slavelist.ParseError) (text string, hints []string) {
	var b strings.Builder
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "\n%s:%d: %s", e.Name, p.Line, p.Message)
		hints = append(hints, p.Hint)
	}
	if len(e.Problems) == 1 {
		return fmt.Sprintf("cannot read %s: line %d: %s", e.Name, e.Problems[0].Line, e.Problems[0].Message), hints
	}
	return fmt.Sprintf("cannot read %s: %d problems%s", e.Name, len(e.Problems), b.String()), hints
}

// configProblems are those of the *config.Error in an error, if there is one.
func configProblems(err error) []config.Problem {
	var conf *config.Error
	if errors.As(err, &conf) {
		return conf.Problems
	}
	return nil
}
