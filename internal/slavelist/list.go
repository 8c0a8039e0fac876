package slavelist

import (
	"bytes"
	"io"
)

// List is a slave list. It is never changed after Parse; Replace makes another.
//
// What it knows of its lines it looks up when asked, but for the image ids: with
// a list of a million lines fresh memory is what costs most.
type List struct {
	name      string
	malformed map[int]bool // line numbers
	body      func() body
	changes   *changes // what WriteTo writes a rewritten list from; nil after Parse
}

// body is what a list is made of. That of a rewritten list is put together when
// it is first asked for.
type body struct {
	data []byte // its lines, end to end
	refs []ref  // in the order of the file
}

type kind uint8

const (
	ignored   kind = iota // fewer than two fields
	comment               // starts with "#"
	worker                // an entry
	malformed             // would stop the master, or mislead it
)

// ref is an image id that a rewrite may change.
type ref struct {
	start  int    // in body.data
	line   uint32 // from 1
	size   uint8  // bytes
	inNote bool   // in a comment, not the value of an entry's ami=
}

func (r ref) end() int { return r.start + int(r.size) }

func (b body) id(r ref) []byte { return b.data[r.start:r.end()] }

// Parse reads a list. The name is the file's, for messages alone. The bytes
// belong to the list from here on and must not be changed.
//
// If the list has malformed lines the error is a *ParseError that names all of
// them, and the list still holds every byte and the entries of the other lines.
func Parse(name string, data []byte) (*List, error) {
	p := newParser(len(data))
	for number, text := range linesOf(data) {
		p.line(number, text)
	}
	if isUTF16(data) {
		p.problems = []Problem{{1, "the file is UTF-16 text, which master.cfg does not read", "save it as UTF-8 or ASCII"}}
	}
	made := body{data, p.refs}
	list := &List{name: name, malformed: p.malformed, body: func() body { return made }}
	if len(p.problems) > 0 {
		return list, &ParseError{Name: name, Problems: p.problems}
	}
	return list, nil
}

// Name returns the name that Parse was given.
func (l *List) Name() string { return l.name }

// Pack returns the bytes of the list: its lines, end to end. They are the
// list's own and must not be changed.
func (l *List) Pack() []byte {
	data := l.body().data
	return data[:len(data):len(data)]
}

// WriteTo writes what Pack returns. It makes no copy of it in memory, even if
// the list was rewritten.
func (l *List) WriteTo(w io.Writer) (int64, error) {
	if l.changes != nil {
		return l.changes.writeTo(w)
	}
	n, err := w.Write(l.Pack())
	return int64(n), err
}

// Entries returns the workers in the order of the file.
func (l *List) Entries() []Entry {
	var entries []Entry
	for n := range l.nodes() {
		if n.kind == worker {
			entries = append(entries, newEntry(n))
		}
	}
	return entries
}

// Images returns the distinct image ids of the entries in the order of their
// first use. Ids in comments don't count.
func (l *List) Images() []string {
	var ids []string
	seen := map[string]bool{}
	b := l.body()
	for _, r := range b.refs {
		if id := b.id(r); !r.inNote && !seen[string(id)] {
			seen[string(id)] = true
			ids = append(ids, string(id))
		}
	}
	return ids
}

// Workers returns the names of the workers of an image in the order of the file.
func (l *List) Workers(imageID string) []string {
	var names []string
	b := l.body()
	for _, r := range b.refs {
		if !r.inNote && string(b.id(r)) == imageID {
			names = append(names, b.workerAt(r))
		}
	}
	return names
}

// workerAt returns the name of the worker whose line holds the image id.
func (b body) workerAt(r ref) string {
	text := b.data[bytes.LastIndexByte(b.data[:r.start], '\n')+1 : r.start]
	text = bytes.TrimLeft(text, spaces)
	return string(text[:bytes.IndexAny(text, spaces)])
}
