package cli

import (
	"context"
	cryptorand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/ui"
	"github.com/gofrs/flock"
)

// errRefreshing means that a refresh of the same list is going on.
var errRefreshing = errors.New("another refresh of the same list is going on on this machine")

// lockRefresh keeps other refreshes of this machine away until the returned
// function is called. As with lockList, a dead one's lock is never in the way.
// The file holds a word of its own, by which the holder of the lock knows what
// holders before it have claimed.
func lockRefresh(path string) (word string, unlock func(), err error) {
	lock := flock.New(path, flock.SetPermissions(lockMode))
	locked, err := lock.TryLock()
	switch {
	case err != nil:
		return "", nil, usagef("set refresh.lock to a file that this user may write", "cannot lock %s: %w", path, err)
	case !locked:
		return "", nil, errRefreshing
	}
	word, err = wordIn(path)
	if err != nil {
		return "", nil, errors.Join(err, lock.Close())
	}
	return word, func() { _ = lock.Close() }, nil
}

// wordIn returns the word that a file holds, and writes one into an empty file.
func wordIn(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", path, err)
	}
	if word, _, _ := strings.Cut(strings.TrimSpace(string(data)), "\n"); word != "" && !strings.ContainsAny(word, " \t") {
		return word, nil
	}
	word := cryptorand.Text()
	if err := os.WriteFile(path, []byte(word+"\n"), lockMode); err != nil {
		return "", fmt.Errorf("cannot write %s: %w", path, err)
	}
	return word, nil
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
