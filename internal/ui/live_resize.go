package ui

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// regain returns what takes the cursor back to where the table began, and clears
// what is there, after the terminal has become smaller. Terminals break the lines
// that are too long then, so that they take more rows than were drawn; the
// drawing goes back by as many as were drawn, and no further. An empty row stays
// above: where a table begins in the first row, some terminals take its being
// cleared for the screen's, and keep each drawing to be scrolled back to.
// l.mu is held.
func (l *Live) regain(columns, rows int) string {
	taken := 0
	for _, drawn := range l.drawn {
		taken++
		if columns > 0 && columns < l.width {
			taken += (max(drawn, 1) - 1) / columns
		}
	}
	extra := taken - len(l.drawn)
	l.drawn = nil
	if extra == 0 && (rows == 0 || taken < rows) {
		return ""
	}
	return strings.Repeat("\x1b[A\x1b[2K", extra) + "\r\n"
}

// columnsOf is how many columns a line takes, without its colours.
func columnsOf(line string) int {
	for _, c := range colors {
		line = strings.ReplaceAll(line, c, "")
	}
	return runewidth.StringWidth(strings.ReplaceAll(line, plain, ""))
}
