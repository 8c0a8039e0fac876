package remote

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/verify"
)

// Find returns the files that a search finds, as far as the user may see them,
// with path and digests, which are "" if the user may not read a file. Other file
// systems than a folder's own are not entered.
func (h *SSHHost) Find(ctx context.Context, s verify.Search) ([]verify.File, error) {
	for _, folder := range s.Folders {
		if err := checkPath(folder); err != nil {
			return nil, fmt.Errorf("cannot look for files on %s: %w", h.name, err)
		}
	}
	a, err := h.ask(ctx, "find", posixSearch(s), []string{"/"})
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot look for files on %s: %w", h.name, err)
	case a.end != "ok":
		return a.found, fmt.Errorf("cannot look for files on %s: %s", h.name, a.failed[0])
	}
	return a.found, nil
}

// posixSearch composes a request of MODE find.
func posixSearch(s verify.Search) string {
	var b strings.Builder
	sizes := strings.Trim(fmt.Sprint(s.Sizes), "[]")
	fmt.Fprintf(&b, "ar_files() {\n\"$1\" %d %d %s", s.Depth, s.Most, shellQuote(sizes))
	for _, folder := range s.Folders {
		b.WriteString(" " + shellPattern(folder))
	}
	b.WriteString("\n}\n")
	writeWithoutComments(&b, scripts.POSIX)
	return b.String()
}

// shellPattern quotes all but the wildcards * and ?.
func shellPattern(s string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "*", "'*'", "?", "'?'").Replace(s) + "'"
}

// found reads a line about a file that was looked for; its path is the rest of
// the line, spaces and all.
func (p *posixParser) found(line string) error {
	parts := strings.SplitN(line, " ", 4)
	if len(parts) != 4 || !strings.HasPrefix(parts[3], "/") {
		return fmt.Errorf("want digests and a path")
	}
	md5, ok5 := strings.CutPrefix(parts[1], "md5:")
	sha256, ok256 := strings.CutPrefix(parts[2], "sha256:")
	if !ok5 || !ok256 {
		return fmt.Errorf("no digests")
	}
	p.answer.found = append(p.answer.found, verify.File{Path: path.Clean(parts[3]), Status: verify.Present,
		Digests: verify.Digests{MD5: md5, SHA256: sha256}})
	return nil
}
