package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const (
	// Keep is how many logs of a folder stay when a new one begins.
	Keep = 100

	suffix     = ".ndjson"
	timeInName = "20060102T150405.000Z"
)

// DefaultFolder is where logs are kept unless configured otherwise, by the
// environment: what systemd gives a service as its state, else the user's folder
// for state by the XDG Base Directory Specification, or Windows' for local data.
// It is "" if none of them is known.
func DefaultFolder(getenv func(string) string) string {
	if state, _, _ := strings.Cut(getenv("STATE_DIRECTORY"), ":"); state != "" {
		return filepath.Join(state, "runs")
	}
	base := getenv("XDG_STATE_HOME")
	if runtime.GOOS == "windows" && base == "" {
		base = getenv("LOCALAPPDATA")
	}
	if home := getenv("HOME"); base == "" && home != "" {
		base = filepath.Join(home, ".local", "state")
	}
	if !filepath.IsAbs(base) { // the specification has relative ones ignored
		return ""
	}
	return filepath.Join(base, "amirotate", "runs")
}

// List returns the paths of a folder's logs, the newest first. A folder that
// isn't there has none.
func List(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the event logs: %w", err)
	}
	var paths []string
	for _, e := range entries {
		if e.Type().IsRegular() && isLog(e.Name()) {
			paths = append(paths, filepath.Join(folder, e.Name()))
		}
	}
	slices.Sort(paths) // names begin with the time
	slices.Reverse(paths)
	return paths, nil
}

// isLog tells by its name whether a file is a log of ours, so that no other is
// ever removed.
func isLog(name string) bool {
	stem, ok := strings.CutSuffix(name, suffix)
	at, id, found := strings.Cut(stem, "-")
	if !ok || !found || len(at) != len(timeInName) || id == "" {
		return false
	}
	return strings.Trim(at, "0123456789TZ.") == "" && strings.Trim(id, "0123456789abcdef") == ""
}

// Find returns the path of the log that a name means: a path, or the name of one
// of the folder's logs, or enough of its begin or end to tell it from the others;
// "" is the newest.
func Find(folder, name string) (string, error) {
	if strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, suffix) && exists(name) {
		return name, nil
	}
	paths, err := List(folder)
	if err != nil {
		return "", err
	}
	name = strings.TrimSuffix(name, suffix)
	var found []string
	for _, path := range paths {
		if s := stem(path); strings.HasPrefix(s, name) || strings.HasSuffix(s, name) {
			found = append(found, path)
		}
	}
	switch {
	case len(found) == 0 && name == "":
		return "", fmt.Errorf("cannot find a run: %s holds no event log", folder)
	case len(found) == 0:
		return "", fmt.Errorf("cannot find the run %s: no event log in %s is named so", name, folder)
	case len(found) > 1 && name != "":
		return "", fmt.Errorf("cannot tell which run %s is: %d event logs in %s match", name, len(found), folder)
	}
	return found[0], nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// prune removes all but the newest logs. What can't be removed stays.
func prune(folder string, keep int) {
	paths, err := List(folder)
	if err != nil || len(paths) <= keep {
		return
	}
	for _, path := range paths[keep:] {
		_ = os.Remove(path)
	}
}
