package cert

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/youmark/pkcs8"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// errUnsupportedKey is the cause where a key is of a sort that is not read.
var errUnsupportedKey = errors.New("unsupported key")

func encodingOf(label string) string {
	switch label {
	case "RSA PRIVATE KEY":
		return "PKCS#1"
	case "EC PRIVATE KEY":
		return "SEC1"
	}
	return "PKCS#8"
}

func isKeyLabel(label string) bool {
	return label == "PRIVATE KEY" || strings.HasSuffix(label, " PRIVATE KEY")
}

// parseKeyDER reads a key without a passphrase. The label is a hint; files
// with the wrong one are common, so the other encodings are tried too.
func parseKeyDER(label string, der []byte) (crypto.Signer, error) {
	switch label {
	case "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY":
		return nil, fmt.Errorf("%w: %s", errUnsupportedKey, label)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err == nil {
		return asSigner(key)
	}
	if rsaKey, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return rsaKey, nil
	}
	ecKey, sec1Err := x509.ParseECPrivateKey(der)
	if sec1Err == nil {
		return ecKey, nil
	}
	for _, err := range []error{err, sec1Err} {
		if strings.Contains(err.Error(), "unknown") { // algorithm, curve
			return nil, fmt.Errorf("%w: %w", errUnsupportedKey, err)
		}
	}
	return nil, fmt.Errorf("damaged key: its %d bytes are neither PKCS#8 nor PKCS#1 nor SEC1", len(der))
}

func asSigner(key any) (crypto.Signer, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: %T cannot sign", errUnsupportedKey, key)
	}
	return signer, nil
}

// pkcs8Algorithm returns the OID of a PKCS#8 key, "" if it is none.
func pkcs8Algorithm(der []byte) string {
	body, algorithm := cryptobyte.String(der), cryptobyte.String(nil)
	var version int
	var oid asn1.ObjectIdentifier
	if !body.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1Integer(&version) ||
		!body.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return ""
	}
	return oid.String()
}

// Unlock decrypts a key that has a passphrase, in the legacy way (RFC 1421
// headers) or PKCS#8's. On a key that is open it does nothing. The error's kind
// is KindPassphrase for a wrong or empty passphrase, KindUnsupported for a
// cipher that is not read.
func (k *Key) Unlock(passphrase []byte) error {
	if !k.Locked() {
		return nil
	}
	if len(passphrase) == 0 {
		_, err := k.Signer()
		return err
	}
	signer, err := decryptKey(k.block, passphrase)
	if err != nil {
		return keyError(k, err)
	}
	k.signer, k.block = signer, block{}
	return nil
}

// errWrongPassphrase is the cause where decryption gave no key. Neither format
// can always tell a wrong passphrase from damage.
var errWrongPassphrase = errors.New("the passphrase does not open the key (it is wrong, or the key is damaged)")

func decryptKey(b block, passphrase []byte) (crypto.Signer, error) {
	if b.label == "ENCRYPTED PRIVATE KEY" {
		return decryptPKCS8(b.der, passphrase)
	}
	legacy := &pem.Block{Type: b.label, Headers: b.headers, Bytes: b.der}
	der, err := x509.DecryptPEMBlock(legacy, passphrase) //nolint:staticcheck // old keys are read, none is written
	if err != nil && strings.Contains(err.Error(), "unknown encryption mode") {
		return nil, fmt.Errorf("%w: cipher %s", errUnsupportedKey, shorten(b.headers["DEK-Info"]))
	}
	if err != nil {
		return nil, errWrongPassphrase
	}
	signer, err := parseKeyDER(b.label, der)
	if err != nil {
		return nil, errWrongPassphrase
	}
	return signer, nil
}

const oidPBES2 = "1.2.840.113549.1.5.13"

func decryptPKCS8(der, passphrase []byte) (crypto.Signer, error) {
	key, _, err := pkcs8.ParsePrivateKey(der, passphrase)
	if err == nil {
		return asSigner(key)
	}
	if scheme := encryptionScheme(der); scheme != oidPBES2 {
		return nil, fmt.Errorf("%w: encryption scheme %s", errUnsupportedKey, scheme)
	}
	if strings.Contains(err.Error(), "unsupported") {
		return nil, fmt.Errorf("%w: %w", errUnsupportedKey, err)
	}
	return nil, errWrongPassphrase
}

func encryptionScheme(der []byte) string {
	body, algorithm := cryptobyte.String(der), cryptobyte.String(nil)
	var oid asn1.ObjectIdentifier
	if !body.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return "unknown"
	}
	return oid.String()
}

func keyError(k *Key, err error) *Error {
	e := &Error{Name: k.name, Kind: KindBroken, Line: k.Line, Reason: err.Error(), Remedy: hintCopyAgain, Err: err}
	switch {
	case errors.Is(err, errWrongPassphrase):
		e.Kind, e.Remedy = KindPassphrase, hintPassphrase
	case errors.Is(err, errUnsupportedKey):
		e.Kind, e.Remedy = KindUnsupported, "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW (RSA, ECDSA and Ed25519 keys are read)"
	}
	return e
}
