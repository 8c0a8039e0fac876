package ui

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns a writer for people: what could steer a terminal, such as
// an escape sequence in a worker's name or in a host's answer, is written as
// \x1b, and everything but line ends and tabs that is no visible character too.
func Printable(w io.Writer) io.Writer {
	if p, ok := w.(printable); ok {
		return p
	}
	return printable{w}
}

type printable struct{ w io.Writer }

func (p printable) Write(b []byte) (int, error) {
	if _, err := io.WriteString(p.w, visible(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// visible returns a text with all that is not visible in Go's notation. A
// carriage return right before a line's end goes: it is a line's end itself.
func visible(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\ufffd")
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !hidden(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	return r != '\n' && r != '\t' && !unicode.IsPrint(r)
}
