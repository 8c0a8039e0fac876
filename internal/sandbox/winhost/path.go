package winhost

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Windows' words for paths that lead nowhere.
var (
	errRelative  = errors.New("is not an absolute path")
	errCharacter = errors.New("Illegal characters in path.")
	errDirectory = errors.New("is a directory")
	errLinks     = errors.New("is a chain of too many symbolic links")
)

// locate returns where a Windows path is in the computer's folder: each part as
// it is written there, whatever its case; a part that is not there stays as it
// is. Symbolic links at its end are followed, within the folder.
func (c *Computer) locate(windows string) (string, error) {
	parts, err := splitPath(windows)
	if err != nil {
		return "", err
	}
	name := "."
	for _, part := range parts {
		name = path.Join(name, c.spelled(name, part))
	}
	for range 32 {
		target, err := c.files.Readlink(name)
		if err != nil {
			return name, nil
		}
		if path.IsAbs(target) {
			return "", errors.New("is a symbolic link whose target cannot be read")
		}
		name = path.Join(path.Dir(name), target)
	}
	return "", errLinks
}

// spelled returns the name in a folder that a part of a path means.
func (c *Computer) spelled(folder, part string) string {
	entries, err := fs.ReadDir(c.files.FS(), folder)
	if err != nil {
		return part
	}
	found := part
	for _, e := range entries {
		if e.Name() == part {
			return part
		}
		if strings.EqualFold(e.Name(), part) {
			found = e.Name()
		}
	}
	return found
}

// splitPath takes C:\a\b, C:/a/b and \a\b (of drive C) apart. Dots are resolved
// by the text alone, as Windows does.
func splitPath(windows string) ([]string, error) {
	text := strings.ReplaceAll(windows, `\`, "/")
	drive := "C"
	if len(text) >= 2 && text[1] == ':' && isLetter(text[0]) {
		drive, text = strings.ToUpper(text[:1]), text[2:]
	}
	switch {
	case !strings.HasPrefix(text, "/"), strings.HasPrefix(text, "//"):
		return nil, errRelative
	case strings.ContainsAny(text, "<>:\"|?*\x00"):
		return nil, errCharacter
	}
	parts := []string{drive}
	for part := range strings.SplitSeq(path.Clean(text), "/") {
		if part = strings.TrimRight(part, " ."); part != "" {
			parts = append(parts, part)
		}
	}
	return parts, nil
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// isMissing tells whether nothing stands there, as Windows sees it.
func isMissing(err error) bool { return errors.Is(err, os.ErrNotExist) }
