package remote

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/remote/scripts"
)

// Copies returns the names of the files beside a file that begin with its name
// and a dot, sorted.
func (h *SSHHost) Copies(ctx context.Context, file string) ([]string, error) {
	said, err := h.copies(ctx, "list", file, "")
	if err != nil {
		return nil, fmt.Errorf("cannot list the copies of %s on %s: %w", file, h.name, err)
	}
	var names []string
	for _, line := range said {
		if found, ok := strings.CutPrefix(line, "copy "); ok && path.Dir(found) == path.Dir(file) {
			names = append(names, path.Base(found))
		}
	}
	slices.Sort(names)
	return names, nil
}

// Copy copies a file to one beside it in one step, with mode and owner. The
// copy's name begins with the file's and a dot.
func (h *SSHHost) Copy(ctx context.Context, file, name string) error {
	if _, err := h.copies(ctx, "make", file, name); err != nil {
		return fmt.Errorf("cannot copy %s to %s on %s: %w", file, name, h.name, err)
	}
	return nil
}

// RemoveCopy removes what Copy made, and what a Copy beside it that died had
// begun. One that is gone already is fine.
func (h *SSHHost) RemoveCopy(ctx context.Context, file, name string) error {
	if _, err := h.copies(ctx, "drop", file, name); err != nil {
		return fmt.Errorf("cannot remove %s beside %s on %s: %w", name, file, h.name, err)
	}
	return nil
}

// copies runs the script and returns the lines that are marked as its own.
func (h *SSHHost) copies(ctx context.Context, deed, file, name string) ([]string, error) {
	if err := checkPath(file); err != nil {
		return nil, err
	}
	text := "ar_deed=" + deed + " ar_path=" + shellQuote(file)
	if deed != "list" {
		if err := checkCopy(path.Base(file), name); err != nil {
			return nil, err
		}
		text += " ar_copy=" + shellQuote(path.Join(path.Dir(file), name))
	}
	nonce := newNonce()
	ctx, cancel := h.limited(ctx)
	defer cancel()
	out, err := h.run(ctx, request{command: posixShell, stdin: []byte(posixArguments("copies", nonce) + text + "\n" + scripts.POSIXCopies), patience: h.patience})
	if err != nil {
		return nil, err
	}
	var said []string
	for line := range strings.Lines(string(out.Stdout)) {
		if ours, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "amirotate:"+nonce+" "); ok {
			said = append(said, ours)
		}
	}
	return said, copiesError(said, out)
}

func copiesError(said []string, out streams) error {
	last := ""
	if len(said) > 0 {
		last = said[len(said)-1]
	}
	words, failed := strings.CutPrefix(last, "end failed ")
	switch {
	case last == "end ok":
		return nil
	case failed:
		return temporaryf(hintFor(words), "%s", words)
	}
	return brokenOff(&posixAnswer{}, out)
}

// checkCopy refuses a name that is not that of a copy.
func checkCopy(base, name string) error {
	if !strings.HasPrefix(name, base+".") || strings.ContainsAny(name, "/\\\n\x00") {
		return finalf("", "%q is not the name of a copy: it must begin with %q", name, base+".")
	}
	return nil
}
