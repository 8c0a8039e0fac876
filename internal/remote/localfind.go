package remote

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/verify"
)

// maxFound is the size above which a search without sizes passes a file over, in
// bytes.
const maxFound = 1 << 20

// Find returns the files that a search finds, as far as the user may see them,
// with path and digests, which are "" if the user may not read a file.
func (Local) Find(ctx context.Context, s verify.Search) ([]verify.File, error) {
	var found []verify.File
	for _, folder := range localFolders(s.Folders) {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				return nil // nobody may look in
			case len(found) >= s.Most:
				return filepath.SkipAll
			case d.IsDir() && path != folder && levels(folder, path) >= s.Depth:
				return filepath.SkipDir
			case wanted(s, path, d):
				f := readLocal(path)
				f.Content = nil
				found = append(found, f)
			}
			return nil
		})
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

// localFolders expands wildcards and follows links to folders.
func localFolders(patterns []string) []string {
	var folders []string
	for _, pattern := range patterns {
		names, _ := filepath.Glob(strings.NewReplacer(`\`, `\\`, "[", `\[`).Replace(pattern)) // which then is no bad pattern
		for _, name := range names {
			if real, err := filepath.EvalSymlinks(name); err == nil {
				folders = append(folders, real)
			}
		}
	}
	return folders
}

// levels is how many levels a path is below a folder.
func levels(folder, path string) int {
	rel := strings.TrimPrefix(strings.TrimPrefix(path, folder), string(os.PathSeparator))
	return 1 + strings.Count(rel, string(os.PathSeparator))
}

func wanted(s verify.Search, path string, d fs.DirEntry) bool {
	if len(s.Sizes) > 0 {
		info, err := d.Info()
		return err == nil && d.Type().IsRegular() && slices.Contains(s.Sizes, info.Size())
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() <= maxFound
}
