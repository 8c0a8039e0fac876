package slavelist

import (
	"fmt"
	"strings"
)

// Problem is something wrong with a line. Its texts never hold a password, nor
// a field that may be a part of one.
type Problem struct {
	Line    int    `json:"line"` // from 1
	Message string `json:"message"`
	Hint    string `json:"hint"` // how to mend it
}

// String reads "line N: message; hint".
func (p Problem) String() string {
	return fmt.Sprintf("line %d: %s; %s", p.Line, p.Message, p.Hint)
}

// ParseError names everything that is malformed in a list, in the order of its
// lines.
type ParseError struct {
	Name     string // the file's name as Parse was given it
	Problems []Problem
}

// Error reads "cannot read NAME: …", with a line for each problem if there is
// more than one.
func (e *ParseError) Error() string {
	if len(e.Problems) == 1 {
		return fmt.Sprintf("cannot read %s: %s", e.Name, e.Problems[0])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "cannot read %s: %d problems", e.Name, len(e.Problems))
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "\n%s:%d: %s; %s", e.Name, p.Line, p.Message, p.Hint)
	}
	return b.String()
}
