package slavelist

import "bytes"

// spaces is what str.split() of Python 2 splits at.
const spaces = " \t\n\v\f\r"

// spaceTable says of each byte whether it is one of spaces. Parse asks it of
// every byte of a worker's line, so it is a table.
type spaceTable [256]bool

func newSpaceTable() *spaceTable {
	var t spaceTable
	for _, c := range []byte(spaces) {
		t[c] = true
	}
	return &t
}

// field is one field of a line. Offsets count from the start of the line.
type field struct {
	start, end int
	equals     int // number of "=" in it
	value      int // offset after the first "=", if there is one
}

func (f field) bytes(line []byte) []byte { return line[f.start:f.end] }

// key returns what stands before the first "="; only for a field that has one.
func (f field) key(line []byte) []byte { return line[f.start : f.value-1] }

func (f field) val(line []byte) []byte { return line[f.value:f.end] }

// split appends the fields of a line to dst.
func (t *spaceTable) split(dst []field, line []byte) []field {
	for i := 0; ; {
		for i < len(line) && t[line[i]] {
			i++
		}
		if i == len(line) {
			return dst
		}
		f := field{start: i}
		for ; i < len(line) && !t[line[i]]; i++ {
			if line[i] != '=' {
				continue
			}
			if f.equals == 0 {
				f.value = i + 1
			}
			f.equals++
		}
		f.end = i
		dst = append(dst, f)
	}
}

// isKeyValue tells whether a field reads like a key and its value: a word, "="
// and anything without another "=".
func (f field) isKeyValue(line []byte) bool {
	return f.equals == 1 && isWord(f.key(line))
}

func isWord(b []byte) bool {
	return len(b) > 0 && bytes.IndexFunc(b, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) < 0
}
