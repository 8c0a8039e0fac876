package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// marker is the file by which a sandbox's folder is known; it is locked while
// the sandbox is served.
const marker = ".sandbox"

// claim makes the folder, or empties an earlier sandbox's, and locks it. It
// refuses a folder that is being served, and one that is no sandbox's and has
// something by the name of what would be written.
func claim(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make folder %s: %w", dir, err)
	}
	mark := filepath.Join(dir, marker)
	if _, err := os.Lstat(mark); err != nil {
		if name := taken(dir); name != "" {
			return nil, fmt.Errorf("cannot use folder %s: it has %s already, and no sandbox wrote that; name a new one", dir, name)
		}
	}
	lock := flock.New(mark)
	if got, err := lock.TryLock(); err != nil || !got {
		if err == nil {
			err = errors.New("a sandbox is being served from it; end that one, or name another folder")
		}
		return nil, fmt.Errorf("cannot use folder %s: %w", dir, err)
	}
	if err := empty(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot empty folder %s: %w", dir, err), lock.Unlock())
	}
	for _, name := range []string{"images", "instances"} { // also while there are none
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return nil, errors.Join(fmt.Errorf("cannot use folder %s: %w", dir, err), lock.Unlock())
		}
	}
	return lock, nil
}

// contents are all that a sandbox writes into its folder.
func contents() []string {
	return []string{
		"env", "amirotate.yaml", "slave-list.txt", "slave-list.txt.previous", "slave-list.txt.lock", "old-cert.pem", "new-cert.pem", "new-key.pem",
		"ssh", "images", "instances", "static", "master", "api.jsonl",
	}
}

// taken returns the first of contents that is there, "" for none.
func taken(dir string) string {
	for _, name := range contents() {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return name
		}
	}
	return ""
}

// empty removes what an earlier sandbox wrote; whatever else somebody put there
// stays.
func empty(dir string) error {
	for _, name := range contents() {
		path := filepath.Join(dir, name)
		filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				os.Chmod(path, 0o700) // an image may hold folders that nobody may write to
			}
			return nil
		})
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}
