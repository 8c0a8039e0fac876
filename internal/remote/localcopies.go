package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Copies returns the names of the files beside a file that begin with its name
// and a dot, sorted.
func (Local) Copies(_ context.Context, file string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("cannot list the copies of %s: %w", file, err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), filepath.Base(file)+".") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Copy copies a file to one beside it in one step, with mode and owner. The
// copy's name begins with the file's and a dot.
func (Local) Copy(ctx context.Context, file, name string) error {
	fail := func(err error) error { return fmt.Errorf("cannot copy %s to %s: %w", file, name, err) }
	if err := checkCopy(filepath.Base(file), name); err != nil {
		return fail(err)
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return fail(err)
	}
	if err := keep(file, filepath.Join(filepath.Dir(file), name), content); err != nil {
		return fail(err)
	}
	return nil
}

// RemoveCopy removes what Copy made, and what a Copy of the same file that died
// had staged. One that is gone already is fine.
func (Local) RemoveCopy(_ context.Context, file, name string) error {
	err := checkCopy(filepath.Base(file), name)
	if err == nil {
		err = os.Remove(filepath.Join(filepath.Dir(file), name))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove %s beside %s: %w", name, file, err)
	}
	sweepLocal(filepath.Dir(file), stagedPrefix(file))
	return nil
}
