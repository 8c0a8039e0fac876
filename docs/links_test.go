package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\]\(([^)]+)\)`)

// Links lead to files that are there, and every page is linked from the README.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			path, _, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, "://") || path == "" {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), path)); err != nil {
				t.Errorf("%s links to %s: %v", page, path, err)
			}
		}
		if name := "docs/" + page; !strings.HasPrefix(page, "..") && !strings.Contains(read(t, "../README.md"), "("+name+")") {
			t.Errorf("the README doesn't link to %s", name)
		}
	}
}
