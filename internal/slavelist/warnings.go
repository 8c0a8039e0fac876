package slavelist

import (
	"bytes"
	"fmt"
)

const byteOrderMark = "\xef\xbb\xbf"

// Warnings returns what the master would swallow but nobody can have meant, in
// the order of the lines.
func (l *List) Warnings() []Problem {
	var warnings []Problem
	warn := func(number int, message, hint string) {
		warnings = append(warnings, Problem{number, message, hint})
	}
	if bytes.HasPrefix(l.Pack(), []byte(byteOrderMark)) {
		warn(1, "the file starts with a byte order mark, which master.cfg takes for a part of the first field",
			"save the file as UTF-8 without a byte order mark")
	}
	first := map[string]int{} // line by name
	for n := range l.nodes() {
		if n.kind != worker {
			continue
		}
		name := string(n.fields[0].bytes(n.text))
		if line, taken := first[name]; taken {
			warn(n.number, fmt.Sprintf("worker %.60q is in line %d already", name, line), "remove one of the two, or rename it")
		} else {
			first[name] = n.number
		}
		if n.fields[1].isKeyValue(n.text) {
			warn(n.number, "the second field, which is the password, looks like key=value",
				"if the password is missing, put it between name and keys")
		}
	}
	return warnings
}
