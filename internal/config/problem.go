package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the configuration or with a flag.
type Problem struct {
	File    string // "" if it is about no file, such as a flag
	Line    int    // from 1; 0 if it is about no line
	Column  int    // from 1, in characters
	Key     string // such as platforms.linux.user; "" if it is about no key
	Message string
	Excerpt string // the line, what may be a secret in it masked; may be ""
	Hint    string // how to mend it; may be ""
	Err     error  // the cause, for errors.Is; may be nil
}

// String reads "FILE:LINE:COLUMN: message", then the excerpt with a mark under
// the column, then the hint, each on lines of their own.
func (p Problem) String() string {
	var b strings.Builder
	switch {
	case p.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	case p.File != "":
		fmt.Fprintf(&b, "%s: ", p.File)
	}
	b.WriteString(p.Message)
	if p.Excerpt != "" {
		number := fmt.Sprintf("%5d | ", p.Line)
		fmt.Fprintf(&b, "\n%s%s\n%*s^", number, p.Excerpt, len(number)+p.Column-1, "")
	}
	if p.Hint != "" {
		fmt.Fprintf(&b, "\n  hint: %s", p.Hint)
	}
	return b.String()
}

// Error is all that is wrong.
type Error struct {
	Problems []Problem // at least one
}

// Error gives all problems, each on lines of its own.
func (e *Error) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
	}
	return strings.Join(texts, "\n")
}

// Unwrap gives the causes.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, p := range e.Problems {
		if p.Err != nil {
			errs = append(errs, p.Err)
		}
	}
	return errs
}

// problems collects what is wrong.
type problems []Problem

func (p *problems) add(q Problem) { *p = append(*p, q) }

// sort puts them into the order of the file.
func (p problems) sort() {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// err returns nil if nothing is wrong.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &Error{Problems: p}
}
