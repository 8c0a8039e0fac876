package ui

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// Fold breaks the lines of a text at words, so that none is wider than a
// terminal of so many columns; what goes on is indented. 0 columns is no limit,
// and a word that is wider has a line of its own.
func Fold(text string, columns int, indent string) string {
	if columns <= 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(foldLine(line, columns, indent))
	}
	return b.String()
}

func foldLine(line string, columns int, indent string) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.SplitAfter(line, " ") {
		bare := runewidth.StringWidth(strings.TrimRight(word, " \n"))
		if i > 0 && bare > 0 && width+bare > columns {
			b.WriteString("\n" + indent)
			width = runewidth.StringWidth(indent)
		}
		b.WriteString(word)
		width += runewidth.StringWidth(strings.TrimRight(word, "\n"))
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
