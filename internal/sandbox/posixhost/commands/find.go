package commands

import (
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

// finder is one call of find.
type finder struct {
	*Process
	args     []string
	max, min int // depths, -1 for none
	depth    bool
	acts     bool // -print, -exec or -delete was given
	status   int
	match    predicate
}

// found is a file that find looks at.
type found struct {
	name  string
	info  fs.FileInfo
	depth int
	prune bool
}

type predicate func(*found) bool

func find(p *Process) int {
	f := &finder{Process: p, max: -1, min: -1}
	args := p.Args[1:]
	var starts []string
	for len(args) > 0 && args[0][:min(1, len(args[0]))] != "-" && args[0] != "(" && args[0] != "!" {
		starts, args = append(starts, args[0]), args[1:]
	}
	if len(starts) == 0 {
		starts = []string{"."}
	}
	f.args = args
	match := predicate(func(*found) bool { return true })
	if len(args) > 0 {
		match = f.or()
		if match == nil {
			return 1
		}
		if len(f.args) > 0 {
			return p.complain("unexpected %s", f.args[0])
		}
	}
	f.match = match
	if !f.acts {
		f.match = func(x *found) bool { return match(x) && f.print(x.name+"\n") == 0 }
	}
	for _, start := range starts {
		info, err := p.FS.Lstat(start)
		if err != nil {
			f.status = p.complain("%s: %s", quoted(start), words(err))
			continue
		}
		f.walk(start, info, 0)
	}
	return f.status
}

func (f *finder) walk(name string, info fs.FileInfo, depth int) {
	if f.Ctx.Err() != nil {
		return
	}
	x := &found{name: name, info: info, depth: depth}
	if depth >= f.min && !f.depth {
		f.match(x)
	}
	if info.IsDir() && !x.prune && (f.max < 0 || depth < f.max) {
		entries, err := f.FS.ReadDir(name)
		if err != nil {
			f.status = f.complain("%s: %s", quoted(name), words(err))
		}
		for _, e := range entries {
			below := strings.TrimRight(name, "/") + "/" + e.Name()
			if info, err := f.FS.Lstat(below); err == nil {
				f.walk(below, info, depth+1)
			}
		}
	}
	if depth >= f.min && f.depth {
		f.match(x)
	}
}

// next takes the next word of the expression, "" at its end.
func (f *finder) next() string {
	if len(f.args) == 0 {
		return ""
	}
	word := f.args[0]
	f.args = f.args[1:]
	return word
}

func (f *finder) or() predicate {
	left := f.and()
	for left != nil && len(f.args) > 0 && f.args[0] == "-o" {
		f.next()
		a, b := left, f.and()
		if b == nil {
			return nil
		}
		left = func(x *found) bool { return a(x) || b(x) }
	}
	return left
}

func (f *finder) and() predicate {
	left := f.not()
	for left != nil && len(f.args) > 0 && f.args[0] != "-o" && f.args[0] != ")" {
		if f.args[0] == "-a" {
			f.next()
		}
		a, b := left, f.not()
		if b == nil {
			return nil
		}
		left = func(x *found) bool { return a(x) && b(x) }
	}
	return left
}

func (f *finder) not() predicate {
	if len(f.args) > 0 && (f.args[0] == "!" || f.args[0] == "-not") {
		f.next()
		inner := f.not()
		if inner == nil {
			return nil
		}
		return func(x *found) bool { return !inner(x) }
	}
	return f.primary()
}

func (f *finder) refuse(format string, args ...any) predicate {
	f.complain(format, args...)
	return nil
}

func (f *finder) primary() predicate {
	always := func(*found) bool { return true }
	switch word := f.next(); word {
	case "(":
		inner := f.or()
		if inner != nil && f.next() != ")" {
			return f.refuse("missing )")
		}
		return inner
	case "-maxdepth", "-mindepth":
		n, err := strconv.Atoi(f.next())
		if err != nil || n < 0 {
			return f.refuse("%s needs a number", word)
		}
		if word == "-maxdepth" {
			f.max = n
		} else {
			f.min = n
		}
		return always
	case "-depth":
		f.depth = true
		return always
	case "-xdev", "-mount":
		return always
	case "-name", "-iname":
		pattern := f.next()
		return func(x *found) bool {
			base := path.Base(x.name)
			if word == "-iname" {
				base, pattern = strings.ToLower(base), strings.ToLower(pattern)
			}
			ok, _ := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), base)
			return ok
		}
	case "-path":
		re, err := compileBRE("^"+globToBRE(f.next())+"$", true, false)
		if err != nil {
			return f.refuse("%v", err)
		}
		return func(x *found) bool { return re.MatchString(x.name) }
	case "-prune":
		return func(x *found) bool { x.prune = true; return true }
	case "-print", "-print0":
		f.acts = true
		return func(x *found) bool {
			return f.print(x.name+map[string]string{"-print": "\n", "-print0": "\x00"}[word]) == 0
		}
	default:
		return f.attribute(word)
	}
}

