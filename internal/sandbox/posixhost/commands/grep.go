package commands

import (
	"io"
	"regexp"
	"strings"
)

// search is one call of grep.
type search struct {
	*Process
	opts     options
	patterns []*regexp.Regexp
	named    bool // lines carry the file's name
	found    bool
}

func grep(p *Process) int {
	opts, operands, ok := p.parse("EFGce:f:iHhlLnoqrRsvwxm:a", "quiet:q", "silent:q", "ignore-case:i", "invert-match:v",
		"count:c", "fixed-strings:F", "extended-regexp:E", "line-number:n", "recursive:r", "only-matching:o",
		"word-regexp:w", "line-regexp:x", "files-with-matches:l", "no-messages:s", "max-count=:m", "no-filename:h", "regexp=:e")
	if !ok {
		return 2
	}
	var texts []string
	for _, o := range opts {
		switch o.name {
		case "e":
			texts = append(texts, strings.Split(o.value, "\n")...)
		case "f":
			content, err := readAll(p.FS, o.value)
			if err != nil {
				p.fault(o.value, err)
				return 2
			}
			texts = append(texts, strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")...)
		}
	}
	if !opts.has("e") && !opts.has("f") {
		if len(operands) == 0 {
			p.complain("usage: grep [-EFcilnqvx] pattern [file ...]")
			return 2
		}
		texts, operands = strings.Split(operands[0], "\n"), operands[1:]
	}
	s := &search{Process: p, opts: opts}
	for _, text := range texts {
		re, err := s.compile(text)
		if err != nil {
			p.complain("%v", err)
			return 2
		}
		s.patterns = append(s.patterns, re)
	}
	recursive := opts.has("r") || opts.has("R")
	s.named = (len(operands) > 1 || recursive || opts.has("H")) && !opts.has("h")
	if recursive {
		operands = p.filesBelow(operands)
	}
	return s.all(operands)
}

func (s *search) compile(text string) (*regexp.Regexp, error) {
	kind := s.opts.last("EFG")
	if kind == "F" {
		text = regexp.QuoteMeta(text)
		kind = "E"
	}
	re, err := compileBRE(text, kind == "E", s.opts.has("i"))
	if err != nil || !s.opts.has("w") && !s.opts.has("x") {
		return re, err
	}
	edge := `\b`
	if s.opts.has("x") {
		edge = ""
	}
	wrapped := edge + "(?:" + re.String() + ")" + edge
	if s.opts.has("x") {
		wrapped = "^" + wrapped + "$"
	}
	return regexp.Compile(wrapped)
}

func (s *search) all(operands []string) int {
	faults := 0
	if len(operands) == 0 {
		operands = []string{"-"}
	}
	for _, name := range operands {
		file, err := s.open(name)
		if err != nil {
			faults = 2
			if !s.opts.has("s") {
				s.fault(name, err)
			}
			continue
		}
		code := s.file(name, file)
		file.Close()
		if code != 0 {
			return code
		}
		if s.found && s.opts.has("q") {
			return 0
		}
	}
	switch {
	case faults != 0:
		return faults
	case s.found:
		return 0
	}
	return 1
}

func (s *search) file(name string, r io.Reader) int {
	count, number := 0, 0
	limit := int64(-1)
	if text, given := s.opts.value("m"); given {
		limit, _ = integer(text)
	}
	shown := name
	if name == "-" {
		shown = "(standard input)"
	}
	prefix := ""
	if s.named {
		prefix = shown + ":"
	}
	quiet := s.opts.has("q") || s.opts.has("c") || s.opts.has("l") || s.opts.has("L")
	code := s.eachLine(name, r, func(b []byte) error {
		number++
		line := strings.TrimSuffix(string(b), "\n")
		if limit >= 0 && int64(count) >= limit {
			return errEnough
		}
		if s.matches(line) == s.opts.has("v") {
			return nil
		}
		if count++; s.opts.has("q") {
			return errEnough
		}
		if quiet {
			return nil
		}
		lead := prefix
		if s.opts.has("n") {
			lead += itoa(number) + ":"
		}
		_, err := io.WriteString(s.Stdout, s.shown(lead, line))
		return err
	})
	s.found = s.found || count > 0
	if code != 0 || s.opts.has("q") {
		return code
	}
	switch {
	case s.opts.has("l") && count > 0, s.opts.has("L") && count == 0:
		return s.print(shown + "\n")
	case s.opts.has("c") && !s.opts.has("l"):
		return s.print(prefix + itoa(count) + "\n")
	}
	return 0
}

func (s *search) matches(line string) bool {
	for _, re := range s.patterns {
		if re.MatchString(line) {
			return true
		}
	}
	return false
}

// shown is the line, or with -o each match on a line of its own.
func (s *search) shown(lead, line string) string {
	if !s.opts.has("o") {
		return lead + line + "\n"
	}
	var out strings.Builder
	for _, re := range s.patterns {
		for _, match := range re.FindAllString(line, -1) {
			if match != "" {
				out.WriteString(lead + match + "\n")
			}
		}
	}
	return out.String()
}
