package cert

import (
	"crypto/ed25519"
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// extensions returns crypto/x509's reading for its extensions alone, nil where
// it can't be had. A certificate whose key has an unknown curve or algorithm is
// read from a copy with another key in it, so nothing but extensions may be
// taken from what this returns.
func (c *Certificate) extensions() *x509.Certificate {
	if c.X509 != nil {
		return c.X509
	}
	copied, ok := c.withKnownKey()
	if !ok {
		return nil
	}
	x, err := x509.ParseCertificate(copied)
	if err != nil {
		return nil
	}
	return x
}

// withKnownKey returns the certificate's DER with serial 1 and an Ed25519 key of
// zeros.
func (c *Certificate) withKnownKey() ([]byte, bool) {
	tbs, version := cryptobyte.String(c.tbs), cryptobyte.String(nil)
	hasVersion := false
	var middle [4]cryptobyte.String // algorithm, issuer, validity, subject
	if !tbs.ReadASN1(&tbs, cbasn1.SEQUENCE) || !tbs.ReadOptionalASN1(&version, &hasVersion, cbasn1.Tag(0).Constructed().ContextSpecific()) || !tbs.SkipASN1(cbasn1.INTEGER) {
		return nil, false
	}
	for i := range middle {
		if !tbs.ReadASN1Element(&middle[i], cbasn1.SEQUENCE) {
			return nil, false
		}
	}
	key, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	if err != nil || !tbs.SkipASN1(cbasn1.SEQUENCE) {
		return nil, false
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(whole *cryptobyte.Builder) {
		whole.AddASN1(cbasn1.SEQUENCE, func(signed *cryptobyte.Builder) {
			if hasVersion {
				signed.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(v *cryptobyte.Builder) { v.AddBytes(version) })
			}
			signed.AddASN1Int64(1)
			for _, part := range middle {
				signed.AddBytes(part)
			}
			signed.AddBytes(key)
			signed.AddBytes(tbs)
		})
		whole.AddBytes(middle[0])
		whole.AddASN1BitString([]byte{0})
	})
	der, err := b.Bytes()
	return der, err == nil
}
