package realhost

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// NewFolder makes a folder for hosts' folders, on a disk that overlayfs can
// write to: the one for temporary files or, where that is an overlay itself as
// in a container, shared memory. It first removes the folders of processes that
// died. The error says why this machine can't have real hosts.
func NewFolder() (dir string, remove func() error, err error) {
	var errs []error
	for _, disk := range []string{os.TempDir(), "/dev/shm"} {
		if err := Check(disk); err != nil {
			errs = append(errs, err)
			continue
		}
		return lockedFolder(filepath.Join(disk, "amirotate-hosts"))
	}
	return "", nil, errs[0]
}

// lockedFolder makes a folder below another; it is in use as long as it is
// locked, and this process lives.
func lockedFolder(above string) (string, func() error, error) {
	if err := os.MkdirAll(above, 0o711); err != nil {
		return "", nil, fmt.Errorf("cannot make a folder for hosts: %w", err)
	}
	all := flock.New(filepath.Join(above, "lock"))
	if err := all.Lock(); err != nil {
		return "", nil, fmt.Errorf("cannot make a folder for hosts: %w", err)
	}
	defer func() { _ = all.Unlock() }()
	if err := removeDead(above); err != nil {
		return "", nil, fmt.Errorf("cannot remove what a dead process left: %w", err)
	}
	dir, err := os.MkdirTemp(above, "run-")
	if err != nil {
		return "", nil, fmt.Errorf("cannot make a folder for hosts: %w", err)
	}
	lock := flock.New(dir + ".lock")
	if _, err := lock.TryLock(); err != nil {
		return "", nil, fmt.Errorf("cannot lock a folder for hosts: %w", err)
	}
	// Hosts' users other than root pass through it.
	return dir, func() error {
		return errors.Join(os.RemoveAll(dir), os.Remove(dir+".lock"), lock.Unlock())
	}, os.Chmod(dir, 0o711)
}

func removeDead(above string) error {
	dirs, err := filepath.Glob(filepath.Join(above, "run-*"))
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if filepath.Ext(dir) == ".lock" {
			continue
		}
		lock := flock.New(dir + ".lock")
		if got, err := lock.TryLock(); err != nil || !got {
			continue // somebody lives in it
		}
		if err := errors.Join(os.RemoveAll(dir), os.Remove(dir+".lock"), lock.Unlock()); err != nil {
			return err
		}
	}
	return nil
}
