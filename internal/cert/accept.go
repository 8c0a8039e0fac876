package cert

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// Accepts tells whether a host that pins the certificates of this file accepts a
// server that presents a chain, leaf first: nil if it does. It judges as stunnel
// with verify = 3 (verifyChain and verifyPeer): the leaf itself stands in the
// file, so does its issuer up to one that signed itself, and all are valid now.
func (f *File) Accepts(chain []*Certificate, now time.Time) error {
	if len(chain) == 0 {
		return errors.New("no certificate is presented")
	}
	if !f.holds(chain[0]) {
		return fmt.Errorf("%s, which is presented, is not in %s", chain[0].describe(), f.Name)
	}
	return f.anchors(chain[0], now)
}

// anchors follows the issuers of a certificate within the file.
func (f *File) anchors(c *Certificate, now time.Time) error {
	for range f.Certificates { // no chain is longer
		switch {
		case c.Expired(now):
			return fmt.Errorf("%s expired on %s", c.describe(), day(c.NotAfter))
		case c.NotYetValid(now):
			return fmt.Errorf("%s is valid only from %s", c.describe(), c.NotBefore.Format(time.RFC3339))
		case c.SelfSigned():
			return nil
		}
		issuer := f.issuerOf(c)
		if issuer == nil {
			return fmt.Errorf("the issuer of %s, %s, is not in %s", c.describe(), c.Issuer, f.Name)
		}
		c = issuer
	}
	return fmt.Errorf("%s holds no certificate that signed itself", f.Name)
}

func (f *File) issuerOf(c *Certificate) *Certificate {
	for _, other := range f.Certificates {
		if !bytes.Equal(c.Raw, other.Raw) && c.SignedBy(other) {
			return other
		}
	}
	return nil
}

func (f *File) holds(c *Certificate) bool {
	for _, own := range f.Certificates {
		if bytes.Equal(own.Raw, c.Raw) {
			return true
		}
	}
	return false
}

// describe names a certificate in an error.
func (c *Certificate) describe() string {
	return fmt.Sprintf("%s (ends %s)", c.Subject, day(c.NotAfter))
}
