package commands

import (
	"io/fs"
	"path"
	"strings"
	"time"
)

// touchTime works out the time that touch sets.
func (p *Process) touchTime(opts options) (time.Time, int) {
	now := p.System.Clock.Now()
	if like, ok := opts.value("r"); ok {
		info, err := p.FS.Stat(like)
		if err != nil {
			return now, p.complain("failed to get attributes of %s: %s", quoted(like), words(err))
		}
		return info.ModTime(), 0
	}
	if text, ok := opts.value("t"); ok {
		for _, layout := range []string{"200601021504.05", "200601021504", "0601021504.05", "0601021504"} {
			if t, err := time.ParseInLocation(layout, text, time.UTC); err == nil && len(layout) == len(text) {
				return t, 0
			}
		}
		return now, p.complain("invalid date format %s", quoted(text))
	}
	if text, ok := opts.value("d"); ok {
		t, ok := parseDate(text)
		if !ok {
			return now, p.complain("invalid date format %s", quoted(text))
		}
		return t, 0
	}
	return now, 0
}

func basename(p *Process) int {
	opts, operands, ok := p.parse("+as:z", "multiple:a", "suffix=:s")
	if !ok {
		return 1
	}
	if len(operands) == 0 {
		return p.complain("missing operand")
	}
	suffix, many := opts.value("s")
	names := operands
	if !many && !opts.has("a") {
		if len(operands) > 2 {
			return p.complain("extra operand %s", quoted(operands[2]))
		}
		if names = operands[:1]; len(operands) == 2 {
			suffix = operands[1]
		}
	}
	var out strings.Builder
	for _, name := range names {
		base := name
		if name != "" {
			base = path.Base(name)
		}
		if base != suffix {
			base = strings.TrimSuffix(base, suffix)
		}
		out.WriteString(base + "\n")
	}
	return p.print(out.String())
}

func dirname(p *Process) int {
	_, operands, ok := p.parse("+")
	if !ok {
		return 1
	}
	if len(operands) == 0 {
		return p.complain("missing operand")
	}
	var out strings.Builder
	for _, name := range operands {
		out.WriteString(dirOf(name) + "\n")
	}
	return p.print(out.String())
}

// dirOf is dirname(3), which unlike path.Dir keeps "..", "." and doubled slashes
// inside a name.
func dirOf(name string) string {
	trimmed := strings.TrimRight(name, "/")
	if trimmed == "" {
		if name == "" {
			return "."
		}
		return "/"
	}
	slash := strings.LastIndexByte(trimmed, '/')
	if slash < 0 {
		return "."
	}
	if dir := strings.TrimRight(trimmed[:slash], "/"); dir != "" {
		return dir
	}
	return "/"
}

func pwd(p *Process) int {
	opts, _, ok := p.parse("LP")
	if !ok {
		return 1
	}
	dir := p.FS.Dir
	if opts.last("LP") == "P" {
		real, err := p.FS.RealPath(dir)
		if err != nil {
			return p.fault(dir, err)
		}
		dir = real
	}
	return p.print(dir + "\n")
}

func readlink(p *Process) int {
	opts, operands, ok := p.parse("femnqsv", "canonicalize:f", "canonicalize-existing:e", "canonicalize-missing:m", "no-newline:n")
	if !ok {
		return 1
	}
	if len(operands) == 0 {
		return p.complain("missing operand")
	}
	status := 0
	for _, name := range operands {
		text, err := p.readOne(name, opts)
		if err != nil {
			status = 1
			continue
		}
		if !opts.has("n") {
			text += "\n"
		}
		if code := p.print(text); code != 0 {
			return code
		}
	}
	return status
}

func (p *Process) readOne(name string, opts options) (string, error) {
	switch opts.last("fem") {
	case "":
		return p.FS.Readlink(name)
	case "e":
		if _, err := p.FS.Stat(name); err != nil {
			return "", err
		}
	case "m":
		if _, err := p.FS.RealPath(name); err != nil {
			return p.FS.Abs(name), nil
		}
	}
	return p.FS.RealPath(name)
}

func realpath(p *Process) int {
	opts, operands, ok := p.parse("emqsz")
	if !ok {
		return 1
	}
	if len(operands) == 0 {
		return p.complain("missing operand")
	}
	status := 0
	for _, name := range operands {
		var err error
		if opts.has("e") {
			_, err = p.FS.Stat(name)
		}
		real := ""
		if err == nil {
			real, err = p.FS.RealPath(name)
		}
		if err != nil {
			status = p.fault(name, err)
			continue
		}
		if code := p.print(real + "\n"); code != 0 {
			return code
		}
	}
	return status
}

func fileKind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "directory"
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	case m&fs.ModeCharDevice != 0:
		return "character special file"
	case m&fs.ModeNamedPipe != 0:
		return "fifo"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "regular file"
}
