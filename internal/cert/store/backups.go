package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// backupStamp is what stands behind a file's name in those of its backups.
var backupStamp = regexp.MustCompile(`^\.[0-9]{8}T[0-9]{6}Z(-[0-9]+)?$`)

// Backups returns the files in which Replace has kept what a file held before,
// the newest first. None is no error, nor is a folder that is not there.
func Backups(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot look for backups of %s: %w", path, err)
	}
	var found []string
	for _, e := range entries {
		if rest, ok := strings.CutPrefix(e.Name(), filepath.Base(path)); ok && backupStamp.MatchString(rest) {
			found = append(found, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	slices.Reverse(found)
	return found, nil
}

// Path returns the file of an item, "" if the folder does not keep it.
func (f *Folder) Path(item string) string { return f.files[item] }
