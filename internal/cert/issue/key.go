package issue

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/youmark/pkcs8"
)

// KeyType is a type and size of key.
type KeyType string

// Key types that are made.
const (
	RSA2048   KeyType = "rsa-2048"
	RSA3072   KeyType = "rsa-3072"
	RSA4096   KeyType = "rsa-4096"
	ECDSAP256 KeyType = "ecdsa-p256"
)

// KeyTypes returns all of them, for messages.
func KeyTypes() []KeyType { return []KeyType{RSA2048, RSA3072, RSA4096, ECDSAP256} }

// ParseKeyType checks a name.
func ParseKeyType(s string) (KeyType, error) {
	for _, t := range KeyTypes() {
		if string(t) == s {
			return t, nil
		}
	}
	return "", fmt.Errorf("cannot make a key of type %q: it is none of %v", s, KeyTypes())
}

// KeyTypeOf returns the type of an existing key; RSA2048, which everything
// reads, for one of a sort that is not made.
func KeyTypeOf(public crypto.PublicKey) KeyType {
	switch k := public.(type) {
	case *rsa.PublicKey:
		switch k.N.BitLen() {
		case 3072:
			return RSA3072
		case 4096:
			return RSA4096
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return ECDSAP256
		}
	}
	return RSA2048
}

// NewKey makes a key.
func NewKey(t KeyType) (crypto.Signer, error) {
	switch t {
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA3072:
		return rsa.GenerateKey(rand.Reader, 3072)
	case RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	_, err := ParseKeyType(string(t))
	return nil, err
}

// EncodeKey writes a key as PKCS#8 in PEM, with a passphrase (PBKDF2 with
// SHA-256, AES-256-CBC) unless it is empty.
func EncodeKey(key crypto.Signer, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, fmt.Errorf("cannot encode the key: %w", err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
	}
	der, err := pkcs8.MarshalPrivateKey(key, passphrase, &pkcs8.Opts{
		Cipher:  pkcs8.AES256CBC,
		KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 16, IterationCount: 600_000, HMACHash: crypto.SHA256},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot encrypt the key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}), nil
}
