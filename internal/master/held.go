package master

import (
	"bytes"
	"slices"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/verify"
)

// Held says what a file on the master holds, or what its port presents.
type Held string

// What it may be.
const (
	HoldsOld   Held = "old"     // an expected old certificate, or the key of one
	HoldsNew   Held = "new"     // the new certificate, or its key
	HoldsOther Held = "other"   // anything else
	Locked     Held = "locked"  // a key with a passphrase, so that nobody can tell
	Nothing    Held = "nothing" // no such file, or no key in it
	Unreadable Held = "unreadable"
	Unknown    Held = "unknown" // the port did not answer
)

// sight is what was seen on the master.
type sight struct {
	certificate, key verify.File // key is the zero value if it has no file of its own
	cert, keyIs      Held
	parsed           *cert.File // the certificate's file, nil if it cannot be understood
	copies           []string   // names of the certificate's
}

// holds says which certificate c is.
func (s *Settings) holds(c *cert.Certificate) Held {
	switch {
	case c == nil:
		return HoldsOther
	case bytes.Equal(c.Raw, s.New.Leaf().Raw):
		return HoldsNew
	case slices.ContainsFunc(s.Old, func(f *cert.File) bool { return contains(f, c) }):
		return HoldsOld
	}
	return HoldsOther
}

func contains(f *cert.File, c *cert.Certificate) bool {
	return slices.ContainsFunc(f.Certificates, func(own *cert.Certificate) bool { return bytes.Equal(own.Raw, c.Raw) })
}

// judgeCertificate says what the certificate's file holds. A server presents
// the first certificate in it.
func (s *Settings) judgeCertificate(f verify.File) (Held, *cert.File) {
	if held, ok := absent(f); ok {
		return held, nil
	}
	parsed, err := cert.ParseAny(f.Path, f.Content)
	if err != nil || len(parsed.Certificates) == 0 {
		return HoldsOther, nil
	}
	return s.holds(parsed.Certificates[0]), parsed
}

// judgeKey says whose key a file holds.
func (s *Settings) judgeKey(f verify.File) Held {
	if held, ok := absent(f); ok {
		return held
	}
	if s.NewKey != nil && bytes.Equal(f.Content, s.NewKey.Bytes()) {
		return HoldsNew
	}
	parsed, err := cert.ParseAny(f.Path, f.Content)
	if err != nil {
		return HoldsOther
	}
	return s.keyOf(parsed)
}

// keyOf says whose key is in a file.
func (s *Settings) keyOf(parsed *cert.File) Held {
	key := parsed.Key()
	switch {
	case key == nil:
		return Nothing
	case key.Locked():
		return Locked
	case key.Matches(s.New.Leaf()):
		return HoldsNew
	}
	for _, f := range s.Old {
		if slices.ContainsFunc(f.Certificates, key.Matches) {
			return HoldsOld
		}
	}
	return HoldsOther
}

func absent(f verify.File) (Held, bool) {
	switch f.Status {
	case verify.Present:
		return "", false
	case verify.Missing:
		return Nothing, true
	}
	return Unreadable, true
}
