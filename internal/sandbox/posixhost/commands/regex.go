package commands

import (
	"fmt"
	"regexp"
	"strings"
)

// compileBRE compiles a POSIX basic regular expression, and with extended an
// extended one. Back-references inside a pattern are refused.
func compileBRE(pattern string, extended, ignoreCase bool) (*regexp.Regexp, error) {
	text, err := translate(pattern, extended)
	if err != nil {
		return nil, err
	}
	flags := "(?s)"
	if ignoreCase {
		flags = "(?si)"
	}
	re, err := regexp.Compile(flags + text)
	if err != nil {
		return nil, fmt.Errorf("invalid regular expression: %s", pattern)
	}
	re.Longest()
	return re, nil
}

// translate writes a POSIX expression as Go's.
func translate(pattern string, extended bool) (string, error) {
	var out strings.Builder
	atStart := true // of the expression or a group, where * stands for itself
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		wasStart := atStart
		atStart = false
		switch {
		case c == '[':
			end := bracketEnd(pattern[i:])
			if end < 0 {
				return "", fmt.Errorf("unterminated [ in %s", pattern)
			}
			out.WriteString(bracket(pattern[i : i+end]))
			i += end - 1
		case c == '\\' && i+1 < len(pattern):
			i++
			piece, start, err := escaped(pattern[i], extended)
			if err != nil {
				return "", err
			}
			out.WriteString(piece)
			atStart = start
		case extended:
			out.WriteByte(c)
		case c == '*' && wasStart:
			out.WriteString(`\*`)
		case c == '^' && !wasStart, c == '$' && !endsHere(pattern[i+1:]):
			out.WriteString(`\` + string(c))
		case strings.IndexByte("+?(){}|", c) >= 0:
			out.WriteString(`\` + string(c))
		case c == '^':
			out.WriteByte(c)
			atStart = true
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), nil
}

func endsHere(rest string) bool {
	return rest == "" || strings.HasPrefix(rest, `\)`) || strings.HasPrefix(rest, `\|`)
}

// escaped translates a backslash and the character after it.
func escaped(c byte, extended bool) (piece string, start bool, err error) {
	switch {
	case c >= '1' && c <= '9':
		return "", false, fmt.Errorf(`back-references (\%c) in a pattern cannot be used here`, c)
	case !extended && strings.IndexByte("(){}|+?", c) >= 0:
		return string(c), c == '(' || c == '|', nil
	case c == 'n':
		return `\n`, false, nil
	case c == 't':
		return `\t`, false, nil
	case strings.IndexByte("wWsSbB", c) >= 0:
		return `\` + string(c), false, nil
	case c == '<' || c == '>':
		return `\b`, false, nil
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80:
		return string(rune(c)), false, nil
	}
	return regexp.QuoteMeta(string(rune(c))), false, nil
}

// bracketEnd returns the length of a bracket expression.
func bracketEnd(s string) int {
	i := 1
	if i < len(s) && s[i] == '^' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	for i < len(s) {
		if strings.HasPrefix(s[i:], "[:") {
			end := strings.Index(s[i:], ":]")
			if end < 0 {
				return -1
			}
			i += end + 2
			continue
		}
		if s[i] == ']' {
			return i + 1
		}
		i++
	}
	return -1
}

// bracket writes a bracket expression for Go, where a backslash is special and
// ] must be escaped.
func bracket(s string) string {
	var out strings.Builder
	body := s[1 : len(s)-1]
	out.WriteByte('[')
	if strings.HasPrefix(body, "^") {
		out.WriteByte('^')
		body = body[1:]
	}
	for i := 0; i < len(body); i++ {
		switch {
		case strings.HasPrefix(body[i:], "[:"):
			end := strings.Index(body[i:], ":]") + 2
			out.WriteString(body[i : i+end])
			i += end - 1
		case strings.IndexByte(`\[]&~`, body[i]) >= 0:
			out.WriteString(`\` + string(body[i]))
		default:
			out.WriteByte(body[i])
		}
	}
	out.WriteByte(']')
	return out.String()
}
