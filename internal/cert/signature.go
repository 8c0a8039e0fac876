package cert

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	_ "crypto/md5" // signatures of the last century
	"crypto/rsa"
	_ "crypto/sha1" // the same
	_ "crypto/sha256"
	_ "crypto/sha512"
)

// SignedBy tells whether the issuer's name is the parent's subject and its key
// verifies the signature. Unlike crypto/x509 it also checks MD5 and SHA-1,
// since it says who signed, not whom to trust. What cannot be verified (unknown
// algorithms, RSA keys below 1024 bits) counts by name alone.
func (c *Certificate) SignedBy(parent *Certificate) bool {
	if !bytes.Equal(c.Issuer.Raw, parent.Subject.Raw) {
		return false
	}
	verified, known := c.verifies(parent)
	return verified || !known
}

// SelfSigned tells whether the certificate's own key made its signature.
func (c *Certificate) SelfSigned() bool { return c.SignedBy(c) }

func (c *Certificate) verifies(parent *Certificate) (verified, known bool) {
	hash := signatureHash(c.SignatureAlgorithm)
	switch key := parent.Key.public.(type) {
	case *rsa.PublicKey:
		if hash == 0 || key.N.BitLen() < 1024 {
			return false, false
		}
		return rsa.VerifyPKCS1v15(key, hash, digest(hash, c.tbs), c.signature) == nil, true
	case *ecdsa.PublicKey:
		if hash == 0 {
			return false, false
		}
		return ecdsa.VerifyASN1(key, digest(hash, c.tbs), c.signature), true
	case ed25519.PublicKey:
		return ed25519.Verify(key, c.tbs, c.signature), true
	}
	return false, false
}

func digest(h crypto.Hash, b []byte) []byte {
	hash := h.New()
	hash.Write(b)
	return hash.Sum(nil)
}

// signatureHash returns 0 for algorithms whose hash is elsewhere or unknown.
func signatureHash(algorithm string) crypto.Hash {
	switch algorithm {
	case "md5WithRSAEncryption":
		return crypto.MD5
	case "sha1WithRSAEncryption", "sha1WithRSA", "ecdsa-with-SHA1":
		return crypto.SHA1
	case "sha224WithRSAEncryption", "ecdsa-with-SHA224":
		return crypto.SHA224
	case "sha256WithRSAEncryption", "ecdsa-with-SHA256":
		return crypto.SHA256
	case "sha384WithRSAEncryption", "ecdsa-with-SHA384":
		return crypto.SHA384
	case "sha512WithRSAEncryption", "ecdsa-with-SHA512":
		return crypto.SHA512
	}
	return 0
}

// WeakSignature names the broken hash that the certificate is signed with, ""
// if it is sound.
func (c *Certificate) WeakSignature() string {
	switch c.SignatureAlgorithm {
	case "md2WithRSAEncryption":
		return "MD2"
	case "md4WithRSAEncryption":
		return "MD4"
	case "md5WithRSAEncryption":
		return "MD5"
	case "sha1WithRSAEncryption", "sha1WithRSA", "ecdsa-with-SHA1", "dsaWithSHA1":
		return "SHA-1"
	}
	return ""
}
