package rootfs

import (
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// File is an open file. On a regular file it can be an *os.File.
type File interface {
	io.ReadWriteCloser
	io.Seeker
	Stat() (fs.FileInfo, error)
}

// Open opens a file to be read.
func (v *View) Open(name string) (File, error) { return v.OpenFile(name, os.O_RDONLY, 0) }

// OpenFile opens a file, with flags as open(2) has them. A file that it makes
// belongs to the process and has the permissions that the umask leaves.
func (v *View) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	if abs := v.Abs(name); isDevice(abs) {
		return deviceAt(abs), nil
	}
	exclusive := flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL
	p, err := v.resolve("open", name, !exclusive)
	if err != nil {
		return nil, err
	}
	file, err := v.openAt(p, flag, perm)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: plain(err)}
	}
	if flag&(os.O_WRONLY|os.O_RDWR) != 0 && v.OnWrite != nil {
		return &guarded{File: file, name: name, ask: v.OnWrite}, nil
	}
	return file, nil
}

func (v *View) openAt(p place, flag int, perm fs.FileMode) (*os.File, error) {
	if p.info == nil {
		if flag&os.O_CREATE == 0 {
			return nil, syscall.ENOENT
		}
		return v.create(p, flag, perm)
	}
	writes := flag&(os.O_WRONLY|os.O_RDWR) != 0
	switch {
	case flag&os.O_CREATE != 0 && flag&os.O_EXCL != 0:
		return nil, syscall.EEXIST
	case p.info.IsDir() && writes:
		return nil, syscall.EISDIR
	case !p.info.IsDir() && !p.info.Mode().IsRegular():
		return nil, syscall.ENXIO
	}
	need := fs.FileMode(Read)
	if writes {
		need = Write
		if flag&os.O_RDWR != 0 {
			need |= Read
		}
		if err := v.ask(false); err != nil {
			return nil, err
		}
	}
	if !v.allowed(p.info, need) {
		return nil, syscall.EACCES
	}
	return v.FS.root.OpenFile(p.rel, flag&^os.O_CREATE, 0)
}

func (v *View) create(p place, flag int, perm fs.FileMode) (*os.File, error) {
	if err := v.ask(false); err != nil {
		return nil, err
	}
	if err := v.mayChange(p.rel, nil); err != nil {
		return nil, err
	}
	file, err := v.FS.root.OpenFile(p.rel, flag|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := v.adopt(p.rel, perm&^v.Umask); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// adopt gives a new file its owner and permissions.
func (v *View) adopt(rel string, perm fs.FileMode) error {
	gid := v.Cred.GID
	if parent, err := v.FS.root.Lstat(path.Dir(rel)); err == nil && parent.Mode()&fs.ModeSetgid != 0 {
		_, gid = Owner(parent)
	}
	if err := v.FS.chown(rel, v.Cred.UID, gid); err != nil {
		return err
	}
	return v.FS.root.Chmod(rel, perm)
}

// chown sets an owner where the sandbox can; elsewhere all files stay its own.
func (f *FS) chown(rel string, uid, gid int) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return f.root.Lchown(rel, uid, gid)
}

// ask asks OnWrite.
func (v *View) ask(data bool) error {
	if v.OnWrite == nil {
		return nil
	}
	return v.OnWrite(data)
}

// guarded is a file whose writes are asked about.
type guarded struct {
	File
	name string
	ask  func(data bool) error
}

func (g *guarded) Write(p []byte) (int, error) {
	if len(p) > 0 {
		if err := g.ask(true); err != nil {
			return 0, &fs.PathError{Op: "write", Path: g.name, Err: err}
		}
	}
	return g.File.Write(p)
}
