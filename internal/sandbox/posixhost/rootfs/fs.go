package rootfs

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// maxLinks is Linux's limit on symbolic links in one path.
const maxLinks = 40

// FS is an instance's file system.
type FS struct {
	root *os.Root

	mu      sync.Mutex
	users   int  // commands that run
	tmpMade bool // /tmp was not in the image
}

// Open returns the file system kept in a folder.
func Open(dir string) (*FS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot open the root file system: %w", err)
	}
	return &FS{root: root}, nil
}

// Close gives the folder back.
func (f *FS) Close() error { return f.root.Close() }

// Use says that a command runs; the function that it returns, that it has
// ended. An empty /tmp that the image did not have goes with the last command.
func (f *FS) Use() (done func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users++
	return sync.OnceFunc(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.users--
		if f.users == 0 && f.tmpMade && f.root.Remove("tmp") == nil {
			f.tmpMade = false
		}
	})
}

// needTmp makes /tmp if the image has none.
func (f *FS) needTmp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.root.Lstat("tmp"); err == nil {
		return
	}
	if f.root.Mkdir("tmp", 0o777) == nil {
		f.root.Chmod("tmp", 0o777|fs.ModeSticky)
		f.tmpMade = true
	}
}

// Cred is who a process is.
type Cred struct {
	UID, GID int
	Groups   []int
}

// Root tells whether permissions do not matter.
func (c Cred) Root() bool { return c.UID == 0 }

func (c Cred) member(gid int) bool { return c.GID == gid || slices.Contains(c.Groups, gid) }

// View is the file system as one process sees it. The zero Umask is 0.
type View struct {
	FS    *FS
	Cred  Cred
	Dir   string      // working directory, absolute
	Umask fs.FileMode // permission bits that new files do not get

	// OnWrite is asked before anything is changed; its error (ENOSPC …) is what
	// the change fails with. nil for no question. data tells a write of bytes
	// from a change of names and attributes.
	OnWrite func(data bool) error
}

// Abs returns a path as an absolute, clean one, links unfollowed.
func (v *View) Abs(name string) string {
	if !path.IsAbs(name) {
		name = v.Dir + "/" + name
	}
	return path.Clean(name)
}

// place is a resolved path: no link is left in it, except perhaps the last
// component if links were not to be followed there.
type place struct {
	rel  string      // below the root, "." for the root itself
	info fs.FileInfo // nil if nothing is there
}

// resolve walks a path as a kernel does: permission to search each directory,
// links by their text, ".." by the directory's real parent. A last component
// that does not exist is no error; a directory on the way is.
func (v *View) resolve(op, name string, follow bool) (place, error) {
	fail := func(err error) (place, error) {
		return place{}, &fs.PathError{Op: op, Path: name, Err: err}
	}
	if name == "" {
		return fail(syscall.ENOENT)
	}
	if len(name) > 4095 {
		return fail(syscall.ENAMETOOLONG)
	}
	full := name
	if !path.IsAbs(full) {
		full = v.Dir + "/" + full
	}
	if clean := path.Clean(full); clean == "/tmp" || strings.HasPrefix(clean, "/tmp/") {
		v.FS.needTmp()
	}
	wantDir := strings.HasSuffix(full, "/") || strings.HasSuffix(full, "/.")
	pending := components(full)
	var at []string
	info, err := v.FS.root.Lstat(".")
	if err != nil {
		return fail(plain(err))
	}
	for links := 0; len(pending) > 0; {
		next := pending[0]
		pending = pending[1:]
		if info == nil {
			return fail(syscall.ENOENT)
		}
		if !info.IsDir() {
			return fail(syscall.ENOTDIR)
		}
		if !v.allowed(info, 1) {
			return fail(syscall.EACCES)
		}
		if next == ".." {
			at = at[:max(0, len(at)-1)]
			if info, err = v.FS.root.Lstat(relative(at)); err != nil {
				return fail(plain(err))
			}
			continue
		}
		at = append(at[:len(at):len(at)], next)
		info, err = v.FS.root.Lstat(relative(at))
		if err != nil {
			if plain(err) != syscall.ENOENT {
				return fail(plain(err))
			}
			info = nil
			continue
		}
		last := len(pending) == 0
		if info.Mode()&fs.ModeSymlink == 0 || last && !follow && !wantDir {
			continue
		}
		if links++; links > maxLinks {
			return fail(syscall.ELOOP)
		}
		text, err := v.FS.root.Readlink(relative(at))
		if err != nil {
			return fail(plain(err))
		}
		at = at[:len(at)-1]
		if path.IsAbs(text) {
			at = nil
		}
		pending = append(components(text), pending...)
		if info, err = v.FS.root.Lstat(relative(at)); err != nil {
			return fail(plain(err))
		}
	}
	if wantDir && info != nil && !info.IsDir() {
		return fail(syscall.ENOTDIR)
	}
	return place{rel: relative(at), info: info}, nil
}

// existing is resolve for a path where something must be.
func (v *View) existing(op, name string, follow bool) (place, error) {
	p, err := v.resolve(op, name, follow)
	if err == nil && p.info == nil {
		err = &fs.PathError{Op: op, Path: name, Err: syscall.ENOENT}
	}
	return p, err
}

func components(name string) []string {
	return slices.DeleteFunc(strings.Split(name, "/"), func(c string) bool { return c == "" || c == "." })
}

func relative(at []string) string {
	if len(at) == 0 {
		return "."
	}
	return strings.Join(at, "/")
}
