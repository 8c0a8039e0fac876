package rootfs

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Stat follows links, Lstat does not follow the last.
func (v *View) Stat(name string) (fs.FileInfo, error) { return v.stat("stat", name, true) }

// Lstat is Stat of a link itself.
func (v *View) Lstat(name string) (fs.FileInfo, error) { return v.stat("lstat", name, false) }

func (v *View) stat(op, name string, follow bool) (fs.FileInfo, error) {
	if abs := v.Abs(name); isDevice(abs) {
		return deviceInfo{path.Base(abs)}, nil
	}
	p, err := v.existing(op, name, follow)
	return p.info, err
}

// Readlink returns a link's text.
func (v *View) Readlink(name string) (string, error) {
	p, err := v.existing("readlink", name, false)
	if err != nil {
		return "", err
	}
	if p.info.Mode()&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: syscall.EINVAL}
	}
	text, err := v.FS.root.Readlink(p.rel)
	return text, dress("readlink", name, err)
}

// RealPath returns the path without links. Its last component need not exist.
func (v *View) RealPath(name string) (string, error) {
	p, err := v.resolve("realpath", name, true)
	if err != nil {
		return "", err
	}
	return path.Clean("/" + p.rel), nil
}

// ReadDir returns a directory's entries, sorted by name.
func (v *View) ReadDir(name string) ([]fs.DirEntry, error) {
	p, err := v.existing("open", name, true)
	if err != nil {
		return nil, err
	}
	if !p.info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.ENOTDIR}
	}
	if !v.allowed(p.info, Read) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	dir, err := v.FS.root.Open(p.rel)
	if err != nil {
		return nil, dress("open", name, err)
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, dress("readdir", name, err)
}

// Mkdir makes a directory.
func (v *View) Mkdir(name string, perm fs.FileMode) error {
	return v.make("mkdir", strings.TrimRight(name, "/"), func(rel string) error {
		if err := v.FS.root.Mkdir(rel, 0o700); err != nil {
			return err
		}
		return v.adopt(rel, perm&^v.Umask)
	})
}

// Symlink makes a link with that text.
func (v *View) Symlink(text, name string) error {
	return v.make("symlink", name, func(rel string) error {
		if err := v.FS.root.Symlink(text, rel); err != nil {
			return err
		}
		return v.FS.chown(rel, v.Cred.UID, v.Cred.GID)
	})
}

// Link makes a second name for a file.
func (v *View) Link(old, name string) error {
	p, err := v.existing("link", old, false)
	if err != nil {
		return err
	}
	if p.info.IsDir() {
		return &fs.PathError{Op: "link", Path: old, Err: syscall.EPERM}
	}
	return v.make("link", name, func(rel string) error { return v.FS.root.Link(p.rel, rel) })
}

// make makes a new name.
func (v *View) make(op, name string, do func(rel string) error) error {
	p, err := v.resolve(op, name, false)
	if err != nil {
		return err
	}
	if p.info != nil {
		return &fs.PathError{Op: op, Path: name, Err: syscall.EEXIST}
	}
	if err = v.ask(false); err == nil {
		err = v.mayChange(p.rel, nil)
	}
	if err == nil {
		err = do(p.rel)
	}
	return dress(op, name, err)
}

// Unlink removes a name that is no directory.
func (v *View) Unlink(name string) error {
	return v.remove("unlink", name, func(info fs.FileInfo) error {
		if info.IsDir() {
			return syscall.EISDIR
		}
		return nil
	})
}

// Rmdir removes an empty directory.
func (v *View) Rmdir(name string) error {
	return v.remove("rmdir", name, func(info fs.FileInfo) error {
		if !info.IsDir() {
			return syscall.ENOTDIR
		}
		return nil
	})
}

func (v *View) remove(op, name string, check func(fs.FileInfo) error) error {
	p, err := v.existing(op, name, false)
	if err != nil {
		return err
	}
	if err = check(p.info); err == nil && p.rel == "." {
		err = syscall.EBUSY
	}
	if err == nil {
		err = v.ask(false)
	}
	if err == nil {
		err = v.mayChange(p.rel, p.info)
	}
	if err == nil {
		err = v.FS.root.Remove(p.rel)
	}
	return dress(op, name, err)
}

// Rename moves a name over another, atomically.
func (v *View) Rename(old, name string) error {
	from, err := v.existing("rename", old, false)
	if err != nil {
		return err
	}
	to, err := v.resolve("rename", name, false)
	if err != nil {
		return err
	}
	switch {
	case to.info != nil && to.info.IsDir() && !from.info.IsDir():
		err = syscall.EISDIR
	case to.info != nil && !to.info.IsDir() && from.info.IsDir():
		err = syscall.ENOTDIR
	case from.rel == "." || strings.HasPrefix(to.rel, from.rel+"/"):
		err = syscall.EINVAL
	}
	if err == nil {
		err = v.ask(false)
	}
	if err == nil {
		err = v.mayChange(from.rel, from.info)
	}
	if err == nil {
		err = v.mayChange(to.rel, to.info)
	}
	if err == nil {
		err = v.FS.root.Rename(from.rel, to.rel)
	}
	return dress("rename", name, err)
}

// Chmod sets permissions, and the setuid, setgid and sticky bits.
func (v *View) Chmod(name string, mode fs.FileMode) error {
	return v.change("chmod", name, true, func(p place) error {
		if !v.owns(p.info) {
			return syscall.EPERM
		}
		return v.FS.root.Chmod(p.rel, mode)
	})
}

// Chown sets owner and group; -1 leaves one as it is.
func (v *View) Chown(name string, uid, gid int, follow bool) error {
	return v.change("chown", name, follow, func(p place) error {
		u, g := Owner(p.info)
		if !v.Cred.Root() {
			newOwner := uid != -1 && uid != u
			if newOwner || !v.owns(p.info) || gid != -1 && gid != g && !v.Cred.member(gid) {
				return syscall.EPERM
			}
		}
		return v.FS.chown(p.rel, uid, gid)
	})
}

// Truncate sets a file's length in bytes.
func (v *View) Truncate(name string, size int64) error {
	return v.change("truncate", name, true, func(p place) error {
		if !v.allowed(p.info, Write) {
			return syscall.EACCES
		}
		file, err := v.FS.root.OpenFile(p.rel, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer file.Close()
		return file.Truncate(size)
	})
}

// Chtimes sets the times of last access and change.
func (v *View) Chtimes(name string, accessed, modified time.Time) error {
	return v.change("utimes", name, true, func(p place) error {
		if !v.owns(p.info) && !v.allowed(p.info, Write) {
			return syscall.EACCES
		}
		return v.FS.root.Chtimes(p.rel, accessed, modified)
	})
}

func (v *View) change(op, name string, follow bool, do func(place) error) error {
	if isDevice(v.Abs(name)) {
		return &fs.PathError{Op: op, Path: name, Err: syscall.EPERM}
	}
	p, err := v.existing(op, name, follow)
	if err != nil {
		return err
	}
	if err = v.ask(false); err == nil {
		err = do(p)
	}
	return dress(op, name, err)
}

// SameFile tells whether two names lead to one file.
func (v *View) SameFile(a, b string) bool {
	x, err1 := v.Stat(a)
	y, err2 := v.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// dress names the instance's path in an error.
func dress(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: plain(err)}
}
