package commands

import (
	"io"
	"strconv"
	"strings"
)

// span is positions from 1 on; an end of 0 means to the line's end.
type span struct{ from, to int }

func cut(p *Process) int {
	opts, operands, ok := p.parse("b:c:f:d:sn", "bytes=:b", "characters=:c", "fields=:f", "delimiter=:d", "only-delimited:s")
	if !ok {
		return 1
	}
	kind := opts.last("bcf")
	if kind == "" {
		return p.complain("you must specify a list of bytes, characters, or fields")
	}
	list, _ := opts.value(kind)
	spans, ok := parseSpans(list)
	if !ok {
		return p.complain("invalid list of positions: %s", quoted(list))
	}
	delimiter := "\t"
	if d, given := opts.value("d"); given {
		if len(d) != 1 {
			return p.complain("the delimiter must be a single character")
		}
		delimiter = d
	}
	return p.eachInput(operands, func(name string, r io.Reader) int {
		return p.eachLine(name, r, func(b []byte) error {
			line := strings.TrimSuffix(string(b), "\n")
			if kind != "f" {
				var kept strings.Builder
				for i := range len(line) {
					if within(spans, i+1) {
						kept.WriteByte(line[i])
					}
				}
				_, err := io.WriteString(p.Stdout, kept.String()+"\n")
				return err
			}
			if !strings.Contains(line, delimiter) {
				if opts.has("s") {
					return nil
				}
				_, err := io.WriteString(p.Stdout, line+"\n")
				return err
			}
			var kept []string
			for i, field := range strings.Split(line, delimiter) {
				if within(spans, i+1) {
					kept = append(kept, field)
				}
			}
			_, err := io.WriteString(p.Stdout, strings.Join(kept, delimiter)+"\n")
			return err
		})
	})
}

func within(spans []span, at int) bool {
	for _, s := range spans {
		if at >= s.from && (s.to == 0 || at <= s.to) {
			return true
		}
	}
	return false
}

func parseSpans(list string) ([]span, bool) {
	var spans []span
	for item := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		from, to, isRange := strings.Cut(item, "-")
		s := span{from: 1}
		var err1, err2 error
		if from != "" {
			s.from, err1 = strconv.Atoi(from)
		}
		switch {
		case !isRange:
			s.to = s.from
		case to != "":
			s.to, err2 = strconv.Atoi(to)
		}
		if err1 != nil || err2 != nil || s.from < 1 || item == "-" || s.to != 0 && s.to < s.from {
			return nil, false
		}
		spans = append(spans, s)
	}
	return spans, len(spans) > 0
}
