package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/remote"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/verify"
)

// listFile is the slave list on this machine's disk. It is replaced as any
// other file is: if its digest is the expected one.
type listFile struct{ path string }

// previousSuffix is added to the list's name for the bytes that it held before.
const previousSuffix = ".previous"

func (l listFile) previous() listStore { return listFile{l.path + previousSuffix} }

func (l listFile) problems() []rotate.Problem {
	path, err := filepath.EvalSymlinks(l.path)
	if err == nil {
		err = writeAccess(filepath.Dir(path))
	}
	if err == nil {
		return nil
	}
	return []rotate.Problem{{Code: "list-folder", Severity: rotate.Error,
		Message: fmt.Sprintf("%s can't be replaced: its folder %s: %v", l.path, filepath.Dir(path), err),
		Hint:    "run as a user that may write there, or rotate a copy of the list: --slave-list COPY"}}
}

// listUntouched marks the error of a run whose images are proven and whose list
// could not be replaced: that is partly done.
func listUntouched(err error, result *rotate.Result) error {
	if err == nil || result.ListRewritten || exitCode(err) != exitFailed || len(result.Edits) == 0 {
		return err
	}
	return &untouchedError{err}
}

// untouchedError means that replacements are proven that the list does not name.
type untouchedError struct{ error }

func (e *untouchedError) Unwrap() error { return e.error }

func (l listFile) Read(context.Context) ([]byte, error) {
	return config.ReadFile("slave list", l.path)
}

// Replace finds that the list holds something else, too, if it holds the new
// bytes already: another run has put them there.
func (l listFile) Replace(ctx context.Context, old, new []byte) error {
	unlock, err := lockList(ctx, l.path)
	if err != nil {
		return err
	}
	defer unlock()
	change := verify.Change{Path: l.path, Old: []verify.Digests{verify.Of(old)}, New: new}
	before, err := remote.Local{}.ReplaceKeeping(ctx, change, filepath.Base(l.path)+previousSuffix)
	var refusal *verify.Refusal
	switch {
	case errors.As(err, &refusal) && (refusal.Outcome == verify.OtherContent || refusal.Outcome == verify.MatchNew):
		return fmt.Errorf("cannot rewrite %s: %w", l.path, rotate.ErrListChanged)
	case err != nil:
		return err
	case change.Judge(before) == verify.MatchNew:
		return rotate.ErrListChanged
	}
	return nil
}
