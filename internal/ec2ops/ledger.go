package ec2ops

import (
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// ledger remembers what this process made, from the moment that EC2 answered,
// and what an instance of ours would leave behind.
type ledger struct {
	mu    sync.Mutex
	birth map[string]birth    // of what this process made, by id
	held  map[string]holdings // by instance id
}

type birth struct {
	made time.Time
	seen time.Time // when a Describe first showed it; zero if none has
}

// holdings is what outlives an instance unless it is seen to.
type holdings struct {
	attached    bool     // its volumes have been seen
	outliving   []string // device names whose volumes are kept on termination
	spotRequest string   // "" for none
}

func newLedger() *ledger {
	return &ledger{birth: map[string]birth{}, held: map[string]holdings{}}
}

func (l *ledger) madeNow(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.birth[id]; !known {
		l.birth[id] = birth{made: time.Now()}
	}
}

func (l *ledger) made(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.birth[id]
	return known
}

// isNew tells whether we made the thing so recently that EC2 may not know it
// everywhere yet: less than grace ago or, once it has been seen, less than
// settling after that.
func (l *ledger) isNew(id string, grace, settling time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.birth[id]
	if !known {
		return false
	}
	if b.seen.IsZero() {
		return time.Since(b.made) < grace
	}
	return time.Since(b.seen) < settling
}

// saw notes that a Describe showed the thing.
func (l *ledger) saw(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, known := l.birth[id]; known && b.seen.IsZero() {
		b.seen = time.Now()
		l.birth[id] = b
	}
}

// hold keeps what was seen of an instance of ours, made by this process or not.
func (l *ledger) hold(i cloud.Instance, h holdings) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, made := l.birth[i.ID]
	_, tagged := i.Tags[cloud.TagRole]
	if (made || tagged) && (h.attached || !l.held[i.ID].attached) {
		l.held[i.ID] = h
	}
}

func (l *ledger) holdings(id string) holdings {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held[id]
}
