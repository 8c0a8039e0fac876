package cli

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/amirotate/amirotate/internal/ui"
	"github.com/gofrs/flock"
)

// errRefreshing means that a refresh of the same list is going on.
var errRefreshing = errors.New("another refresh of the same list is going on on this machine")

// lockRefresh keeps other refreshes of this machine away until the returned
// function is called. As with lockList, a dead one's lock is never in the way.
func lockRefresh(path string) (unlock func(), err error) {
	lock := flock.New(path, flock.SetPermissions(lockMode))
	locked, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, usagef("set refresh.lock to a file that this user may write", "cannot lock %s: %w", path, err)
	case !locked:
		return nil, errRefreshing
	}
	return func() { _ = lock.Close() }, nil
}

// notRefreshed tells why nothing was begun. That another one is at it is fine.
func (g *globals) notRefreshed(err error) error {
	if !errors.Is(err, errRefreshing) {
		return g.notStarted(err)
	}
	if g.json {
		if err := ui.NewJSON(g.Stdout).Write(note{g.Now(), "note", errRefreshing.Error()}); err != nil {
			return err
		}
		return g.summarize(nil, nil)
	}
	if !g.quiet {
		fmt.Fprintf(g.Stdout, "%s; nothing to do here\n", errRefreshing)
	}
	return nil
}

// note is a line of JSON for something worth knowing that is no step.
type note struct {
	Time   time.Time `json:"time"`
	Event  string    `json:"event"` // always "note"
	Detail string    `json:"detail"`
}

// delay waits for a random time of at most so much.
func (g *globals) delay(ctx context.Context, most time.Duration) error {
	if most <= 0 {
		return nil
	}
	wait := rand.N(most)
	if !g.json && !g.quiet {
		fmt.Fprintf(g.Stdout, "waiting for %s of at most %s\n", wait.Round(time.Second), most)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// configPath is where the configuration is, or would be.
func (g *globals) configPath() string {
	if g.config != "" {
		return g.abs(g.config)
	}
	return g.abs(defaultConfig)
}
