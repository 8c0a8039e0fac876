package commands

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// sedCommand is one command of a sed script: an optional address or range, and
// s, p, d or q.
type sedCommand struct {
	from, to *sedAddress // to is nil for a single address
	negate   bool
	verb     byte
	re       *regexp.Regexp // of s; nil for the last one used, never the case here
	with     string
	global   bool
	print    bool
	nth      int
	inRange  bool
}

type sedAddress struct {
	line int // 0: by expression
	last bool
	re   *regexp.Regexp
}

// sed knows s///[gpiN], p, d, q, = and addresses; every other command is refused.
func sed(p *Process) int {
	opts, operands, ok := p.parse("nEre:f:s", "quiet:n", "silent:n", "expression=:e", "regexp-extended:E")
	if !ok {
		p.complain("only -n, -E, -e and -f are installed here")
		return 1
	}
	script, given := "", false
	for _, o := range opts {
		switch o.name {
		case "e":
			script, given = script+o.value+"\n", true
		case "f":
			content, err := readAll(p.FS, o.value)
			if err != nil {
				return p.fault(o.value, err)
			}
			script, given = script+string(content)+"\n", true
		}
	}
	if !given {
		if len(operands) == 0 {
			return p.complain("no script specified")
		}
		script, operands = operands[0], operands[1:]
	}
	parser := &sedParser{text: script, extended: opts.has("E") || opts.has("r")}
	commands, err := parser.parse()
	if err != nil {
		return p.complain("%v", err)
	}
	return p.edit(commands, opts.has("n"), operands)
}

func (p *Process) edit(commands []*sedCommand, quiet bool, operands []string) int {
	var lines []string
	missingNewline := false
	status := p.eachInput(operands, func(name string, r io.Reader) int {
		return p.eachLine(name, r, func(b []byte) error {
			line, ended := strings.CutSuffix(string(b), "\n")
			missingNewline = !ended
			lines = append(lines, line)
			return nil
		})
	})
	if status != 0 {
		status = 2
	}
	for i, line := range lines {
		end := "\n"
		if i == len(lines)-1 && missingNewline {
			end = ""
		}
		out, line, deleted, quit := editLine(commands, line, i+1, i == len(lines)-1)
		if !quiet && !deleted {
			out += line + end
		}
		if code := p.print(out); code != 0 {
			return code
		}
		if quit {
			break
		}
	}
	return status
}

func editLine(commands []*sedCommand, line string, number int, last bool) (out, edited string, deleted, quit bool) {
	for _, c := range commands {
		if c.applies(line, number, last) == c.negate {
			continue
		}
		switch c.verb {
		case 'p':
			out += line + "\n"
		case '=':
			out += itoa(number) + "\n"
		case 'd':
			return out, line, true, false
		case 'q':
			return out, line, false, true
		case 's':
			var changed bool
			if line, changed = c.substitute(line); changed && c.print {
				out += line + "\n"
			}
		}
	}
	return out, line, false, false
}

func (a *sedAddress) matches(line string, number int, last bool) bool {
	switch {
	case a.last:
		return last
	case a.re != nil:
		return a.re.MatchString(line)
	}
	return a.line == number
}

func (c *sedCommand) applies(line string, number int, last bool) bool {
	switch {
	case c.from == nil:
		return true
	case c.to == nil:
		return c.from.matches(line, number, last)
	case c.inRange:
		c.inRange = !(c.to.matches(line, number, last) || c.to.line != 0 && number >= c.to.line)
		return true
	case c.from.matches(line, number, last):
		c.inRange = !(c.to.line != 0 && c.to.line <= number)
		return true
	}
	return false
}

func (c *sedCommand) substitute(line string) (string, bool) {
	var out strings.Builder
	at, n, changed := 0, 0, false
	for _, m := range c.re.FindAllStringSubmatchIndex(line, -1) {
		n++
		if n < c.nth || changed && !c.global {
			continue
		}
		out.WriteString(line[at:m[0]])
		out.WriteString(expandReplacement(c.with, line, m))
		at, changed = m[1], true
	}
	out.WriteString(line[at:])
	return out.String(), changed
}

