package slavelist

import "bytes"

// parser looks at the lines of a list, one after the other, for image ids and
// for what is malformed.
type parser struct {
	refs      []ref
	malformed map[int]bool // line numbers
	problems  []Problem

	spaces *spaceTable
	// Of the line at hand:
	start  int
	fields []field
	keys   map[string]bool // if it has more than a few
	ids    []span          // if it is a comment
}

func newParser(size int) *parser {
	const perLine = 128 // bytes; a guess, so that refs seldom have to move
	return &parser{refs: make([]ref, 0, size/perLine), malformed: map[int]bool{}, spaces: newSpaceTable(), keys: map[string]bool{}}
}

// line takes the next line, newline included.
func (p *parser) line(number int, text []byte) {
	if text[0] == '#' {
		p.note(number, text)
	} else if p.fields = p.spaces.split(p.fields[:0], text); len(p.fields) >= 2 {
		p.worker(number, text)
	}
	p.start += len(text)
}

// worker takes a line that master.cfg reads as a worker's.
func (p *parser) worker(number int, text []byte) {
	before := len(p.problems)
	image := p.checkKeys(number, text)
	if len(p.problems) > before {
		p.malformed[number] = true
		return
	}
	if image != (span{}) {
		p.ref(number, image, false)
	}
}

// note takes the image ids of a comment, but for what may be a password.
func (p *parser) note(number int, text []byte) {
	if !bytes.Contains(text, []byte(idPrefix)) {
		return
	}
	p.fields = p.spaces.commentFields(p.fields[:0], text)
	from, to := commentedPassword(text, p.fields)
	p.ids = wholeIDs(p.ids[:0], text)
	for _, id := range p.ids {
		if from == to || id.end <= p.fields[from].start || id.start >= p.fields[to-1].end {
			p.ref(number, id, true)
		}
	}
}

// ref notes an image id of the line at hand.
func (p *parser) ref(number int, id span, inNote bool) {
	p.refs = append(p.refs, ref{
		start: p.start + id.start, line: uint32(number), size: uint8(id.end - id.start), inNote: inNote,
	})
}
