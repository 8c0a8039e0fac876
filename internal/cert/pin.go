package cert

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// Pin is a short fingerprint: the first 16 hex digits of the SHA-256 of the
// DER. A host that holds certificates is described by theirs.
func (c *Certificate) Pin() string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:8])
}

// Pins returns the pin of each certificate, in the file's order, without
// repetitions.
func (f *File) Pins() []string {
	var pins []string
	seen := map[string]bool{}
	for _, c := range f.Certificates {
		if pin := c.Pin(); !seen[pin] {
			seen[pin] = true
			pins = append(pins, pin)
		}
	}
	return pins
}

// PinsAccepting returns the pins of those certificates of the file by which a
// host that holds it accepts a server with that leaf: the leaf itself, or one
// that has signed it.
func (f *File) PinsAccepting(leaf *Certificate) []string {
	var pins []string
	for _, c := range f.Certificates {
		if bytes.Equal(c.Raw, leaf.Raw) || leaf.SignedBy(c) {
			pins = append(pins, c.Pin())
		}
	}
	return pins
}
