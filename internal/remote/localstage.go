package remote

import (
	"fmt"
	"os"
	"path/filepath"
)

// stagedFile is a complete file under a temporary name.
type stagedFile struct {
	name string // "" once it was moved or removed
}

// stageAs writes content to a temporary file in the folder of path, with mode,
// owner and access list of the file like, and syncs it.
func stageAs(like, path string, content []byte) (*stagedFile, error) {
	info, err := os.Stat(like)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(filepath.Dir(path), stagedPrefix(like)+newNonce())
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	staged := &stagedFile{name: name}
	if err = fill(f, content, info, like); err != nil {
		f.Close()
		staged.discard()
		return nil, err
	}
	if err = f.Close(); err != nil {
		staged.discard()
		return nil, err
	}
	return staged, nil
}

func fill(f *os.File, content []byte, info os.FileInfo, like string) error {
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := keepOwner(f, info); err != nil {
		return fmt.Errorf("cannot keep its owner: %w", err)
	}
	if err := f.Chmod(info.Mode()); err != nil {
		return fmt.Errorf("cannot keep its mode: %w", err)
	}
	if err := keepAttributes(f.Name(), like); err != nil {
		return fmt.Errorf("cannot keep its access list or label: %w", err)
	}
	return f.Sync()
}

// commit moves the file to its place.
func (s *stagedFile) commit(path string) error {
	if err := os.Rename(s.name, path); err != nil {
		return err
	}
	s.name = ""
	return nil
}

// discard removes the file if it has not been moved.
func (s *stagedFile) discard() {
	if s.name != "" {
		_ = os.Remove(s.name)
		s.name = ""
	}
}
