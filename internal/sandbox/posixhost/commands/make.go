package commands

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strings"
	"syscall"
)

func mkdir(p *Process) int {
	opts, operands, ok := p.parse("pm:v", "parents:p", "mode=:m")
	if !ok {
		return 1
	}
	if len(operands) == 0 {
		return p.complain("missing operand")
	}
	perm := fs.FileMode(0o777)
	if text, given := opts.value("m"); given {
		bits, ok := applyMode(text, 0o777, true, p.FS.Umask)
		if !ok {
			return p.complain("invalid mode %s", quoted(text))
		}
		perm = goMode(bits)
	}
	status := 0
	for _, name := range operands {
		err := p.makeDir(name, perm, opts.has("p"))
		if err == nil && opts.has("m") {
			err = p.FS.Chmod(name, perm)
		}
		if err != nil {
			status = p.complain("cannot create directory %s: %s", quoted(name), words(err))
		}
	}
	return status
}

func (p *Process) makeDir(name string, perm fs.FileMode, parents bool) error {
	if !parents {
		return p.FS.Mkdir(name, perm)
	}
	if info, err := p.FS.Stat(name); err == nil {
		if info.IsDir() {
			return nil
		}
		return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.EEXIST}
	}
	if dir := path.Dir(path.Clean(name)); dir != "." && dir != "/" {
		if err := p.makeDir(dir, 0o777, true); err != nil {
			return err
		}
	}
	return p.FS.Mkdir(name, perm)
}

func mktemp(p *Process) int {
	opts, operands, ok := p.parse("dqutp:", "directory:d", "quiet:q", "dry-run:u", "tmpdir=:p", "suffix=")
	if !ok {
		return 1
	}
	template := "tmp." + strings.Repeat("X", 10)
	dir, inDir := opts.value("p")
	if len(operands) > 0 {
		template = operands[0]
	} else {
		inDir = true
	}
	if inDir || opts.has("t") {
		if dir == "" {
			dir = p.getenv("TMPDIR")
		}
		if dir == "" {
			dir = "/tmp"
		}
		template = strings.TrimRight(dir, "/") + "/" + template
	}
	suffix, _ := opts.value("suffix")
	if suffix == "" {
		end := strings.LastIndex(template, "X") + 1
		template, suffix = template[:end], template[end:]
	}
	stem := strings.TrimRight(template, "X")
	marks := len(template) - len(stem)
	if marks < 3 {
		return p.complain("too few X's in template %s", quoted(template))
	}
	for {
		name := stem + randomLetters(marks) + suffix
		err := p.makeTemp(name, opts)
		if errnoOf(err) == syscall.EEXIST {
			continue
		}
		if err != nil {
			if opts.has("q") {
				return 1
			}
			return p.complain("failed to create file via template %s: %s", quoted(template+suffix), words(err))
		}
		return p.print(name + "\n")
	}
}

func (p *Process) makeTemp(name string, opts options) error {
	if opts.has("d") {
		return p.FS.Mkdir(name, 0o700)
	}
	file, err := p.FS.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	file.Close()
	if opts.has("u") {
		return p.FS.Unlink(name)
	}
	return nil
}

func randomLetters(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}

func touch(p *Process) int {
	opts, operands, ok := p.parse("acmr:t:d:h", "no-create:c", "reference=:r", "date=:d")
	if !ok {
		return 1
	}
	if len(operands) == 0 {
		return p.complain("missing file operand")
	}
	when, status := p.touchTime(opts)
	if status != 0 {
		return status
	}
	for _, name := range operands {
		info, err := p.FS.Stat(name)
		if err != nil && errnoOf(err) == syscall.ENOENT {
			if opts.has("c") {
				continue
			}
			var file fs.File
			if file, err = p.FS.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o666); err == nil {
				file.Close()
				info, err = p.FS.Stat(name)
			}
		}
		if err == nil && info.Mode()&fs.ModeDevice == 0 {
			accessed, modified := when, when
			switch {
			case opts.has("a") && !opts.has("m"):
				modified = info.ModTime()
			case opts.has("m") && !opts.has("a"):
				accessed = info.ModTime()
			}
			err = p.FS.Chtimes(name, accessed, modified)
		}
		if err != nil {
			status = p.complain("cannot touch %s: %s", quoted(name), words(err))
		}
	}
	return status
}

func ln(p *Process) int {
	opts, operands, ok := p.parse("sfnTt:v", "symbolic:s", "force:f", "no-dereference:n", "target-directory=:t", "no-target-directory:T")
	if !ok {
		return 1
	}
	if len(operands) == 1 && !opts.has("t") {
		operands = append(operands, ".")
	}
	if opts.has("n") && len(operands) == 2 {
		if info, err := p.FS.Lstat(operands[1]); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			opts = append(opts, option{name: "T"})
		}
	}
	return p.eachTarget(opts, operands, func(from, to string) int {
		if opts.has("f") && !p.FS.SameFile(from, to) || opts.has("f") && opts.has("s") {
			if info, err := p.FS.Lstat(to); err == nil && !info.IsDir() {
				p.FS.Unlink(to)
			}
		}
		if opts.has("s") {
			if err := p.FS.Symlink(from, to); err != nil {
				return p.complain("failed to create symbolic link %s: %s", quoted(to), words(err))
			}
			return 0
		}
		if err := p.FS.Link(from, to); err != nil {
			return p.complain("failed to create hard link %s: %s", quoted(to), words(err))
		}
		return 0
	})
}
