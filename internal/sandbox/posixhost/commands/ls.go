package commands

import (
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

// listing is one call of ls.
type listing struct {
	*Process
	opts  options
	lines strings.Builder
}

// entry is one line of a listing.
type entry struct {
	name   string // as it is printed
	target string // path by which it is found
	info   fs.FileInfo
}

func ls(p *Process) int {
	opts, operands, ok := p.parse("lndiaA1rtShFgo", "all:a", "almost-all:A", "directory:d")
	if !ok {
		return 2
	}
	if len(operands) == 0 {
		operands = []string{"."}
	}
	l := &listing{Process: p, opts: opts}
	status := l.list(operands)
	if code := p.print(l.lines.String()); code != 0 {
		return code
	}
	return status
}

func (l *listing) list(operands []string) int {
	status := 0
	var files, dirs []entry
	for _, name := range operands {
		info, err := l.info(name)
		if err != nil {
			l.complain("cannot access %s: %s", quoted(name), words(err))
			status = 2
			continue
		}
		e := entry{name: name, target: name, info: info}
		if info.IsDir() && !l.opts.has("d") {
			dirs = append(dirs, e)
		} else {
			files = append(files, e)
		}
	}
	l.show(files)
	for i, d := range dirs {
		if len(operands) > 1 {
			if i > 0 || len(files) > 0 {
				l.lines.WriteByte('\n')
			}
			l.lines.WriteString(d.name + ":\n")
		}
		if err := l.directory(d.target); err != nil {
			l.complain("cannot open directory %s: %s", quoted(d.name), words(err))
			status = 2
		}
	}
	return status
}

// info follows a link operand unless its own line was asked for.
func (l *listing) info(name string) (fs.FileInfo, error) {
	if l.long() || l.opts.has("d") || l.opts.has("F") {
		return l.FS.Lstat(name)
	}
	if info, err := l.FS.Stat(name); err == nil {
		return info, nil
	}
	return l.FS.Lstat(name)
}

func (l *listing) long() bool { return l.opts.last("lngo") != "" }

func (l *listing) directory(dir string) error {
	names, err := l.FS.ReadDir(dir)
	if err != nil {
		return err
	}
	var entries []entry
	add := func(name string) {
		target := strings.TrimRight(dir, "/") + "/" + name
		if info, err := l.FS.Lstat(target); err == nil {
			entries = append(entries, entry{name: name, target: target, info: info})
		}
	}
	if l.opts.has("a") {
		add(".")
		add("..")
	}
	for _, e := range names {
		if e.Name()[0] != '.' || l.opts.has("a") || l.opts.has("A") {
			add(e.Name())
		}
	}
	if l.long() {
		l.lines.WriteString("total " + itoa(blocks(entries)) + "\n")
	}
	l.show(entries)
	return nil
}

// blocks counts the blocks of 1024 bytes that files take up.
func blocks(entries []entry) int {
	n := int64(0)
	for _, e := range entries {
		n += rootfs.Blocks(e.info)
	}
	return int((n + 1023) / 1024)
}

func (l *listing) show(entries []entry) {
	sort.SliceStable(entries, func(i, j int) bool { return l.less(entries[i], entries[j]) })
	if !l.long() {
		for _, e := range entries {
			l.lines.WriteString(l.inode(e) + e.name + l.mark(e) + "\n")
		}
		return
	}
	rows := make([][]string, len(entries))
	for i, e := range entries {
		rows[i] = l.columns(e)
	}
	widths := make([]int, 5)
	for _, r := range rows {
		for c := range widths {
			widths[c] = max(widths[c], len(r[c]))
		}
	}
	for i, r := range rows {
		l.lines.WriteString(l.inode(entries[i]) + r[0] + " " + padLeft(r[1], widths[1]))
		for c := 2; c < 4; c++ {
			if r[c] != "" {
				l.lines.WriteString(" " + l.pad(r[c], widths[c]))
			}
		}
		fmt.Fprintf(&l.lines, " %s %s %s\n", padLeft(r[4], widths[4]), r[5], r[6])
	}
}

func (l *listing) pad(s string, width int) string {
	if l.opts.has("n") {
		return padLeft(s, width)
	}
	return s + strings.Repeat(" ", width-len(s))
}

func (l *listing) less(a, b entry) bool {
	if l.opts.has("r") {
		a, b = b, a
	}
	switch l.opts.last("tS") {
	case "t":
		if x, y := a.info.ModTime(), b.info.ModTime(); !x.Equal(y) {
			return x.After(y)
		}
	case "S":
		if x, y := a.info.Size(), b.info.Size(); x != y {
			return x > y
		}
	}
	return a.name < b.name
}

// columns returns mode, links, owner, group, size, time and name.
func (l *listing) columns(e entry) []string {
	uid, gid := rootfs.Owner(e.info)
	_, links := rootfs.Inode(e.info)
	owner, group := l.System.Accounts.UserName(uid), l.System.Accounts.GroupName(gid)
	if l.opts.has("n") {
		owner, group = strconv.Itoa(uid), strconv.Itoa(gid)
	}
	if l.opts.has("g") {
		owner = ""
	}
	if l.opts.has("o") {
		group = ""
	}
	name := e.name + l.mark(e)
	if e.info.Mode()&fs.ModeSymlink != 0 {
		if text, err := l.FS.Readlink(e.target); err == nil {
			name = e.name + " -> " + text
		}
	}
	return []string{modeString(e.info.Mode()), strconv.FormatUint(links, 10), owner, group,
		l.size(e.info), listTime(e.info.ModTime(), l.System.Clock.Now()), name}
}

func (l *listing) size(info fs.FileInfo) string {
	n := info.Size()
	if !l.opts.has("h") || n < 1024 {
		return strconv.FormatInt(n, 10)
	}
	value, unit := float64(n), 0
	for value >= 1024 && unit < 4 {
		value /= 1024
		unit++
	}
	if value < 10 {
		return fmt.Sprintf("%.1f%c", value, " KMGT"[unit])
	}
	return fmt.Sprintf("%.0f%c", value, " KMGT"[unit])
}

func (l *listing) inode(e entry) string {
	if !l.opts.has("i") {
		return ""
	}
	ino, _ := rootfs.Inode(e.info)
	return strconv.FormatUint(ino, 10) + " "
}

func (l *listing) mark(e entry) string {
	switch {
	case !l.opts.has("F"):
		return ""
	case e.info.IsDir():
		return "/"
	case e.info.Mode()&fs.ModeSymlink != 0:
		return "@"
	case e.info.Mode()&0o111 != 0:
		return "*"
	}
	return ""
}

// listTime is the POSIX locale's: time of day for the last six months, else the
// year.
func listTime(t, now time.Time) string {
	if t.After(now) || now.Sub(t) > 182*24*time.Hour {
		return t.UTC().Format("Jan _2  2006")
	}
	return t.UTC().Format("Jan _2 15:04")
}

// modeString is the first column of ls -l.
func modeString(m fs.FileMode) string {
	s := []byte("----------")
	switch {
	case m.IsDir():
		s[0] = 'd'
	case m&fs.ModeSymlink != 0:
		s[0] = 'l'
	case m&fs.ModeCharDevice != 0:
		s[0] = 'c'
	case m&fs.ModeDevice != 0:
		s[0] = 'b'
	case m&fs.ModeNamedPipe != 0:
		s[0] = 'p'
	case m&fs.ModeSocket != 0:
		s[0] = 's'
	}
	for i := range 9 {
		if m&(1<<(8-i)) != 0 {
			s[i+1] = "rwxrwxrwx"[i]
		}
	}
	special := func(at int, set bool, with, without byte) {
		if !set {
			return
		}
		if s[at] == 'x' {
			s[at] = with
		} else {
			s[at] = without
		}
	}
	special(3, m&fs.ModeSetuid != 0, 's', 'S')
	special(6, m&fs.ModeSetgid != 0, 's', 'S')
	special(9, m&fs.ModeSticky != 0, 't', 'T')
	return string(s)
}

func baseOf(name string) string { return path.Base(strings.TrimRight(name, "/")) }
