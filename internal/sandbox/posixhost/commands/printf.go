package commands

import (
	"fmt"
	"strconv"
	"strings"
)

// echo is dash's: -n, and escapes are expanded always.
func echo(p *Process) int {
	args := p.Args[1:]
	newline := "\n"
	if len(args) > 0 && args[0] == "-n" {
		args, newline = args[1:], ""
	}
	text, stop := expandB(strings.Join(args, " "))
	if stop {
		newline = ""
	}
	return p.print(text + newline)
}

// formatter is one call of printf(1).
type formatter struct {
	*Process
	args   []string
	out    strings.Builder
	status int
	stop   bool // \c was met
}

func printf(p *Process) int {
	args := p.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		p.complain("usage: printf format [arg ...]")
		return 2
	}
	f := &formatter{Process: p, args: args[1:]}
	for {
		before := len(f.args)
		f.format(args[0])
		if f.stop || len(f.args) == 0 || len(f.args) == before {
			break
		}
	}
	if code := p.print(f.out.String()); code != 0 {
		return code
	}
	return f.status
}

func (f *formatter) next() string {
	if len(f.args) == 0 {
		return ""
	}
	arg := f.args[0]
	f.args = f.args[1:]
	return arg
}

func (f *formatter) format(format string) {
	for i := 0; i < len(format) && !f.stop; {
		switch format[i] {
		case '\\':
			text, n, _ := escape(format[i:], false)
			f.out.WriteString(text)
			i += n
		case '%':
			i += f.directive(format[i:])
		default:
			f.out.WriteByte(format[i])
			i++
		}
	}
}

// directive formats what a conversion such as %-5.3s says and returns its length.
func (f *formatter) directive(format string) int {
	if strings.HasPrefix(format, "%%") {
		f.out.WriteByte('%')
		return 2
	}
	spec, i := "%", 1
	for ; i < len(format) && strings.IndexByte("-+ #0", format[i]) >= 0; i++ {
		spec += format[i : i+1]
	}
	for ; i < len(format) && strings.IndexByte("*.0123456789", format[i]) >= 0; i++ {
		if format[i] == '*' {
			spec += strconv.FormatInt(f.number(f.next()), 10)
		} else {
			spec += format[i : i+1]
		}
	}
	if i == len(format) {
		f.status = f.complain("missing format character")
		f.stop = true
		return i
	}
	switch c := format[i]; c {
	case 's':
		f.out.WriteString(bytesSprintf(spec+"s", f.next()))
	case 'b':
		text, stop := expandB(f.next())
		f.out.WriteString(bytesSprintf(spec+"s", text))
		f.stop = stop
	case 'c':
		arg := f.next()
		f.out.WriteString(bytesSprintf(spec+"s", arg[:min(1, len(arg))]))
	case 'd', 'i':
		f.out.WriteString(intSprintf(spec, 'd', f.number(f.next())))
	case 'u':
		f.out.WriteString(fmt.Sprintf(spec+"d", uint64(f.number(f.next()))))
	case 'o', 'x', 'X':
		f.out.WriteString(fmt.Sprintf(spec+string(c), uint64(f.number(f.next()))))
	case 'e', 'E', 'f', 'F', 'g', 'G':
		value, err := strconv.ParseFloat(strings.TrimSpace(f.next()), 64)
		if err != nil && len(f.args) > 0 {
			f.status = 1
		}
		f.out.WriteString(fmt.Sprintf(spec+string(c), value))
	default:
		f.status = f.complain("%%%c: invalid directive", c)
		f.stop = true
	}
	return i + 1
}

// intSprintf lets a precision win over the zero flag, as C does.
func intSprintf(spec string, verb byte, n int64) string {
	if strings.Contains(spec, ".") {
		spec = strings.Replace(spec, "%0", "%", 1)
	}
	return fmt.Sprintf(spec+string(verb), n)
}

// bytesSprintf counts bytes where fmt counts characters, as printf(1) does in
// the C locale.
func bytesSprintf(spec, s string) string {
	wide := make([]rune, len(s))
	for i := range len(s) {
		wide[i] = rune(s[i])
	}
	out := []rune(fmt.Sprintf(strings.Replace(spec, "%0", "%", 1), string(wide)))
	narrow := make([]byte, len(out))
	for i, r := range out {
		narrow[i] = byte(r)
	}
	return string(narrow)
}

// number reads a C integer constant, or the code of the character after a quote.
func (f *formatter) number(s string) int64 {
	if s == "" {
		return 0
	}
	if s[0] == '\'' || s[0] == '"' {
		if len(s) > 1 {
			return int64(s[1])
		}
		return 0
	}
	text := strings.TrimSpace(s)
	n, err := strconv.ParseInt(text, 0, 64)
	if err == nil && !strings.ContainsAny(text, "_bBO") || err == nil && strings.HasPrefix(strings.TrimLeft(text, "+-"), "0x") {
		return n
	}
	if u, err := strconv.ParseUint(text, 0, 64); err == nil {
		return int64(u)
	}
	f.status = f.complain("%s: expected numeric value", s)
	digits := 0
	for digits < len(text) && (text[digits] >= '0' && text[digits] <= '9' || digits == 0 && text[0] == '-') {
		digits++
	}
	n, _ = strconv.ParseInt(text[:digits], 10, 64)
	return n
}

// backslashes expands the escapes of a format.
func backslashes(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			out.WriteByte(s[i])
			i++
			continue
		}
		text, n, _ := escape(s[i:], false)
		out.WriteString(text)
		i += n
	}
	return out.String()
}

// expandB expands the escapes of %b and echo, and tells whether \c ended it.
func expandB(s string) (text string, stop bool) {
	var out strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			out.WriteByte(s[i])
			i++
			continue
		}
		text, n, stop := escape(s[i:], true)
		if stop {
			return out.String(), true
		}
		out.WriteString(text)
		i += n
	}
	return out.String(), false
}

// escape reads one escape: its text, its length, and whether it is \c. Octal is
// \ooo in a format and \0ooo for %b.
func escape(s string, percentB bool) (text string, n int, stop bool) {
	if len(s) < 2 {
		return s, len(s), false
	}
	if at := strings.IndexByte(`abfnrtv\`, s[1]); at >= 0 {
		return "\a\b\f\n\r\t\v\\"[at : at+1], 2, false
	}
	if s[1] == 'c' && percentB {
		return "", 2, true
	}
	if !percentB && (s[1] == '"' || s[1] == '\'') {
		return s[1:2], 2, false
	}
	start, limit := 1, 3
	if percentB && s[1] == '0' {
		limit = 4
	}
	end := start
	for end < len(s) && end-start < limit && s[end] >= '0' && s[end] <= '7' {
		end++
	}
	if end == start {
		return s[:2], 2, false
	}
	code, _ := strconv.ParseUint(s[start:end], 8, 16)
	return string([]byte{byte(code)}), end, false
}
