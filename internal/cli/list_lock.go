package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/flock"
)

// lockSuffix is added to the list's name for the lock beside it. The file stays
// when the lock is given up; the lock itself is the kernel's and ends with the
// process that holds it, so a dead run's is never in the way.
const lockSuffix = ".lock"

// lockMode lets others who share the folder wait for the lock, too.
const lockMode = 0o644

// lockPatience is how long another process may take to rewrite the list.
const lockPatience = time.Minute

// lockList keeps other runs on this machine from rewriting the list until the
// returned function is called.
func lockList(ctx context.Context, path string) (unlock func(), err error) {
	lock := flock.New(path+lockSuffix, flock.SetPermissions(lockMode))
	limited, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	locked, err := lock.TryLockContext(limited, 50*time.Millisecond)
	switch {
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("cannot lock %s: another process has held %s for %s", path, lock.Path(), lockPatience)
	case err != nil:
		return nil, fmt.Errorf("cannot lock %s: %w", path, err)
	case !locked:
		return nil, fmt.Errorf("cannot lock %s", path)
	}
	return func() { _ = lock.Unlock() }, nil
}
