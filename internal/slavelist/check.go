package slavelist

import (
	"fmt"
	"strconv"
)

// Keys that master.cfg gives a meaning to that matters here.
const (
	keyAMI          = "ami"
	keyInstanceType = "instance_type"
	keyMaxBuilds    = "max_builds"
)

func (p *parser) fail(number int, message, hint string) {
	p.problems = append(p.problems, Problem{number, message, hint})
}

// checkKeys looks at all fields from the third on, and returns where the value
// of ami= is. Of the fields that aren't key=value it tells the first, and that
// by its number alone: it may be the end of a password with a space.
func (p *parser) checkKeys(number int, text []byte) (image span) {
	clear(p.keys)
	told := false
	for i, f := range p.fields[2:] {
		switch {
		case f.equals == 1 && f.value-1 > f.start:
			if p.checkKey(number, f, text) {
				image = span{f.value, f.end}
			}
			p.checkTwice(number, i+2, text)
		case !told:
			p.fail(number, fmt.Sprintf("field %d %s", i+3, f.fault()), p.hint(f, text))
			told = true
		}
	}
	return image
}

// fault says why a field isn't key=value.
func (f field) fault() string {
	switch f.equals {
	case 0:
		return `has no "="`
	case 1:
		return `has no key before its "="`
	}
	return fmt.Sprintf(`has %d "="`, f.equals)
}

// hint tells how a line with a field that isn't key=value is mended.
func (p *parser) hint(f field, text []byte) string {
	switch {
	case text[p.fields[0].start] == '#':
		return "a comment has # as the first character of its line"
	case text[f.start] == '#':
		return "put the comment on a line of its own, with # as its first character"
	}
	return `after name and password each field is key=value, with exactly one "=" and no white space; master.cfg stops here`
}

// checkKey looks at a value, and tells whether it is an image id.
func (p *parser) checkKey(number int, f field, text []byte) (isImage bool) {
	value := f.val(text)
	switch string(f.key(text)) {
	case keyAMI:
		if IsImageID(value) {
			return true
		}
		p.fail(number, fmt.Sprintf("worker %.60q: ami=%.40q is not an image id", p.fields[0].bytes(text), value),
			"an image id is ami- and 8 or 17 digits of 0-9 and a-f; a static worker has no ami= at all")
	case keyMaxBuilds:
		if n, err := strconv.Atoi(string(value)); err != nil || n < 1 {
			p.fail(number, fmt.Sprintf("worker %.60q: max_builds=%.40q is not a number of builds", p.fields[0].bytes(text), value),
				"give a whole number from 1 on")
		}
	}
	return false
}

// checkTwice looks for the key of field i in the fields before it.
func (p *parser) checkTwice(number, i int, text []byte) {
	key := p.fields[i].key(text)
	if !p.seenBefore(i, key, text) {
		return
	}
	p.fail(number, fmt.Sprintf("worker %.60q: key %.40q is given twice", p.fields[0].bytes(text), key), "leave one of them")
}

// few is the number of keys up to which a search is faster than a map.
const few = 32

// seenBefore tells whether a field from the third up to, but not including, i
// has that key. A line of very many keys takes no more than linear time.
func (p *parser) seenBefore(i int, key, text []byte) bool {
	if len(p.fields) > few {
		seen := p.keys[string(key)]
		p.keys[string(key)] = true
		return seen
	}
	for _, f := range p.fields[2:i] {
		if f.equals == 1 && string(f.key(text)) == string(key) {
			return true
		}
	}
	return false
}
