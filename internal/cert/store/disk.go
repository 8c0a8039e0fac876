package store

import (
	"io/fs"
	"os"
)

// disk is what Replace does to a file system. Each call is one step, after
// which the process may die. Tests make it die.
type disk interface {
	Mkdir(path string, mode fs.FileMode) error
	// Create writes a new file and flushes it.
	Create(path string, data []byte, a attributes) error
	Symlink(target, path string) error
	Rename(from, to string) error
	RemoveAll(path string) error
	// SyncDir flushes a folder's entries.
	SyncDir(path string) error
}

// attributes are kept when a file is replaced.
type attributes struct {
	mode  fs.FileMode
	owner owner
}

// realDisk is the operating system's.
type realDisk struct{}

func (realDisk) Symlink(target, path string) error { return os.Symlink(target, path) }
func (realDisk) Rename(from, to string) error      { return os.Rename(from, to) }
func (realDisk) RemoveAll(path string) error       { return os.RemoveAll(path) }

func (realDisk) Create(path string, data []byte, a attributes) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := a.owner.apply(f); err != nil {
		return err
	}
	if err := f.Chmod(a.mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// Mkdir gives the mode whatever the umask: who may read the files must get to
// them.
func (realDisk) Mkdir(path string, mode fs.FileMode) error {
	if err := os.Mkdir(path, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

func (realDisk) SyncDir(path string) error { return syncDir(path) }
