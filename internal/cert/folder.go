package cert

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Found is a file of a folder, or the reason why it could not be read.
type Found struct {
	Path string
	File *File // nil if Err is set
	Err  error
}

// Folder reads every *.pem below root, as `find ROOT -name '*.pem' ! -type d`
// lists them: hidden ones too, symbolic links to files followed, those to
// folders not. A file or subfolder that cannot be read is an entry with an
// error. The error is set if root itself cannot be read, or ctx ended.
func Folder(ctx context.Context, root string) ([]Found, error) {
	if _, err := os.ReadDir(root); err != nil {
		return nil, openError(root, err)
	}
	var found []Found
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			found = append(found, Found{Path: path, Err: openError(path, err)})
			return nil
		}
		if match, _ := filepath.Match("*.pem", entry.Name()); !match || entry.IsDir() || !readable(path) {
			return nil
		}
		file, err := LoadAny(path)
		found = append(found, Found{Path: path, File: file, Err: err})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", root, err)
	}
	return found, nil
}

// readable leaves out links to folders, and pipes and devices, which might
// never end. A dangling link stays, to be reported.
func readable(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular()
}

// InspectFound describes every certificate that was found. The private key of
// one is looked for in its own file, then among the keys of its folder.
func InspectFound(found []Found, now time.Time) []Info {
	var infos []Info
	for _, f := range found {
		if f.File != nil && len(f.File.Certificates) > 0 {
			infos = append(infos, Inspect(f.File, keyBeside(f, found), now)...)
		}
	}
	return infos
}

func keyBeside(f Found, found []Found) *File {
	if len(f.File.Keys) > 0 {
		return f.File
	}
	for _, other := range found {
		if other.File == nil || filepath.Dir(other.Path) != filepath.Dir(f.Path) {
			continue
		}
		for _, k := range other.File.Keys {
			if k.Matches(f.File.Leaf()) {
				return other.File
			}
		}
	}
	return nil
}
