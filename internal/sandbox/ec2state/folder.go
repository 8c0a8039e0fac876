package ec2state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

func (s *State) imageFolder(id string) string    { return filepath.Join(s.opts.Dir, "images", id) }
func (s *State) instanceFolder(id string) string { return filepath.Join(s.opts.Dir, "instances", id) }

// ImageRoot is the folder that is an image's file system.
func (s *State) ImageRoot(id string) string { return filepath.Join(s.imageFolder(id), "root") }

// InstanceRoot is the folder that is an instance's file system.
func (s *State) InstanceRoot(id string) string { return filepath.Join(s.instanceFolder(id), "root") }

// copyTree copies a tree with modes, owners (where the process may set them),
// times and symbolic links. Sockets, pipes and devices are left out. What
// vanishes meanwhile was not there.
func copyTree(from, to string) error {
	var folders []string
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != from {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			folders = append(folders, rel)
			return os.MkdirAll(target, 0o700)
		}
		if err := copyEntry(path, target, entry); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cannot copy %s: %w", from, err)
	}
	// The deepest first: making a file in a folder changes its time, and a
	// folder may forbid it.
	for _, rel := range slices.Backward(folders) {
		if err := copyMeta(filepath.Join(from, rel), filepath.Join(to, rel)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot copy %s: %w", from, err)
		}
	}
	return nil
}

func copyEntry(from, to string, entry fs.DirEntry) error {
	switch {
	case entry.Type()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		if err := os.Symlink(target, to); err != nil {
			return err
		}
	case entry.Type().IsRegular():
		if err := copyBytes(from, to); err != nil {
			return err
		}
	default:
		return nil
	}
	return copyMeta(from, to)
}

func copyBytes(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// copyMeta gives a copy the owner, mode and time of its original.
func copyMeta(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if err := copyOwner(info, to); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return setLinkTime(to, info.ModTime())
	}
	if err := os.Chmod(to, info.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// removeTree removes a folder, also where its modes forbid it.
func removeTree(folder string) error {
	if err := os.RemoveAll(folder); err == nil {
		return nil
	}
	filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			os.Chmod(path, 0o700) // the removal below says what stands in its way
		}
		return nil
	})
	return os.RemoveAll(folder)
}
