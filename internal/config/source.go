package config

import (
	"regexp"
	"strings"
)

// source is the text of a configuration file.
type source struct {
	file string
	rows []string // its lines
}

func newSource(file, text string) source {
	return source{file: file, rows: strings.Split(text, "\n")}
}

func (s source) problem(key string, at position, message, hint string) Problem {
	return Problem{
		File: s.file, Line: at.line, Column: at.column, Key: key,
		Message: message, Excerpt: s.excerpt(at.line), Hint: hint,
	}
}

// cutAfter leaves of an excerpt what stands before its key's value, and the key.
// The value of a key that isn't known may be a misspelt password's.
func (p Problem) cutAfter(key string) Problem {
	runes := []rune(p.Excerpt)
	if end := p.Column - 1 + len([]rune(key)); end < len(runes) {
		p.Excerpt = string(runes[:end]) + "…"
	}
	return p
}

// maxExcerpt is the longest line, in characters, that an excerpt shows.
const maxExcerpt = 160

// excerpt returns a line of the file for an error: as many columns as it has
// characters, and stars for what may be a secret.
func (s source) excerpt(line int) string {
	if line < 1 || line > len(s.rows) {
		return ""
	}
	text := maskSecrets(strings.TrimRight(s.rows[line-1], " \t\r"))
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > maxExcerpt {
		text = string(runes[:maxExcerpt]) + "…"
	}
	return text
}

// maskSecrets puts stars for all that follows a key that sounds like a secret.
func maskSecrets(line string) string {
	secret := regexp.MustCompile(`(?i)(pas+|pwd|secret|token|credential)[\w-]*["']?\s*[:=]\s*`)
	if at := secret.FindStringIndex(line); at != nil && at[1] < len(line) {
		return line[:at[1]] + "***"
	}
	return line
}