// expandReplacement puts matches in for & and \1 to \9.
func expandReplacement(with, line string, m []int) string {
	var out strings.Builder
	group := func(n int) {
		if 2*n+1 < len(m) && m[2*n] >= 0 {
			out.WriteString(line[m[2*n]:m[2*n+1]])
		}
	}
	for i := 0; i < len(with); i++ {
		switch c := with[i]; {
		case c == '&':
			group(0)
		case c == '\\' && i+1 < len(with):
			i++
			switch d := with[i]; {
			case d >= '0' && d <= '9':
				group(int(d - '0'))
			case d == 'n':
				out.WriteByte('\n')
			case d == 't':
				out.WriteByte('\t')
			default:
				out.WriteByte(d)
			}
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// sedParser reads a script.
type sedParser struct {
	text     string
	extended bool
}

func (s *sedParser) parse() ([]*sedCommand, error) {
	var commands []*sedCommand
	for {
		s.text = strings.TrimLeft(s.text, " \t\n;")
		if s.text == "" {
			return commands, nil
		}
		if s.text[0] == '#' {
			_, s.text, _ = strings.Cut(s.text, "\n")
			continue
		}
		c, err := s.command()
		if err != nil {
			return nil, err
		}
		commands = append(commands, c)
	}
}

func (s *sedParser) command() (*sedCommand, error) {
	c := &sedCommand{nth: 1}
	var err error
	if c.from, err = s.address(); err != nil {
		return nil, err
	}
	if c.from != nil && strings.HasPrefix(s.text, ",") {
		s.text = strings.TrimLeft(s.text[1:], " \t")
		if c.to, err = s.address(); err != nil || c.to == nil {
			return nil, fmt.Errorf("unexpected ','")
		}
	}
	s.text = strings.TrimLeft(s.text, " \t")
	if strings.HasPrefix(s.text, "!") {
		c.negate = true
		s.text = strings.TrimLeft(s.text[1:], " \t")
	}
	if s.text == "" {
		return nil, fmt.Errorf("missing command")
	}
	c.verb, s.text = s.text[0], s.text[1:]
	switch c.verb {
	case 'p', 'd', 'q', '=':
	case 's':
		if err := s.substitution(c); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("command '%c' is not installed here; s, p, d, q and = are", c.verb)
	}
	if rest := strings.TrimLeft(s.text, " \t"); rest != "" && !strings.ContainsAny(rest[:1], ";\n#") {
		return nil, fmt.Errorf("extra characters after command: %q", rest)
	}
	return c, nil
}

func (s *sedParser) address() (*sedAddress, error) {
	digits := len(s.text) - len(strings.TrimLeft(s.text, "0123456789"))
	switch {
	case digits > 0:
		n, err := integer(s.text[:digits])
		s.text = s.text[digits:]
		return &sedAddress{line: int(n)}, err
	case strings.HasPrefix(s.text, "$"):
		s.text = s.text[1:]
		return &sedAddress{last: true}, nil
	case strings.HasPrefix(s.text, "/"):
		s.text = s.text[1:]
		pattern, err := s.until('/', true)
		if err != nil {
			return nil, err
		}
		re, err := compileBRE(pattern, s.extended, false)
		return &sedAddress{re: re}, err
	}
	return nil, nil
}

func (s *sedParser) substitution(c *sedCommand) error {
	if s.text == "" || s.text[0] == '\n' || s.text[0] == '\\' {
		return fmt.Errorf("unterminated 's' command")
	}
	delimiter := s.text[0]
	s.text = s.text[1:]
	pattern, err := s.until(delimiter, true)
	if err != nil {
		return err
	}
	if c.with, err = s.until(delimiter, false); err != nil {
		return err
	}
	ignoreCase := false
	for ; s.text != ""; s.text = s.text[1:] {
		switch flag := s.text[0]; {
		case flag == 'g':
			c.global = true
		case flag == 'p':
			c.print = true
		case flag == 'i' || flag == 'I':
			ignoreCase = true
		case flag >= '1' && flag <= '9':
			c.nth = int(flag - '0')
		case strings.IndexByte(" \t;\n}#", flag) >= 0:
			c.re, err = compileBRE(pattern, s.extended, ignoreCase)
			return err
		default:
			return fmt.Errorf("unknown option to 's': %c", flag)
		}
	}
	c.re, err = compileBRE(pattern, s.extended, ignoreCase)
	return err
}

// until reads up to a delimiter, which a backslash makes an ordinary character;
// inside brackets of a pattern it is one anyhow.
func (s *sedParser) until(delimiter byte, pattern bool) (string, error) {
	var out strings.Builder
	for i := 0; i < len(s.text); i++ {
		c := s.text[i]
		switch {
		case c == '\\' && i+1 < len(s.text):
			i++
			if s.text[i] != delimiter {
				out.WriteByte('\\')
			}
			out.WriteByte(s.text[i])
		case pattern && c == '[' && bracketEnd(s.text[i:]) > 0:
			end := bracketEnd(s.text[i:])
			out.WriteString(s.text[i : i+end])
			i += end - 1
		case c == delimiter:
			s.text = s.text[i+1:]
			return out.String(), nil
		default:
			out.WriteByte(c)
		}
	}
	return "", fmt.Errorf("unterminated 's' command or address")
}
