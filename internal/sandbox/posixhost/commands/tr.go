package commands

import (
	"io"
	"strings"
)

func tr(p *Process) int {
	opts, operands, ok := p.parse("+cCdst", "complement:c", "delete:d", "squeeze-repeats:s", "truncate-set1:t")
	if !ok {
		return 1
	}
	wanted := 2
	if opts.has("d") != opts.has("s") {
		wanted = 1
	}
	if len(operands) < wanted || len(operands) > 2 {
		return p.complain("missing or extra operand")
	}
	set1, err1 := trSet(operands[0])
	set2, err2 := "", ""
	if len(operands) == 2 {
		set2, err2 = trSet(operands[1])
	}
	if err1+err2 != "" {
		return p.complain("%s", err1+err2)
	}
	if opts.last("cC") != "" {
		set1 = complement(set1)
	}
	table, drop, squeeze := trTable(opts, set1, set2, len(operands) == 2)
	in, buf := p.Stdin, make([]byte, 32<<10)
	last := -1
	for {
		n, err := in.Read(buf)
		out := make([]byte, 0, n)
		for _, c := range buf[:n] {
			if drop[c] {
				continue
			}
			c = table[c]
			if squeeze[c] && last == int(c) {
				continue
			}
			last = int(c)
			out = append(out, c)
		}
		if code := p.print(string(out)); code != 0 {
			return code
		}
		if err == io.EOF {
			return 0
		}
		if err != nil {
			return p.fault("read error", err)
		}
	}
}

// trTable works out what becomes of each byte.
func trTable(opts options, set1, set2 string, both bool) (table [256]byte, drop, squeeze [256]bool) {
	for i := range table {
		table[i] = byte(i)
	}
	mark := func(set string, in *[256]bool) {
		for i := range len(set) {
			in[set[i]] = true
		}
	}
	switch {
	case opts.has("d"):
		mark(set1, &drop)
		if opts.has("s") {
			mark(set2, &squeeze)
		}
		return table, drop, squeeze
	case both:
		for i := range len(set1) {
			if set2 != "" {
				table[set1[i]] = set2[min(i, len(set2)-1)]
			}
		}
		if opts.has("s") {
			mark(set2, &squeeze)
		}
	case opts.has("s"):
		mark(set1, &squeeze)
	}
	return table, drop, squeeze
}

// trSet expands ranges, classes and escapes.
func trSet(text string) (set, problem string) {
	var out []byte
	for i := 0; i < len(text); {
		if class, rest, ok := trClass(text[i:]); ok {
			out = append(out, class...)
			i = len(text) - len(rest)
			continue
		}
		c, n := trChar(text[i:])
		i += n
		if i+1 < len(text) && text[i] == '-' {
			end, n := trChar(text[i+1:])
			if end < c {
				return "", "range-endpoints of '" + text[i-1:i+1+n] + "' are in reverse collating sequence order"
			}
			for b := int(c); b <= int(end); b++ {
				out = append(out, byte(b))
			}
			i += 1 + n
			continue
		}
		out = append(out, c)
	}
	return string(out), ""
}

func trChar(s string) (byte, int) {
	if s[0] == '\\' && len(s) > 1 {
		if text, n, _ := escape(s, false); len(text) == 1 {
			return text[0], n
		}
		return s[1], 2
	}
	return s[0], 1
}

func trClass(s string) (set, rest string, ok bool) {
	body, found := strings.CutPrefix(s, "[:")
	if !found {
		return "", s, false
	}
	name, rest, found := strings.Cut(body, ":]")
	if !found {
		return "", s, false
	}
	in, known := map[string]func(c byte) bool{
		"alpha": func(c byte) bool { return c|32 >= 'a' && c|32 <= 'z' },
		"digit": func(c byte) bool { return c >= '0' && c <= '9' },
		"alnum": func(c byte) bool { return c|32 >= 'a' && c|32 <= 'z' || c >= '0' && c <= '9' },
		"upper": func(c byte) bool { return c >= 'A' && c <= 'Z' },
		"lower": func(c byte) bool { return c >= 'a' && c <= 'z' },
		"space": func(c byte) bool { return c == ' ' || c >= 9 && c <= 13 },
		"blank": func(c byte) bool { return c == ' ' || c == '\t' },
		"cntrl": func(c byte) bool { return c < 32 || c == 127 },
		"print": func(c byte) bool { return c >= 32 && c < 127 },
		"graph": func(c byte) bool { return c > 32 && c < 127 },
		"punct": func(c byte) bool {
			return c > 32 && c < 127 && !(c|32 >= 'a' && c|32 <= 'z' || c >= '0' && c <= '9')
		},
		"xdigit": func(c byte) bool { return c >= '0' && c <= '9' || c|32 >= 'a' && c|32 <= 'f' },
	}[name]
	if !known {
		return "", s, false
	}
	var out []byte
	for c := range 256 {
		if in(byte(c)) {
			out = append(out, byte(c))
		}
	}
	return string(out), rest, true
}

func complement(set string) string {
	var out []byte
	for c := range 256 {
		if strings.IndexByte(set, byte(c)) < 0 {
			out = append(out, byte(c))
		}
	}
	return string(out)
}
