package slavelist

import "bytes"

// commentFields returns the fields of a comment's text, without the "#" and
// what surrounds it.
func (t *spaceTable) commentFields(dst []field, text []byte) []field {
	head := len(text) - len(bytes.TrimLeft(text, spaces+"#"))
	first := len(dst)
	dst = t.split(dst, text[head:])
	for i := first; i < len(dst); i++ {
		dst[i].start += head
		dst[i].end += head
		dst[i].value += head
	}
	return dst
}

// commentedPassword returns the fields of a comment that may be a password: of
// a worker that was commented out, its second field. A note and such a worker
// can't always be told apart; where they can't it counts as a worker.
func commentedPassword(text []byte, fields []field) (from, to int) {
	if len(fields) < 2 {
		return 0, 0
	}
	for i, f := range fields[2:] {
		if f.isKeyValue(text) {
			return 1, i + 2 // whatever stands before the password, as in "# old: linux1 secret ami=…"
		}
	}
	name := fields[0].bytes(text)
	if isWorkerName(name) && (len(fields) == 2 && !isNoteOfImage(text, fields) || bytes.ContainsAny(name, "0123456789-_")) {
		return 1, 2
	}
	return 0, 0
}

// isNoteOfImage tells whether two words, after "#" and a space, are a note such
// as "# was ami-…". Who comments a worker out puts "#" right before its name.
func isNoteOfImage(text []byte, fields []field) bool {
	return text[1] == ' ' && IsImageID(fields[1].bytes(text))
}

// isWorkerName tells whether a word could be a worker's name rather than the
// start of a note, such as "was:" or "2015-10-19".
func isWorkerName(b []byte) bool {
	if c := b[0]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
		return false
	}
	for _, c := range b {
		if !isWordByte(c) && c != '.' {
			return false
		}
	}
	return true
}
