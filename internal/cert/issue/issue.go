package issue

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Backdate is how long before its making a certificate begins, for hosts whose
// clocks are late.
const Backdate = time.Hour

// Usage says what a certificate is for.
type Usage int

// Usages. A peer of mutual TLS that is both server and client has both.
const (
	Server Usage = 1 << iota
	Client
)

// Spec describes a certificate to make.
type Spec struct {
	Subject  []byte // DER of the distinguished name, see ParseSubject
	Names    Names
	Validity time.Duration // from now; must be positive
	Usage    Usage         // of a leaf below an authority; 0 puts no limit
}

// Authority is a CA's certificate and key.
type Authority struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
}

// SelfSigned makes a certificate that is its own authority, as `openssl req
// -x509` does and stunnel's CAfile wants it: basicConstraints CA, no key usage.
func SelfSigned(spec Spec, key crypto.Signer, now time.Time) ([]byte, error) {
	t, err := template(spec, key, now)
	if err != nil {
		return nil, err
	}
	t.IsCA, t.BasicConstraintsValid = true, true
	return create(t, t, key.Public(), key)
}

// CA makes an authority's own certificate.
func CA(spec Spec, key crypto.Signer, now time.Time) ([]byte, error) {
	t, err := template(spec, key, now)
	if err != nil {
		return nil, err
	}
	t.IsCA, t.BasicConstraintsValid = true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return create(t, t, key.Public(), key)
}

// Leaf makes a certificate that ca signs. It never outlives its authority.
func Leaf(spec Spec, public crypto.PublicKey, ca Authority, now time.Time) ([]byte, error) {
	t, err := template(spec, nil, now)
	if err != nil {
		return nil, err
	}
	if t.NotAfter.After(ca.Certificate.NotAfter) {
		t.NotAfter = ca.Certificate.NotAfter
	}
	if !t.NotAfter.After(now) {
		return nil, errors.New("cannot make a certificate: its authority has expired")
	}
	if t.SubjectKeyId, err = keyID(public); err != nil {
		return nil, err
	}
	t.BasicConstraintsValid = true
	t.KeyUsage = x509.KeyUsageDigitalSignature
	if _, ok := public.(*rsa.PublicKey); ok {
		t.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	if spec.Usage&Server != 0 {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if spec.Usage&Client != 0 {
		t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	return create(t, ca.Certificate, public, ca.Key)
}

// Cross makes a certificate for a new authority that the old one signs, so that
// hosts which know the old one alone accept what the new one signs. It ends with
// the old one. An old authority that must not have others below it can't.
func Cross(newCA *x509.Certificate, old Authority, now time.Time) ([]byte, error) {
	if old.Certificate.MaxPathLen == 0 && old.Certificate.MaxPathLenZero {
		return nil, errors.New("cannot sign the new authority by the old one: its pathlen is 0")
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial, RawSubject: newCA.RawSubject, SubjectKeyId: newCA.SubjectKeyId,
		NotBefore: now.Add(-Backdate).UTC().Truncate(time.Second), NotAfter: old.Certificate.NotAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return create(t, old.Certificate, newCA.PublicKey, old.Key)
}

func template(spec Spec, key crypto.Signer, now time.Time) (*x509.Certificate, error) {
	if len(spec.Subject) == 0 {
		return nil, errors.New("cannot make a certificate: it has no subject")
	}
	if spec.Validity <= 0 {
		return nil, fmt.Errorf("cannot make a certificate that is valid for %s", spec.Validity)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber: serial, RawSubject: spec.Subject,
		NotBefore: now.Add(-Backdate).UTC().Truncate(time.Second),
		NotAfter:  now.Add(spec.Validity).UTC().Truncate(time.Second),
		DNSNames:  spec.Names.DNS, IPAddresses: spec.Names.IPs, EmailAddresses: spec.Names.Emails, URIs: spec.Names.URIs,
	}
	if key != nil {
		t.SubjectKeyId, err = keyID(key.Public())
		t.AuthorityKeyId = t.SubjectKeyId
	}
	return t, err
}

func create(t, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, public, signer)
	if err != nil {
		return nil, fmt.Errorf("cannot make a certificate: %w", err)
	}
	return der, nil
}

// newSerial is positive, unpredictable and short enough (RFC 5280, 4.1.2.2).
func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("cannot make a serial number: %w", err)
	}
	return n.Add(n, big.NewInt(1)), nil
}

// keyID is the SHA-1 of the key's bits (RFC 5280, 4.2.1.2, method 1), as
// OpenSSL makes it.
func keyID(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("cannot make a certificate: %w", err)
	}
	var spki struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &spki); err != nil {
		return nil, fmt.Errorf("cannot make a certificate: %w", err)
	}
	sum := sha1.Sum(spki.Key.Bytes)
	return sum[:], nil
}