// attribute is a primary about a file's attributes, or an action on it.
func (f *finder) attribute(word string) predicate {
	switch word {
	case "-type":
		kind := f.next()
		return func(x *found) bool {
			letter := modeString(x.info.Mode())[:1]
			return letter == kind || letter == "-" && kind == "f"
		}
	case "-size":
		return f.size(f.next())
	case "-newer":
		info, err := f.FS.Stat(f.next())
		if err != nil {
			return f.refuse("-newer: %s", words(err))
		}
		return func(x *found) bool { return x.info.ModTime().After(info.ModTime()) }
	case "-empty":
		return func(x *found) bool {
			if !x.info.IsDir() {
				return x.info.Mode().IsRegular() && x.info.Size() == 0
			}
			entries, err := f.FS.ReadDir(x.name)
			return err == nil && len(entries) == 0
		}
	case "-user":
		account, ok := f.System.Accounts.Named(f.next())
		if !ok {
			return f.refuse("-user: no such user")
		}
		return func(x *found) bool { uid, _ := rootfs.Owner(x.info); return uid == account.UID }
	case "-perm":
		text := f.next()
		bits, err := strconv.ParseUint(strings.TrimPrefix(text, "-"), 8, 32)
		if err != nil {
			return f.refuse("invalid mode %s", quoted(text))
		}
		return func(x *found) bool {
			mode := unixMode(x.info.Mode())
			return mode == uint32(bits) || text[0] == '-' && mode&uint32(bits) == uint32(bits)
		}
	case "-delete":
		f.acts, f.depth = true, true
		return func(x *found) bool {
			if x.name == "." {
				return true
			}
			code := f.remove(x.name, false, false, true)
			f.status = max(f.status, code)
			return code == 0
		}
	case "-exec":
		return f.exec()
	}
	return f.refuse("unknown predicate %s", quoted(word))
}

// size compares a file's size, in blocks of 512 bytes or, with a c, in bytes.
func (f *finder) size(text string) predicate {
	sign, digits := "", text
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		sign, digits = text[:1], text[1:]
	}
	unit := int64(512)
	if rest, ok := strings.CutSuffix(digits, "c"); ok {
		digits, unit = rest, 1
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 {
		return f.refuse("invalid argument %s to -size", quoted(text))
	}
	return func(x *found) bool {
		units := (x.info.Size() + unit - 1) / unit
		return sign == "" && units == n || sign == "+" && units > n || sign == "-" && units < n
	}
}

// exec runs a command for each file; with + in place of ; it does the same.
func (f *finder) exec() predicate {
	f.acts = true
	var args []string
	for {
		word := f.next()
		if word == ";" || word == "+" && len(args) > 0 && args[len(args)-1] == "{}" {
			break
		}
		if word == "" && len(f.args) == 0 {
			return f.refuse("missing argument to '-exec'")
		}
		args = append(args, word)
	}
	return func(x *found) bool {
		line := make([]string, len(args))
		for i, a := range args {
			line[i] = strings.ReplaceAll(a, "{}", x.name)
		}
		return f.Run(f.child(line...)) == 0
	}
}

// globToBRE turns a shell pattern into an extended regular expression.
func globToBRE(glob string) string {
	return strings.NewReplacer("*", ".*", "?", ".", ".", `\.`, "+", `\+`, "(", `\(`, ")", `\)`, "{", `\{`, "}", `\}`, "|", `\|`, "[!", "[^").Replace(glob)
}

// filesBelow lists the regular files of operands that are directories.
func (p *Process) filesBelow(operands []string) []string {
	if len(operands) == 0 {
		operands = []string{"."}
	}
	var files []string
	for _, name := range operands {
		info, err := p.FS.Stat(name)
		if err != nil || !info.IsDir() {
			files = append(files, name)
			continue
		}
		entries, _ := p.FS.ReadDir(name)
		for _, e := range entries {
			below := strings.TrimRight(name, "/") + "/" + e.Name()
			if e.IsDir() {
				files = append(files, p.filesBelow([]string{below})...)
			} else if e.Type().IsRegular() {
				files = append(files, below)
			}
		}
	}
	return files
}
