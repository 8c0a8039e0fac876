package commands

import (
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

// copier is one call of cp, or a mv that cannot rename.
type copier struct {
	*Process
	recursive bool // -r
	keep      bool // -p: mode, owner and times
	links     bool // -P: copy links as links
	force     bool
}

func cp(p *Process) int {
	opts, operands, ok := p.parse("afprRPdLHTt:v", "preserve:p", "recursive:r", "archive:a", "force:f", "target-directory=:t", "no-target-directory:T")
	if !ok {
		return 1
	}
	c := &copier{
		Process:   p,
		recursive: opts.has("r") || opts.has("R") || opts.has("a"),
		keep:      opts.has("p") || opts.has("a"),
		force:     opts.has("f"),
	}
	c.links = opts.has("P") || opts.has("d") || opts.has("a") || c.recursive && !opts.has("L") && !opts.has("H")
	return p.eachTarget(opts, operands, c.copyTo)
}

// eachTarget works out where each source goes: SOURCE TARGET, or SOURCE…
// DIRECTORY, or -t DIRECTORY SOURCE….
func (p *Process) eachTarget(opts options, operands []string, do func(from, to string) int) int {
	dir, intoDir := opts.value("t")
	if !intoDir {
		switch len(operands) {
		case 0:
			return p.complain("missing file operand")
		case 1:
			return p.complain("missing destination file operand after %s", quoted(operands[0]))
		}
		dir, operands = operands[len(operands)-1], operands[:len(operands)-1]
		info, err := p.FS.Stat(dir)
		intoDir = err == nil && info.IsDir() && !opts.has("T")
		if !intoDir && len(operands) > 1 {
			return p.complain("target %s is not a directory", quoted(dir))
		}
	}
	status := 0
	for _, from := range operands {
		to := dir
		if intoDir {
			to = strings.TrimRight(dir, "/") + "/" + baseOf(from)
		}
		status = max(status, do(from, to))
	}
	return status
}

func (c *copier) copyTo(from, to string) int {
	stat := c.FS.Stat
	if c.links {
		stat = c.FS.Lstat
	}
	info, err := stat(from)
	if err != nil {
		return c.complain("cannot stat %s: %s", quoted(from), words(err))
	}
	switch {
	case c.FS.SameFile(from, to) && !(info.Mode()&fs.ModeSymlink != 0):
		return c.complain("%s and %s are the same file", quoted(from), quoted(to))
	case info.Mode()&fs.ModeSymlink != 0:
		return c.link(from, to, info)
	case info.IsDir():
		if !c.recursive {
			return c.complain("-r not specified; omitting directory %s", quoted(from))
		}
		return c.directory(from, to, info)
	}
	return c.file(from, to, info)
}

func (c *copier) link(from, to string, info fs.FileInfo) int {
	text, err := c.FS.Readlink(from)
	if err != nil {
		return c.complain("cannot read symbolic link %s: %s", quoted(from), words(err))
	}
	if there, err := c.FS.Lstat(to); err == nil && !there.IsDir() {
		c.FS.Unlink(to)
	}
	if err := c.FS.Symlink(text, to); err != nil {
		return c.complain("cannot create symbolic link %s: %s", quoted(to), words(err))
	}
	if c.keep {
		uid, gid := rootfs.Owner(info)
		c.FS.Chown(to, uid, gid, false)
	}
	return 0
}

func (c *copier) file(from, to string, info fs.FileInfo) int {
	in, err := c.FS.Open(from)
	if err != nil {
		return c.complain("cannot open %s for reading: %s", quoted(from), words(err))
	}
	defer in.Close()
	perm := info.Mode().Perm()
	create := perm
	if c.keep {
		create &= 0o700 // others wait until the owner is right
	}
	_, err = c.FS.Lstat(to)
	existed := err == nil
	out, err := c.FS.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, create)
	if err != nil && existed && c.force {
		if err = c.FS.Unlink(to); err == nil {
			out, err = c.FS.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, create)
		}
	}
	if err != nil {
		return c.complain("cannot create regular file %s: %s", quoted(to), words(err))
	}
	if code := c.transfer(out, in, to); code != 0 {
		return code
	}
	if c.keep {
		return c.attributes(to, info)
	}
	return 0
}

func (c *copier) transfer(out, in rootfs.File, to string) int {
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if n > 0 {
			if _, werr := out.Write(buf[:n]); werr != nil {
				out.Close()
				return c.complain("error writing %s: %s", quoted(to), words(werr))
			}
		}
		if err != nil {
			out.Close()
			return 0
		}
	}
}

// attributes gives a copy the owner, mode and times of its source. An owner
// that it may not give is no fault, as with cp -p.
func (c *copier) attributes(to string, info fs.FileInfo) int {
	uid, gid := rootfs.Owner(info)
	mode := info.Mode()
	if err := c.FS.Chown(to, uid, gid, true); err != nil {
		mode &^= fs.ModeSetuid | fs.ModeSetgid
		c.FS.Chown(to, -1, gid, true)
	}
	if err := c.FS.Chtimes(to, info.ModTime(), info.ModTime()); err != nil {
		return c.complain("preserving times for %s: %s", quoted(to), words(err))
	}
	if err := c.FS.Chmod(to, mode); err != nil {
		return c.complain("preserving permissions for %s: %s", quoted(to), words(err))
	}
	return 0
}

func (c *copier) directory(from, to string, info fs.FileInfo) int {
	if strings.HasPrefix(c.FS.Abs(to)+"/", c.FS.Abs(from)+"/") {
		return c.complain("cannot copy a directory, %s, into itself, %s", quoted(from), quoted(to))
	}
	entries, err := c.FS.ReadDir(from)
	if err != nil {
		return c.complain("cannot access %s: %s", quoted(from), words(err))
	}
	made := c.FS.Mkdir(to, info.Mode().Perm()|0o700)
	if made != nil {
		if there, err := c.FS.Stat(to); err != nil || !there.IsDir() {
			return c.complain("cannot create directory %s: %s", quoted(to), words(made))
		}
	}
	status := 0
	for _, e := range entries {
		if c.Ctx.Err() != nil {
			return StatusPipe
		}
		status = max(status, c.copyTo(from+"/"+e.Name(), to+"/"+e.Name()))
	}
	if c.keep {
		status = max(status, c.attributes(to, info))
	} else if made == nil {
		c.FS.Chmod(to, info.Mode().Perm()&^c.FS.Umask)
	}
	return status
}

func mv(p *Process) int {
	opts, operands, ok := p.parse("fnTt:v", "force:f", "no-clobber:n", "target-directory=:t", "no-target-directory:T")
	if !ok {
		return 1
	}
	return p.eachTarget(opts, operands, func(from, to string) int {
		if _, err := p.FS.Lstat(from); err != nil {
			return p.complain("cannot stat %s: %s", quoted(from), words(err))
		}
		if _, err := p.FS.Lstat(to); err == nil {
			if opts.last("fn") == "n" {
				return 0
			}
			if a, b := p.FS.Abs(from), p.FS.Abs(to); a == b {
				return p.complain("%s and %s are the same file", quoted(from), quoted(to))
			}
		}
		err := p.FS.Rename(from, to)
		if words := errnoOf(err); words == syscall.EISDIR {
			return p.complain("cannot overwrite directory %s with non-directory", quoted(to))
		}
		if err != nil {
			return p.complain("cannot move %s to %s: %s", quoted(from), quoted(to), words(err))
		}
		return 0
	})
}
