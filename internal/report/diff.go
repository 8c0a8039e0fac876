package report

import "strings"

// diffLine is a line of a unified diff.
type diffLine struct {
	Class string // removed, added, place or same
	Text  string // without its end
}

func diffLines(diff string) []diffLine {
	var lines []diffLine
	for line := range strings.Lines(diff) {
		text := strings.TrimRight(line, "\r\n")
		class := "same"
		switch {
		case strings.HasPrefix(text, "@@"), strings.HasPrefix(text, "---"), strings.HasPrefix(text, "+++"):
			class = "place"
		case strings.HasPrefix(text, "-"):
			class = "removed"
		case strings.HasPrefix(text, "+"):
			class = "added"
		}
		lines = append(lines, diffLine{class, text})
	}
	return lines
}
