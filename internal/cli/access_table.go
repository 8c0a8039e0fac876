package cli

import (
	"errors"
	"sync"

	"github.com/amirotate/amirotate/internal/remote"
)

// accessTable says how the instances of each image are reached.
type accessTable struct {
	mu      sync.Mutex
	byImage map[string]remote.Access
}

func newAccessTable() *accessTable { return &accessTable{byImage: map[string]remote.Access{}} }

func (t *accessTable) set(image string, a remote.Access) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byImage[image] = a
}

func (t *accessTable) of(image string) (remote.Access, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, ok := t.byImage[image]
	if !ok {
		return a, errors.New("cannot tell how to reach instances of " + image)
	}
	return a, nil
}
