package rootfs

import (
	"errors"
	"io/fs"
	"path"
	"syscall"
)

// Bits of Access, as access(2) has them.
const (
	Exec  = 1
	Write = 2
	Read  = 4
)

// allowed tells whether the process may use a file in all the ways of bits.
func (v *View) allowed(info fs.FileInfo, bits fs.FileMode) bool {
	mode := info.Mode().Perm()
	if v.Cred.Root() {
		return bits&Exec == 0 || info.IsDir() || mode&0o111 != 0
	}
	uid, gid := Owner(info)
	switch {
	case uid == v.Cred.UID:
		mode >>= 6
	case v.Cred.member(gid):
		mode >>= 3
	}
	return mode&bits == bits
}

// Access checks whether the process may read, write or execute a file.
func (v *View) Access(name string, bits fs.FileMode) error {
	if isDevice(v.Abs(name)) {
		if bits&Exec != 0 {
			return &fs.PathError{Op: "access", Path: name, Err: syscall.EACCES}
		}
		return nil
	}
	p, err := v.existing("access", name, true)
	if err != nil {
		return err
	}
	if !v.allowed(p.info, bits) {
		return &fs.PathError{Op: "access", Path: name, Err: syscall.EACCES}
	}
	return nil
}

// mayChange checks whether names in a directory may be made and removed; victim
// is what is there now, nil for nothing. It matters where the sticky bit is set.
func (v *View) mayChange(rel string, victim fs.FileInfo) error {
	parent, err := v.FS.root.Lstat(path.Dir(rel))
	if err != nil {
		return plain(err)
	}
	if !v.allowed(parent, Write|Exec) {
		return syscall.EACCES
	}
	if victim == nil || parent.Mode()&fs.ModeSticky == 0 || v.Cred.Root() {
		return nil
	}
	dirOwner, _ := Owner(parent)
	if owner, _ := Owner(victim); owner != v.Cred.UID && dirOwner != v.Cred.UID {
		return syscall.EPERM
	}
	return nil
}

// owns checks whether the process may change a file's attributes.
func (v *View) owns(info fs.FileInfo) bool {
	uid, _ := Owner(info)
	return v.Cred.Root() || uid == v.Cred.UID
}

// plain returns the errno inside an error, so that its path is never the
// machine's.
func plain(err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return syscall.ENOENT
	case errors.Is(err, fs.ErrExist):
		return syscall.EEXIST
	}
	return syscall.EACCES
}
