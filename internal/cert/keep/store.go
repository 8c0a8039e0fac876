package keep

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Names of items. A leaf with a name has NAME-cert and NAME-key.
const (
	CACert = "ca-cert"
	CAKey  = "ca-key"
	Cert   = "cert"
	Key    = "key"
)

// IsKey tells whether an item is a private key.
func IsKey(item string) bool { return item == Key || strings.HasSuffix(item, "-"+Key) }

// Items are the PEM texts of a store by name; one that is not there is left out.
// They print as their names.
type Items map[string][]byte

// Format prints the names for every verb.
func (i Items) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, strings.Join(i.Names(), ", "))
}

// MarshalJSON refuses: the items hold private keys.
func (i Items) MarshalJSON() ([]byte, error) {
	return nil, errors.New("cannot write private keys as JSON")
}

// Names returns the names in order.
func (i Items) Names() []string {
	return slices.Sorted(maps.Keys(i))
}

// Digest is a SHA-256 over names and contents, in lower-case hexadecimal.
func (i Items) Digest() string {
	h := sha256.New()
	for _, name := range i.Names() {
		for _, part := range [][]byte{[]byte(name), i[name]} {
			var length [8]byte
			binary.BigEndian.PutUint64(length[:], uint64(len(part)))
			h.Write(length[:])
			h.Write(part)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Snapshot is what a store held at one moment.
type Snapshot struct {
	Items   Items
	Version string // the store's own; compared by it alone
}

// ErrChanged is returned by Replace when the store no longer holds the snapshot.
var ErrChanged = errors.New("it was changed by somebody else meanwhile")

// Store holds one pair or set.
type Store interface {
	// Name is for messages.
	Name() string
	// Load returns what is there. An item that is certainly absent is left out;
	// whatever keeps it from knowing (access denied, throttled, a time-out, an
	// I/O error) is an error.
	Load(ctx context.Context) (Snapshot, error)
	// Replace backs up what is there under names with the time at in them, and
	// puts items in its place: all, or in a crash none. The error is ErrChanged,
	// and nothing is written, if the store no longer holds was.
	Replace(ctx context.Context, was Snapshot, items Items, at time.Time) error
}

// Finisher is a Store in which a replacement may be decided and not yet carried
// out to the end, by a process that died.
type Finisher interface {
	// Finish carries it out. Where there is none it writes nothing.
	Finish(ctx context.Context) error
}
