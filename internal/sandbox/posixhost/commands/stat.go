package commands

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

func stat(p *Process) int {
	opts, operands, ok := p.parse("Lc:t", "dereference:L", "format=:c", "printf=")
	if !ok {
		return 1
	}
	if len(operands) == 0 {
		return p.complain("missing operand")
	}
	format, newline := "  File: %N\n  Size: %s\tBlocks: %b\tIO Block: %o\t%F\n"+
		"Device: %d\tInode: %i\tLinks: %h\nAccess: (%04a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nModify: %y", "\n"
	if f, given := opts.value("c"); given {
		format = f
	}
	if f, given := opts.value("printf"); given {
		format, newline = backslashes(f), ""
	}
	status := 0
	for _, name := range operands {
		read := p.FS.Lstat
		if opts.has("L") {
			read = p.FS.Stat
		}
		info, err := read(name)
		if err != nil {
			status = p.complain("cannot stat %s: %s", quoted(name), words(err))
			continue
		}
		text, ok := p.statFormat(format, name, info)
		if !ok {
			return 1
		}
		if code := p.print(text + newline); code != 0 {
			return code
		}
	}
	return status
}

func (p *Process) statFormat(format, name string, info fs.FileInfo) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			out.WriteByte(format[i])
			continue
		}
		start := i + 1
		for i++; i < len(format) && strings.IndexByte("0123456789-", format[i]) >= 0; i++ {
		}
		if i == len(format) {
			p.complain("%s: invalid directive", quoted(format))
			return "", false
		}
		value, ok := p.statField(format[i], name, info)
		if !ok {
			p.complain("'%%%c': invalid directive", format[i])
			return "", false
		}
		if width := format[start:i]; width != "" {
			value = padField(width, value)
		}
		out.WriteString(value)
	}
	return out.String(), true
}

func padField(width, value string) string {
	n, err := strconv.Atoi(width)
	if err != nil {
		return value
	}
	if strings.HasPrefix(width, "0") {
		return strings.Repeat("0", max(0, n-len(value))) + value
	}
	return fmt.Sprintf("%*s", n, value)
}

func (p *Process) statField(directive byte, name string, info fs.FileInfo) (string, bool) {
	uid, gid := rootfs.Owner(info)
	ino, links := rootfs.Inode(info)
	switch directive {
	case '%':
		return "%", true
	case 'a':
		return strconv.FormatUint(uint64(unixMode(info.Mode())), 8), true
	case 'A':
		return modeString(info.Mode()), true
	case 'b':
		return strconv.FormatInt(rootfs.Blocks(info)/512, 10), true
	case 'd':
		return "0", true
	case 'F':
		if info.Mode().IsRegular() && info.Size() == 0 {
			return "regular empty file", true
		}
		return fileKind(info.Mode()), true
	case 'g':
		return itoa(gid), true
	case 'G':
		return p.System.Accounts.GroupName(gid), true
	case 'h':
		return strconv.FormatUint(links, 10), true
	case 'i':
		return strconv.FormatUint(ino, 10), true
	case 'n':
		return name, true
	case 'N':
		if text, err := p.FS.Readlink(name); err == nil {
			return quoted(name) + " -> " + quoted(text), true
		}
		return quoted(name), true
	case 'o':
		return "4096", true
	case 's':
		return strconv.FormatInt(info.Size(), 10), true
	case 'u':
		return itoa(uid), true
	case 'U':
		return p.System.Accounts.UserName(uid), true
	case 'X', 'Y', 'Z':
		return strconv.FormatInt(info.ModTime().Unix(), 10), true
	case 'x', 'y', 'z':
		return info.ModTime().UTC().Format("2006-01-02 15:04:05.000000000 -0700"), true
	}
	return "", false
}
