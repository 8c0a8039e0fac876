package rotate

import (
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
)

// Trust is what a host accepts as its master's certificate.
type Trust string

// Trusts. All but the first two keep a master from presenting the new one.
const (
	TrustsNew    Trust = "new"     // the new certificate and no old one
	TrustsBoth   Trust = "old+new" // either
	TrustsOld    Trust = "old"     // an old one alone
	TrustsOther  Trust = "other"   // neither
	TrustUnknown Trust = "unknown" // never rotated, or not to be read: counts as old
)

// New tells whether a master that presents the new certificate is accepted.
func (t Trust) New() bool { return t == TrustsNew || t == TrustsBoth }

// Pins are the certificates of a rotation, by short fingerprints (16 hex digits
// of SHA-256 over the DER).
type Pins struct {
	New, Old []string
	// Files are the pins in each file whose digests are known: the new one, the
	// old ones, both in one. It tells of images without TagTrusts, and of hosts.
	Files map[verify.Digests][]string
	// Read returns the pins in a file's content, nil if it holds no certificate,
	// and the end, in RFC 3339, of the certificate that the file is about.
	Read func(content []byte) (pins []string, notAfter string)
}

// Judge tells what a host with these certificates accepts; with none, nobody
// knows.
func (p Pins) Judge(trusts []string) Trust {
	isNew, isOld := containsAll(trusts, p.fresh()), containsAny(trusts, p.stale())
	switch {
	case len(trusts) == 0:
		return TrustUnknown
	case isNew && isOld:
		return TrustsBoth
	case isNew:
		return TrustsNew
	case isOld:
		return TrustsOld
	}
	return TrustsOther
}

// fresh are the pins by which the new file differs from the old ones.
func (p Pins) fresh() []string {
	if added := without(p.New, p.Old); len(added) > 0 {
		return added
	}
	return p.New
}

// stale are those of the old files alone.
func (p Pins) stale() []string { return without(p.Old, p.New) }

// Presented tells which certificate a master presents, by the pins of those
// among new and old that accept it.
func (p Pins) Presented(accepting []string) Presents {
	switch {
	case containsAny(accepting, p.fresh()):
		return PresentsNew
	case containsAny(accepting, p.Old):
		return PresentsOld
	}
	return PresentsOther
}

// inFile returns the pins of a file that is known by a digest.
func (p Pins) inFile(d verify.Digests) []string {
	for known, pins := range p.Files {
		if d.SHA256 != "" && d.SHA256 == known.SHA256 || d.SHA256 == "" && d.MD5 != "" && d.MD5 == known.MD5 {
			return pins
		}
	}
	return nil
}

// heldBy is what the tags of an image say.
func (p Pins) heldBy(c cloud.Image) Held {
	h := Held{MD5: c.Tags[cloud.TagCertMD5], SHA256: c.Tags[cloud.TagCertSHA256], NotAfter: c.Tags[cloud.TagCertNotAfter],
		Trusts: strings.Fields(c.Tags[cloud.TagTrusts])}
	if len(h.Trusts) == 0 {
		h.Trusts = p.inFile(verify.Digests{MD5: h.MD5, SHA256: h.SHA256})
	}
	if h.MD5+h.SHA256 != "" {
		h.From = FromTags
	}
	return h
}

// maxTagValue is how many characters EC2 takes in a tag's value.
const maxTagValue = 256

// trustsTag is the value of TagTrusts; "" if it would be too long. Then the
// digests tell.
func trustsTag(pins []string) string {
	if value := strings.Join(pins, " "); len(value) <= maxTagValue {
		return value
	}
	return ""
}

func containsAll(have, wanted []string) bool {
	return len(wanted) > 0 && len(without(wanted, have)) == 0
}

func containsAny(have, wanted []string) bool { return len(without(wanted, have)) < len(wanted) }

func without(from, these []string) []string {
	return slices.DeleteFunc(slices.Clone(from), func(s string) bool { return slices.Contains(these, s) })
}
