package draft

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// noteColumn is where comments begin if the line is not too long for it.
const noteColumn = 40

const heading = `# amirotate's configuration, as 'amirotate init' wrote it. What it could not find
# is a commented line; those that say FILL IN are needed for a rotation.
# All keys: docs/configuration.md. What it would do: amirotate plan

`

// Text returns the configuration as YAML.
func (d *Draft) Text() string {
	w := &writer{draft: d}
	w.b.WriteString(heading)
	for _, k := range d.keys() {
		w.key(k)
	}
	return w.b.String()
}

type writer struct {
	draft *Draft
	b     strings.Builder
	open  []string // the sections that the last line is in
}

// key writes a key's lines, after those of the sections that begin with it.
func (w *writer) key(k key) {
	sections := strings.Split(k.path, ".")
	sections = sections[:len(sections)-1]
	for i := range sections {
		if i >= len(w.open) || !slices.Equal(w.open[:i+1], sections[:i+1]) {
			w.section(sections[:i+1])
		}
	}
	w.open = sections
	w.setting(k, len(sections))
}

// section begins one; it is commented if nothing in it is set.
func (w *writer) section(path []string) {
	name := path[len(path)-1] + ":"
	if w.draft.anyIn(strings.Join(path, ".") + ".") {
		w.line(len(path)-1, false, name, "")
		return
	}
	w.commentedLine(path, name, "")
}

// setting writes a key and its value, commented if it is not set.
func (w *writer) setting(k key, depth int) {
	values, set := w.draft.values[k.path], w.draft.Has(k.path)
	note := w.draft.note(k)
	if !set {
		values = []string{cmp.Or(w.draft.example[k.path], k.example)}
		if w.draft.needed[k.path] {
			note = "FILL IN: " + note
		}
	}
	write := func(depth int, text, note string) { w.line(depth, false, text, note) }
	if !set {
		path := strings.Split(k.path, ".")
		write = func(extra int, text, note string) { w.commentedAt(path[:len(path)-1], extra-depth, text, note) }
	}
	if !k.files {
		write(depth, k.name()+": "+value(k, values), note)
		return
	}
	write(depth, k.name()+":", note)
	for _, path := range values {
		write(depth+1, "- path: "+quote(path), "")
	}
}

func value(k key, values []string) string {
	if !k.list || len(values) == 1 && k.name() != "security_groups" {
		return quote(values[0])
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func (w *writer) commentedLine(path []string, text, note string) {
	w.commentedAt(path[:len(path)-1], 0, text, note)
}

// commentedAt writes a line below the sections in parents. Where the sections
// are commented themselves, its "#" stands below theirs.
func (w *writer) commentedAt(parents []string, extra int, text, note string) {
	active := 0
	for active < len(parents) && w.draft.anyIn(strings.Join(parents[:active+1], ".")+".") {
		active++
	}
	indent := strings.Repeat("  ", len(parents)-active+extra)
	w.line(active, true, indent+text, note)
}

func (w *writer) line(depth int, commented bool, text, note string) {
	line := strings.Repeat("  ", depth)
	if commented {
		line += "# "
	}
	line += text
	if note != "" {
		line = fmt.Sprintf("%-*s # %s", noteColumn, line, oneLine(note))
	}
	w.b.WriteString(line + "\n")
}

// oneLine keeps a note from ending its comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}

var (
	plainShape = regexp.MustCompile(`^[A-Za-z~/][A-Za-z0-9_./+@-]*$|^[A-Za-z0-9][A-Za-z0-9.-]*:[0-9]+$|^ssh://[A-Za-z0-9_./@:-]+$`)
	notPlain   = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|y|n|null|~|[0-9:]+)$`)
)

// quote writes a value so that YAML reads it as that text.
func quote(s string) string {
	switch {
	case plainShape.MatchString(s) && !notPlain.MatchString(s):
		return s
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return strconv.QuoteToASCII(s)
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
