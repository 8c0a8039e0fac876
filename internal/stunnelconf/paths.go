package stunnelconf

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// System is how paths are understood on a host.
type System struct {
	Windows bool
	// Dir is what relative paths are taken from: on Unix the working folder in
	// which stunnel was started, on Windows its own. "" is not known.
	Dir string
}

// SystemOf returns how the paths of a configuration are understood. dir is what
// is known to be the folder of relative paths; "" makes it the configuration's
// own, where that is likely. On Unix it is: workers start stunnel where they
// keep its configuration. On Windows stunnel goes to the folder of its program,
// since 5.23 to config beside it, so that it is where stunnel looks for
// stunnel.conf by itself, and unknown elsewhere.
func SystemOf(windows bool, conf, dir string) System {
	s := System{Windows: windows, Dir: dir}
	if dir != "" {
		return s
	}
	folder, name := s.split(conf)
	if !windows {
		s.Dir = folder
		return s
	}
	_, last := s.split(folder)
	if strings.EqualFold(name, "stunnel.conf") && (strings.EqualFold(last, "stunnel") || strings.EqualFold(last, "config")) {
		s.Dir = folder
	}
	return s
}

// Same tells whether two absolute paths are written the same, but for what the
// system passes over: on Windows letter case and the kind of slash.
func (s System) Same(a, b string) bool {
	if s.Windows {
		return strings.EqualFold(cleanWindows(a), cleanWindows(b))
	}
	return path.Clean(a) == path.Clean(b)
}

// In tells whether a file lies in a folder, not deeper.
func (s System) In(folder, file string) bool {
	of, _ := s.split(file)
	return s.Same(folder, of)
}

// Folder returns the folder of a file.
func (s System) Folder(file string) string {
	folder, _ := s.split(file)
	return folder
}

func (s System) split(file string) (folder, name string) {
	if !s.Windows {
		return path.Dir(path.Clean(file)), path.Base(file)
	}
	file = cleanWindows(file)
	i := strings.LastIndexByte(file, '\\')
	if i < 0 {
		return "", file
	}
	folder, name = file[:i], file[i+1:]
	if strings.HasSuffix(folder, ":") {
		folder += `\`
	}
	return folder, name
}

var (
	errRelative = errors.New("is relative to a folder that is not known")
	errEmpty    = errors.New("names nothing")
)

// resolve makes a path absolute.
func (s System) resolve(file string) (string, error) {
	switch {
	case file == "":
		return "", errEmpty
	case s.Windows:
		return s.resolveWindows(file)
	case strings.HasPrefix(file, "/"):
		return path.Clean(file), nil
	case s.Dir == "":
		return "", errRelative
	}
	return path.Join(s.Dir, file), nil
}

func (s System) resolveWindows(file string) (string, error) {
	file = strings.ReplaceAll(file, "/", `\`)
	drive, rest := driveOf(file)
	home, _ := driveOf(cleanWindows(s.Dir))
	switch {
	case strings.HasPrefix(file, `\\`), drive != "" && strings.HasPrefix(rest, `\`):
		return cleanWindows(file), nil
	case home == "" || drive != "" && !strings.EqualFold(drive, home):
		return "", errRelative
	case strings.HasPrefix(rest, `\`):
		return cleanWindows(home + rest), nil
	}
	return cleanWindows(s.Dir + `\` + rest), nil
}

// below is a path inside a chroot.
func (s System) below(chroot, file string) string {
	if s.Windows {
		return file // which has no chroot
	}
	return path.Join(chroot, file)
}

// driveOf takes C: off a path.
func driveOf(file string) (drive, rest string) {
	if len(file) >= 2 && file[1] == ':' && 'a' <= file[0]|0x20 && file[0]|0x20 <= 'z' {
		return file[:2], file[2:]
	}
	return "", file
}

// cleanWindows writes an absolute path with backslashes alone and without dots,
// which Windows resolves by the text.
func cleanWindows(file string) string {
	file = strings.ReplaceAll(file, "/", `\`)
	file = strings.TrimPrefix(file, `\\?\`)
	root, rest := driveOf(file)
	if root == "" && strings.HasPrefix(file, `\\`) {
		root = `\`
	}
	var parts []string
	for part := range strings.SplitSeq(rest, `\`) {
		switch trimmed := strings.TrimRight(part, " ."); {
		case part == "..":
			parts = parts[:max(0, len(parts)-1)]
		case trimmed != "":
			parts = append(parts, trimmed)
		}
	}
	return root + `\` + strings.Join(parts, `\`)
}

// sort puts included files into the order in which stunnel reads them.
func (s System) sort(sources []Source) {
	slices.SortFunc(sources, func(a, b Source) int {
		_, x := s.split(a.Path)
		_, y := s.split(b.Path)
		if s.Windows {
			x, y = strings.ToLower(x), strings.ToLower(y)
		}
		return strings.Compare(x, y)
	})
}
