package cert

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Certificate is an X.509 certificate, read leniently.
type Certificate struct {
	Raw                []byte // DER
	Line               int    // of its BEGIN; 0 for DER
	Version            int    // 1 to 3
	Serial             *big.Int
	SignatureAlgorithm string // by OpenSSL's name, or the OID
	Issuer, Subject    Name
	NotBefore          time.Time // UTC, to the second; both ends belong to the validity (RFC 5280, 4.1.2.5)
	NotAfter           time.Time
	Key                PublicKey

	// X509 is the standard library's reading, nil if it refuses the
	// certificate. For a negative serial it is there all the same.
	X509 *x509.Certificate
	// Quirk is why crypto/x509, and with it programs written in Go, refuses
	// the certificate; "" if it does not.
	Quirk string

	tbs       []byte
	sigOID    asn1.ObjectIdentifier
	signature []byte
}

// ParseCertificate reads one certificate in DER. Bytes behind it are an error.
func ParseCertificate(der []byte) (*Certificate, error) {
	c, rest, err := parseCertificate(der)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes too many behind the certificate", len(rest))
	}
	return c, nil
}

// parseCertificate returns what follows the certificate too.
func parseCertificate(der []byte) (*Certificate, []byte, error) {
	if err := checkLength(der); err != nil {
		return nil, nil, err
	}
	input := cryptobyte.String(der)
	var whole, body, tbs, tbsBody cryptobyte.String
	if !input.ReadASN1Element(&whole, cbasn1.SEQUENCE) {
		return nil, nil, errors.New("not a certificate: no ASN.1 sequence")
	}
	raw := []byte(whole)
	if !whole.ReadASN1(&body, cbasn1.SEQUENCE) {
		return nil, nil, errors.New("not a certificate: no ASN.1 sequence")
	}
	tbsAt := len(raw) - len(body)
	if !body.ReadASN1Element(&tbs, cbasn1.SEQUENCE) {
		return nil, nil, errors.New("not a certificate: no signed part")
	}
	tbsEnd := tbsAt + len(tbs)
	c := &Certificate{Raw: raw, tbs: []byte(tbs)}
	if !tbs.ReadASN1(&tbsBody, cbasn1.SEQUENCE) {
		return nil, nil, errors.New("not a certificate: no signed part")
	}
	fromSerial, err := c.readSigned(tbsBody)
	if err != nil {
		return nil, nil, err
	}
	if err := c.readSignature(body); err != nil {
		return nil, nil, err
	}
	c.readStrictly(tbsEnd - fromSerial)
	return c, []byte(input), nil
}

// checkLength tells a truncated certificate from a damaged one.
func checkLength(der []byte) error {
	header, length, ok := sequenceHeader(der)
	if ok && header+length > len(der) {
		return fmt.Errorf("the certificate is %d bytes long and %d of them are here: it is cut short", header+length, len(der))
	}
	return nil
}

// sequenceHeader returns the sizes, in bytes, that the header of a DER sequence
// has and announces.
func sequenceHeader(der []byte) (header, length int, ok bool) {
	if len(der) < 2 || der[0] != 0x30 {
		return 0, 0, false
	}
	if der[1] < 0x80 {
		return 2, int(der[1]), true
	}
	n := int(der[1] & 0x7f)
	if n == 0 || n > 3 || len(der) < 2+n {
		return 0, 0, false
	}
	for _, b := range der[2 : 2+n] {
		length = length<<8 | int(b)
	}
	return 2 + n, length, true
}

// readSigned reads the TBSCertificate up to its key, and returns how many bytes
// there are from the serial's first one to the end.
func (c *Certificate) readSigned(tbs cryptobyte.String) (fromSerial int, err error) {
	version := 0
	if !tbs.ReadOptionalASN1Integer(&version, cbasn1.Tag(0).Constructed().ContextSpecific(), 0) || version < 0 || version > 2 {
		return 0, errors.New("damaged certificate: its version is none of 1, 2 and 3")
	}
	c.Version = version + 1
	var serial, algorithm, issuer, validity, subject, key cryptobyte.String
	if !tbs.ReadASN1(&serial, cbasn1.INTEGER) || len(serial) == 0 {
		return 0, errors.New("damaged certificate: no serial number")
	}
	fromSerial = len(serial) + len(tbs)
	c.Serial = signedInteger(serial)
	if !tbs.ReadASN1(&algorithm, cbasn1.SEQUENCE) {
		return 0, errors.New("damaged certificate: no signature algorithm")
	}
	if !tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !tbs.ReadASN1(&validity, cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&key, cbasn1.SEQUENCE) {
		return 0, errors.New("damaged certificate: issuer, validity, subject or key is missing")
	}
	if c.Issuer, err = parseName(issuer); err != nil {
		return 0, fmt.Errorf("damaged certificate: issuer: %w", err)
	}
	if c.Subject, err = parseName(subject); err != nil {
		return 0, fmt.Errorf("damaged certificate: subject: %w", err)
	}
	if c.NotBefore, c.NotAfter, err = readValidity(validity); err != nil {
		return 0, err
	}
	c.Key, err = parsePublicKey(key)
	return fromSerial, err
}

// signedInteger reads two's complement, also where it is padded against DER.
func signedInteger(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}

func readValidity(v cryptobyte.String) (from, to time.Time, err error) {
	if !readTime(&v, &from) {
		return from, to, errors.New("damaged certificate: the start of its validity is no time of RFC 5280")
	}
	if !readTime(&v, &to) {
		return from, to, errors.New("damaged certificate: the end of its validity is no time of RFC 5280")
	}
	return from.UTC(), to.UTC(), nil
}

// readTime takes UTCTime, two-digit years from 1950 to 2049, or GeneralizedTime.
func readTime(s *cryptobyte.String, t *time.Time) bool {
	if s.PeekASN1Tag(cbasn1.UTCTime) {
		return s.ReadASN1UTCTime(t)
	}
	return s.ReadASN1GeneralizedTime(t)
}

func (c *Certificate) readSignature(body cryptobyte.String) error {
	var algorithm cryptobyte.String
	var bits asn1.BitString
	if !body.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !body.ReadASN1BitString(&bits) {
		return errors.New("damaged certificate: no signature")
	}
	if !algorithm.ReadASN1ObjectIdentifier(&c.sigOID) {
		return errors.New("damaged certificate: no signature algorithm")
	}
	c.SignatureAlgorithm = signatureName(c.sigOID)
	c.signature = bits.RightAlign()
	return nil
}

// readStrictly adds crypto/x509's reading. It refuses negative serials since
// Go 1.23; those are read from a copy with a positive serial of the same
// length, and the original's bytes put back.
func (c *Certificate) readStrictly(serialAt int) {
	x, err := x509.ParseCertificate(c.Raw)
	if err == nil {
		c.X509 = x
		return
	}
	c.Quirk = err.Error()
	if c.Serial.Sign() >= 0 {
		return
	}
	c.Quirk = "negative serial number"
	healed := append([]byte(nil), c.Raw...)
	healed[serialAt] = 1
	if x, err = x509.ParseCertificate(healed); err != nil {
		return
	}
	x.Raw, x.RawTBSCertificate, x.SerialNumber = c.Raw, c.tbs, c.Serial
	c.X509 = x
}
