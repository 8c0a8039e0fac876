package commands

import (
	"io/fs"
	"strconv"
	"strings"
)

func chmod(p *Process) int {
	args := p.Args
	// A mode such as -w looks like an option; chmod takes it as a mode.
	for i, a := range args[1:] {
		if len(a) > 1 && a[0] == '-' && strings.Trim(a[1:], "rwxXst,+=-") == "" {
			p.Args = append(append(append([]string{}, args[:i+1]...), "--"), args[i+1:]...)
			break
		}
	}
	opts, operands, ok := p.parse("Rfv", "recursive:R", "reference=")
	if !ok {
		return 1
	}
	change, operands, status := p.modeChange(opts, operands)
	if status != 0 {
		return status
	}
	for _, name := range operands {
		status = max(status, p.walkChange(name, opts.has("R"), func(name string, info fs.FileInfo) int {
			if info.Mode()&fs.ModeSymlink != 0 {
				if opts.has("R") {
					return 0
				}
				if info2, err := p.FS.Stat(name); err == nil {
					info = info2
				}
			}
			if err := p.FS.Chmod(name, change(info)); err != nil {
				return p.complain("changing permissions of %s: %s", quoted(name), words(err))
			}
			return 0
		}))
	}
	return status
}

// modeChange works out what to do to each mode, and the files that are left.
func (p *Process) modeChange(opts options, operands []string) (func(fs.FileInfo) fs.FileMode, []string, int) {
	if like, ok := opts.value("reference"); ok {
		info, err := p.FS.Stat(like)
		if err != nil {
			return nil, nil, p.complain("failed to get attributes of %s: %s", quoted(like), words(err))
		}
		return func(fs.FileInfo) fs.FileMode { return info.Mode() }, operands, 0
	}
	if len(operands) < 2 {
		return nil, nil, p.complain("missing operand")
	}
	text := operands[0]
	if _, ok := applyMode(text, 0, false, p.FS.Umask); !ok {
		return nil, nil, p.complain("invalid mode: %s", quoted(text))
	}
	return func(info fs.FileInfo) fs.FileMode {
		bits, _ := applyMode(text, unixMode(info.Mode()), info.IsDir(), p.FS.Umask)
		return goMode(bits)
	}, operands[1:], 0
}

// walkChange does something to a file and, if asked for, to all below it.
func (p *Process) walkChange(name string, recursive bool, do func(string, fs.FileInfo) int) int {
	info, err := p.FS.Lstat(name)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 && !recursive {
		_, err = p.FS.Stat(name)
	}
	if err != nil {
		return p.complain("cannot access %s: %s", quoted(name), words(err))
	}
	status := do(name, info)
	if !recursive || !info.IsDir() {
		return status
	}
	entries, err := p.FS.ReadDir(name)
	if err != nil {
		return p.complain("cannot read directory %s: %s", quoted(name), words(err))
	}
	for _, e := range entries {
		status = max(status, p.walkChange(name+"/"+e.Name(), true, do))
	}
	return status
}

// applyMode applies an octal or symbolic mode (POSIX chmod) to permission bits
// as Unix has them, and tells whether the mode makes sense.
func applyMode(text string, bits uint32, dir bool, umask fs.FileMode) (uint32, bool) {
	if n, err := strconv.ParseUint(text, 8, 32); err == nil {
		if dir && len(text) < 5 {
			return uint32(n) | bits&0o6000, n <= 0o7777 // chmod keeps a directory's setgid
		}
		return uint32(n), n <= 0o7777
	}
	for clause := range strings.SplitSeq(text, ",") {
		var ok bool
		if bits, ok = applyClause(clause, bits, dir, uint32(umask)); !ok {
			return 0, false
		}
	}
	return bits, true
}

func applyClause(clause string, bits uint32, dir bool, umask uint32) (uint32, bool) {
	who, rest := uint32(0), clause
	for ; rest != "" && strings.ContainsRune("ugoa", rune(rest[0])); rest = rest[1:] {
		who |= map[byte]uint32{'u': 0o4700, 'g': 0o2070, 'o': 0o1007, 'a': 0o7777}[rest[0]]
	}
	mask := who
	if who == 0 {
		who, mask = 0o7777, 0o7777&^umask
	}
	if rest == "" {
		return 0, false
	}
	for rest != "" {
		op := rest[0]
		if !strings.ContainsRune("+-=", rune(op)) {
			return 0, false
		}
		end := strings.IndexAny(rest[1:], "+-=")
		if end < 0 {
			end = len(rest) - 1
		}
		perms, ok := permBits(rest[1:1+end], bits, dir)
		if !ok {
			return 0, false
		}
		rest = rest[1+end:]
		switch op {
		case '+':
			bits |= perms & mask
		case '-':
			bits &^= perms & mask
		case '=':
			bits = bits&^(who&0o777|who&0o7000&^uint32(0o1000)) | perms&mask
		}
	}
	return bits, true
}

func permBits(letters string, bits uint32, dir bool) (uint32, bool) {
	if len(letters) == 1 {
		switch letters {
		case "u":
			return bits >> 6 & 7 * 0o111, true
		case "g":
			return bits >> 3 & 7 * 0o111, true
		case "o":
			return bits & 7 * 0o111, true
		}
	}
	perms := uint32(0)
	for _, c := range letters {
		switch c {
		case 'r':
			perms |= 0o444
		case 'w':
			perms |= 0o222
		case 'x':
			perms |= 0o111
		case 'X':
			if dir || bits&0o111 != 0 {
				perms |= 0o111
			}
		case 's':
			perms |= 0o6000
		case 't':
			perms |= 0o1000
		default:
			return 0, false
		}
	}
	return perms, true
}

func unixMode(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	for goBit, bit := range specialBits() {
		if m&goBit != 0 {
			bits |= bit
		}
	}
	return bits
}

func goMode(bits uint32) fs.FileMode {
	m := fs.FileMode(bits & 0o777)
	for goBit, bit := range specialBits() {
		if bits&bit != 0 {
			m |= goBit
		}
	}
	return m
}

func specialBits() map[fs.FileMode]uint32 {
	return map[fs.FileMode]uint32{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000}
}

// Umask applies an argument of umask to the present value.
func Umask(text string, now fs.FileMode) (fs.FileMode, bool) {
	if n, err := strconv.ParseUint(text, 8, 32); err == nil {
		return fs.FileMode(n) & 0o777, n <= 0o777
	}
	allowed, ok := applyMode(text, uint32(^now&0o777), false, 0)
	return ^fs.FileMode(allowed) & 0o777, ok
}
