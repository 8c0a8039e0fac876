// Package command describes a command that is run on a host, and what came of it.
//
// It runs nothing itself: that is for package remote and its like.
package command

import (
	"strings"
	"time"
)

// MaxOutput is how many bytes of a command's output are kept, the last ones.
const MaxOutput = 64 << 10

// Command is a command to run on a host.
type Command struct {
	// Run is in the host's language: for /bin/sh on POSIX hosts, for PowerShell
	// on Windows. It gets no input.
	Run string
	// Timeout is how long it may take, real time; 0 for as long as the context.
	Timeout time.Duration
}

// Brief is the beginning of its first line, for people.
func (c Command) Brief() string {
	const most = 60 // characters
	line, _, more := strings.Cut(strings.TrimSpace(c.Run), "\n")
	if runes := []rune(line); len(runes) > most {
		line, more = string(runes[:most]), true
	}
	if more {
		line += "…"
	}
	return line
}

// Output is what a command printed and how it ended. Standard output and
// standard error are one text, on POSIX hosts in the order of their printing.
type Output struct {
	Text    string // the last MaxOutput bytes
	Dropped int64  // bytes before those
	Status  int    // exit status; -1 if a signal ended it
}

// Summary is the last n lines that are not empty, each without white space at
// its end.
func (o Output) Summary(n int) string {
	var lines []string
	for line := range strings.Lines(o.Text) {
		if line = strings.TrimRight(line, " \t\r\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
