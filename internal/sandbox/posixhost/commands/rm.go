package commands

import (
	"errors"
	"io/fs"
	"path"
	"syscall"
)

func errnoOf(err error) syscall.Errno {
	errno, _ := errors.AsType[syscall.Errno](err)
	return errno
}

func rm(p *Process) int {
	opts, operands, ok := p.parse("frRivd", "force:f", "recursive:r", "dir:d")
	if !ok {
		return 1
	}
	force := opts.last("fi") == "f"
	if len(operands) == 0 && !force {
		return p.complain("missing operand")
	}
	recursive := opts.has("r") || opts.has("R")
	status := 0
	for _, name := range operands {
		status = max(status, p.remove(name, force, recursive, opts.has("d")))
	}
	return status
}

func (p *Process) remove(name string, force, recursive, emptyDir bool) int {
	info, err := p.FS.Lstat(name)
	if err != nil {
		if errno := errnoOf(err); force && (errno == syscall.ENOENT || errno == syscall.ENOTDIR) {
			return 0
		}
		return p.complain("cannot remove %s: %s", quoted(name), words(err))
	}
	if base := path.Base(name); base == "." || base == ".." || p.FS.Abs(name) == "/" {
		return p.complain("refusing to remove '.' or '..' or '/' directory: skipping %s", quoted(name))
	}
	switch {
	case !info.IsDir():
		err = p.FS.Unlink(name)
	case recursive:
		return p.removeTree(name, force)
	case emptyDir:
		err = p.FS.Rmdir(name)
	default:
		err = &fs.PathError{Err: syscall.EISDIR}
	}
	if err != nil {
		return p.complain("cannot remove %s: %s", quoted(name), words(err))
	}
	return 0
}

func (p *Process) removeTree(name string, force bool) int {
	entries, err := p.FS.ReadDir(name)
	if err != nil {
		return p.complain("cannot remove %s: %s", quoted(name), words(err))
	}
	status := 0
	for _, e := range entries {
		if p.Ctx.Err() != nil {
			return StatusPipe
		}
		status = max(status, p.remove(name+"/"+e.Name(), force, true, false))
	}
	if status != 0 {
		return status
	}
	if err := p.FS.Rmdir(name); err != nil {
		return p.complain("cannot remove %s: %s", quoted(name), words(err))
	}
	return 0
}

func rmdir(p *Process) int {
	opts, operands, ok := p.parse("p", "parents:p")
	if !ok {
		return 1
	}
	if len(operands) == 0 {
		return p.complain("missing operand")
	}
	status := 0
	for _, name := range operands {
		for {
			if err := p.FS.Rmdir(name); err != nil {
				status = p.complain("failed to remove %s: %s", quoted(name), words(err))
				break
			}
			parent := path.Dir(path.Clean(name))
			if !opts.has("p") || parent == "." || parent == "/" {
				break
			}
			name = parent
		}
	}
	return status
}
