package winhost

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/verify"
)

// sought is a search as find.ps1 takes it, and what it has found.
type sought struct {
	Folders []string `json:"folders"`
	Depth   int      `json:"depth"`
	Sizes   []int64  `json:"sizes"`
	Most    int      `json:"most"`
	Seconds int      `json:"seconds"` // a folder of the sandbox takes none

	found []report
}

// findScript does what find.ps1 does.
func (c *Computer) findScript(request, _ string) printed {
	result := printed{Files: []report{}}
	var s sought
	if err := json.Unmarshal([]byte(request), &s); err != nil {
		result.problem("%v", err)
		return result
	}
	for _, pattern := range s.Folders {
		for _, folder := range c.foldersOf(pattern) {
			c.search(&s, folder, s.Depth)
		}
	}
	result.Files = append(result.Files, s.found...)
	return result
}

// foldersOf returns where the folders that a pattern stands for are in the
// computer's folder.
func (c *Computer) foldersOf(pattern string) []string {
	wild := strings.IndexAny(pattern, "*?")
	if wild < 0 {
		name, err := c.locate(pattern)
		if err != nil {
			return nil
		}
		return []string{name}
	}
	root := pattern[:strings.LastIndexAny(pattern[:wild], `\/`)+1]
	rest := strings.ReplaceAll(pattern[len(root):], `\`, "/")
	name, err := c.locate(root)
	if err != nil {
		return nil
	}
	folders := []string{name}
	for part := range strings.SplitSeq(rest, "/") {
		folders = c.matching(folders, part)
	}
	return folders
}

// matching returns the folders below others whose names match a pattern.
func (c *Computer) matching(folders []string, pattern string) []string {
	glob := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	name := regexp.MustCompile("(?is)^" + glob + "$")
	var matches []string
	for _, folder := range folders {
		entries, _ := fs.ReadDir(c.files.FS(), folder)
		for _, e := range entries {
			if e.IsDir() && name.MatchString(e.Name()) {
				matches = append(matches, path.Join(folder, e.Name()))
			}
		}
	}
	return matches
}

// search looks in a folder and in those below it that are no links.
func (c *Computer) search(s *sought, folder string, depth int) {
	entries, _ := fs.ReadDir(c.files.FS(), folder)
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		switch {
		case len(s.found) >= s.Most:
			return
		case e.IsDir() && depth > 1:
			c.search(s, name, depth-1)
		case !e.IsDir():
			c.add(s, name)
		}
	}
}

func (c *Computer) add(s *sought, name string) {
	info, err := c.files.Lstat(name)
	if err != nil || len(s.Sizes) > 0 && !slices.Contains(s.Sizes, info.Size()) {
		return
	}
	drive, rest, _ := strings.Cut(name, "/")
	state := c.look(drive + `:\` + strings.ReplaceAll(rest, "/", `\`))
	if state.status != verify.Present {
		return
	}
	r := state.report(false)
	r.SDDL = ""
	s.found = append(s.found, r)
}
