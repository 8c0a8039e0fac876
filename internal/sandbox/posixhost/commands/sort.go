package commands

import (
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
)

// sorting is one call of sort.
type sorting struct {
	opts      options
	keys      []sortKey
	separator string // "" for runs of blanks
}

// sortKey is -k FROM[,TO][nr].
type sortKey struct {
	from, to         int // fields from 1 on; 0: to the end
	numeric, reverse bool
}

func sortLines(p *Process) int {
	opts, operands, ok := p.parse("bcfnrsuk:t:o:", "numeric-sort:n", "reverse:r", "unique:u", "key=:k", "field-separator=:t", "output=:o", "stable:s", "check:c")
	if !ok {
		return 2
	}
	s := &sorting{opts: opts}
	s.separator, _ = opts.value("t")
	for _, o := range opts {
		if o.name == "k" {
			key, ok := parseSortKey(o.value)
			if !ok {
				p.complain("invalid number at field start: %s; only fields and the flags n, r are known", quoted(o.value))
				return 2
			}
			s.keys = append(s.keys, key)
		}
	}
	var lines []string
	status := p.eachInput(operands, func(name string, r io.Reader) int {
		return 2 * p.eachLine(name, r, func(b []byte) error {
			lines = append(lines, strings.TrimSuffix(string(b), "\n"))
			return nil
		})
	})
	if status != 0 {
		return 2
	}
	if opts.has("c") {
		if !sort.SliceIsSorted(lines, func(i, j int) bool { return s.compare(lines[i], lines[j]) < 0 }) {
			return p.complain("disorder")
		}
		return 0
	}
	sort.SliceStable(lines, func(i, j int) bool { return s.compare(lines[i], lines[j]) < 0 })
	var out strings.Builder
	for i, line := range lines {
		if i == 0 || !opts.has("u") || s.byKeys(lines[i-1], line) != 0 {
			out.WriteString(line + "\n")
		}
	}
	if name, given := opts.value("o"); given {
		return p.writeFile(name, out.String())
	}
	return p.print(out.String())
}

func (p *Process) writeFile(name, content string) int {
	file, err := p.FS.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return p.fault(name, err)
	}
	defer file.Close()
	if _, err := io.WriteString(file, content); err != nil {
		return p.fault(name, err)
	}
	return 0
}

func parseSortKey(text string) (sortKey, bool) {
	trimmed := strings.TrimRight(text, "nrb")
	flags := text[len(trimmed):]
	from, to, ranged := strings.Cut(trimmed, ",")
	flags += from[len(strings.TrimRight(from, "nrb")):]
	from = strings.TrimRight(from, "nrb")
	key := sortKey{numeric: strings.Contains(flags, "n"), reverse: strings.Contains(flags, "r")}
	var err error
	if key.from, err = strconv.Atoi(from); err != nil || key.from < 1 {
		return key, false
	}
	if ranged {
		key.to, err = strconv.Atoi(to)
	}
	return key, err == nil
}

// compare orders two lines: by the keys, then byte by byte as a last resort.
func (s *sorting) compare(a, b string) int {
	if c := s.byKeys(a, b); c != 0 || s.opts.has("s") || s.opts.has("u") {
		return c
	}
	c := strings.Compare(a, b)
	if s.opts.has("r") {
		c = -c
	}
	return c
}

func (s *sorting) byKeys(a, b string) int {
	keys := s.keys
	if len(keys) == 0 {
		keys = []sortKey{{from: 1}}
	}
	for _, k := range keys {
		x, y := a, b
		if len(s.keys) > 0 {
			x, y = s.field(a, k), s.field(b, k)
		}
		c := 0
		if k.numeric || s.opts.has("n") {
			m, n := leadingNumber(x), leadingNumber(y)
			c = btoi(m > n) - btoi(m < n)
		} else {
			if s.opts.has("f") {
				x, y = strings.ToUpper(x), strings.ToUpper(y)
			}
			if s.opts.has("b") {
				x, y = strings.TrimLeft(x, " \t"), strings.TrimLeft(y, " \t")
			}
			c = strings.Compare(x, y)
		}
		if k.reverse || s.opts.has("r") {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

func (s *sorting) field(line string, k sortKey) string {
	var fields []string
	joint := s.separator
	if joint != "" {
		fields = strings.Split(line, joint)
	} else {
		fields = blankFields(line)
	}
	to := len(fields)
	if k.to != 0 {
		to = min(k.to, to)
	}
	if k.from > to {
		return ""
	}
	return strings.Join(fields[k.from-1:to], joint)
}

// blankFields splits before each run of blanks, which belongs to its field.
func blankFields(line string) []string {
	var fields []string
	start := 0
	for i := 1; i < len(line); i++ {
		blank, before := strings.IndexByte(" \t", line[i]) >= 0, strings.IndexByte(" \t", line[i-1]) >= 0
		if blank && !before {
			fields = append(fields, line[start:i])
			start = i
		}
	}
	return append(fields, line[start:])
}

func leadingNumber(s string) float64 {
	s = strings.TrimLeft(s, " \t")
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' || s[end] == '-' && end == 0) {
		end++
	}
	n, _ := strconv.ParseFloat(s[:end], 64)
	return n
}

func uniq(p *Process) int {
	opts, operands, ok := p.parse("cdui", "count:c", "repeated:d", "unique:u", "ignore-case:i")
	if !ok {
		return 1
	}
	var input []string
	if len(operands) > 0 {
		input = operands[:1]
	}
	var out strings.Builder
	last, count := "", 0
	flush := func() {
		if count == 0 || opts.has("d") && count == 1 || opts.has("u") && count > 1 {
			return
		}
		if opts.has("c") {
			out.WriteString(padLeft(itoa(count), 7) + " ")
		}
		out.WriteString(last + "\n")
	}
	code := p.eachInput(input, func(name string, r io.Reader) int {
		return p.eachLine(name, r, func(b []byte) error {
			line := strings.TrimSuffix(string(b), "\n")
			if count > 0 && (line == last || opts.has("i") && strings.EqualFold(line, last)) {
				count++
				return nil
			}
			flush()
			last, count = line, 1
			return nil
		})
	})
	flush()
	if code != 0 {
		return code
	}
	if len(operands) > 1 {
		return p.writeFile(operands[1], out.String())
	}
	return p.print(out.String())
}
