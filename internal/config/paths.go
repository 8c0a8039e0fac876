package config

import (
	"path/filepath"
	"strings"
)

// dirs is what paths are resolved against.
type dirs struct {
	base string // folder of relative paths
	home string // for ~/
}

// resolve makes a setting of kind "path" or "location" one that does not depend
// on where it was written; others stay. A location may be a URL.
func (d dirs) resolve(kind, s string) string {
	switch {
	case kind != "path" && kind != "location":
		return s
	case kind == "location" && strings.Contains(s, "://"):
		return s
	case strings.HasPrefix(s, "~/") && d.home != "":
		return filepath.Join(d.home, s[2:])
	case filepath.IsAbs(s):
		return s
	}
	return filepath.Join(d.base, s)
}

func (d dirs) resolveAll(kind string, paths []string) []string {
	resolved := make([]string, len(paths))
	for i, p := range paths {
		resolved[i] = d.resolve(kind, p)
	}
	return resolved
}

// isAbsOn tells whether a path is absolute on hosts of a platform.
func isAbsOn(platform, path string) bool {
	if platform == windows {
		return isWindowsAbs(path)
	}
	return strings.HasPrefix(path, "/")
}

// isWindowsAbs knows C:\ and \\server\share, with either slash.
func isWindowsAbs(path string) bool {
	p := strings.ReplaceAll(path, "/", `\`)
	if strings.HasPrefix(p, `\\`) {
		return len(p) > 2 && p[2] != '\\'
	}
	return len(p) >= 3 && p[1] == ':' && p[2] == '\\' && ('a' <= p[0]|0x20 && p[0]|0x20 <= 'z')
}
