//go:build unix

package store

import (
	"io/fs"
	"os"
	"syscall"
)

// owner is a file's user and group; the zero value is nobody in particular.
type owner struct {
	known    bool
	uid, gid int
}

func ownerOf(info fs.FileInfo) owner {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return owner{true, int(s.Uid), int(s.Gid)}
	}
	return owner{}
}

// apply does nothing where the file has the owner already, so that it takes
// root only where it must.
func (o owner) apply(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !o.known || ownerOf(info) == o {
		return err
	}
	return f.Chown(o.uid, o.gid)
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
