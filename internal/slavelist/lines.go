package slavelist

import (
	"bytes"
	"iter"
)

// linesOf yields each line with its number, from 1, and its newline.
func linesOf(data []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		rest := data
		for number := 1; len(rest) > 0; number++ {
			end := bytes.IndexByte(rest, '\n') + 1
			if end == 0 {
				end = len(rest)
			}
			if !yield(number, rest[:end:end]) {
				return
			}
			rest = rest[end:]
		}
	}
}

// isUTF16 tells whether the bytes are such text, as PowerShell's > writes it.
func isUTF16(data []byte) bool {
	return (bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))) && bytes.IndexByte(data, 0) >= 0
}

// node is a line and what it is made of.
type node struct {
	number int // from 1
	text   []byte
	kind   kind
	fields []field // of a comment's text if it is one; valid until the next node
}

// nodes yields the lines taken apart.
func (l *List) nodes() iter.Seq[node] {
	return func(yield func(node) bool) {
		table := newSpaceTable()
		var n node
		for n.number, n.text = range linesOf(l.body().data) {
			if n.text[0] == '#' {
				n.fields = table.commentFields(n.fields[:0], n.text)
			} else {
				n.fields = table.split(n.fields[:0], n.text)
			}
			n.kind = l.kindOf(n)
			if !yield(n) {
				return
			}
		}
	}
}

func (l *List) kindOf(n node) kind {
	switch {
	case n.text[0] == '#':
		return comment
	case len(n.fields) < 2:
		return ignored
	case l.malformed[n.number]:
		return malformed
	}
	return worker
}
