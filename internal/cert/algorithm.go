package cert

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// PublicKey describes the key of a certificate.
type PublicKey struct {
	Type  string // RSA, RSA-PSS, ECDSA, Ed25519, Ed448, DSA, or the OID
	Bits  int    // of modulus or curve; 0 if it is not known
	Curve string // P-256 …, or the OID; "" where there is none
	Raw   []byte // DER of the SubjectPublicKeyInfo; equal bytes are the same key

	public any // as crypto/x509 gives it; nil for what it does not know
}

// String reads "RSA 2048" or "ECDSA P-256".
func (k PublicKey) String() string {
	switch {
	case k.Curve != "":
		return k.Type + " " + k.Curve
	case k.Bits == 0 || k.Type == "Ed25519" || k.Type == "Ed448":
		return k.Type
	}
	return fmt.Sprintf("%s %d", k.Type, k.Bits)
}

// describePublic is PublicKey for a key as crypto/x509 gives it.
func describePublic(public any) PublicKey {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return PublicKey{Type: "RSA", Bits: k.N.BitLen(), public: public}
	case *ecdsa.PublicKey:
		p := k.Curve.Params()
		return PublicKey{Type: "ECDSA", Bits: p.BitSize, Curve: p.Name, public: public}
	case ed25519.PublicKey:
		return PublicKey{Type: "Ed25519", Bits: 256, public: public}
	}
	return PublicKey{}
}

func parsePublicKey(spki cryptobyte.String) (PublicKey, error) {
	raw := []byte(spki)
	if public, err := x509.ParsePKIXPublicKey(raw); err == nil {
		if k := describePublic(public); k.Type != "" {
			k.Raw = raw
			return k, nil
		}
	}
	k, err := describeUnknown(spki)
	k.Raw = raw
	return k, err
}

// describeUnknown reads what it can of keys that crypto/x509 does not know.
func describeUnknown(spki cryptobyte.String) (PublicKey, error) {
	var body, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	var bits asn1.BitString
	if !spki.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) || !body.ReadASN1BitString(&bits) {
		return PublicKey{}, errors.New("damaged certificate: its key is no SubjectPublicKeyInfo")
	}
	switch oid.String() {
	case "1.2.840.113549.1.1.1":
		return PublicKey{Type: "RSA", Bits: modulusBits(bits.Bytes)}, nil
	case "1.2.840.113549.1.1.10":
		return PublicKey{Type: "RSA-PSS", Bits: modulusBits(bits.Bytes)}, nil
	case "1.2.840.10040.4.1":
		return PublicKey{Type: "DSA", Bits: dsaBits(algorithm)}, nil
	case "1.3.101.113":
		return PublicKey{Type: "Ed448", Bits: 456}, nil
	case "1.2.840.10045.2.1":
		var curve asn1.ObjectIdentifier
		if !algorithm.ReadASN1ObjectIdentifier(&curve) {
			return PublicKey{Type: "ECDSA", Curve: "explicit"}, nil
		}
		name, size := curveName(curve)
		return PublicKey{Type: "ECDSA", Bits: size, Curve: name}, nil
	}
	return PublicKey{Type: oid.String()}, nil
}

func modulusBits(der []byte) int {
	body, modulus := cryptobyte.String(der), cryptobyte.String(nil)
	if !body.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&modulus, cbasn1.INTEGER) || len(modulus) == 0 {
		return 0
	}
	return signedInteger(modulus).BitLen()
}

func dsaBits(parameters cryptobyte.String) int {
	var p cryptobyte.String
	if !parameters.ReadASN1(&parameters, cbasn1.SEQUENCE) || !parameters.ReadASN1(&p, cbasn1.INTEGER) || len(p) == 0 {
		return 0
	}
	return signedInteger(p).BitLen()
}

// curveName knows the curves that crypto/x509 does not.
func curveName(oid asn1.ObjectIdentifier) (string, int) {
	switch oid.String() {
	case "1.2.840.10045.3.1.1":
		return "P-192", 192
	case "1.3.132.0.10":
		return "secp256k1", 256
	case "1.3.36.3.3.2.8.1.1.7":
		return "brainpoolP256r1", 256
	case "1.3.36.3.3.2.8.1.1.11":
		return "brainpoolP384r1", 384
	case "1.3.36.3.3.2.8.1.1.13":
		return "brainpoolP512r1", 512
	}
	return oid.String(), 0
}

// signatureName is OpenSSL's name of a signature algorithm.
func signatureName(oid asn1.ObjectIdentifier) string {
	switch oid.String() {
	case "1.2.840.113549.1.1.2":
		return "md2WithRSAEncryption"
	case "1.2.840.113549.1.1.3":
		return "md4WithRSAEncryption"
	case "1.2.840.113549.1.1.4":
		return "md5WithRSAEncryption"
	case "1.2.840.113549.1.1.5":
		return "sha1WithRSAEncryption"
	case "1.3.14.3.2.29":
		return "sha1WithRSA"
	case "1.2.840.113549.1.1.10":
		return "rsassaPss"
	case "1.2.840.113549.1.1.11":
		return "sha256WithRSAEncryption"
	case "1.2.840.113549.1.1.12":
		return "sha384WithRSAEncryption"
	case "1.2.840.113549.1.1.13":
		return "sha512WithRSAEncryption"
	case "1.2.840.113549.1.1.14":
		return "sha224WithRSAEncryption"
	case "1.2.840.10045.4.1":
		return "ecdsa-with-SHA1"
	case "1.2.840.10045.4.3.1":
		return "ecdsa-with-SHA224"
	case "1.2.840.10045.4.3.2":
		return "ecdsa-with-SHA256"
	case "1.2.840.10045.4.3.3":
		return "ecdsa-with-SHA384"
	case "1.2.840.10045.4.3.4":
		return "ecdsa-with-SHA512"
	case "1.2.840.10040.4.3":
		return "dsaWithSHA1"
	case "2.16.840.1.101.3.4.3.2":
		return "dsa_with_SHA256"
	case "1.3.101.112":
		return "ED25519"
	case "1.3.101.113":
		return "ED448"
	}
	return oid.String()
}
