package commands

import (
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(0, width-len(s))) + s
}

// quoted quotes a name for a message, as GNU does in the C locale.
func quoted(name string) string { return "'" + name + "'" }
