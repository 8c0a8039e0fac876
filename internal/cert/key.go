package cert

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Key is a private key. It prints as a description, never as itself.
type Key struct {
	Encoding  string // PKCS#1, PKCS#8 or SEC1
	Encrypted bool   // has a passphrase in the file, unlocked or not
	Line      int    // of its BEGIN; 0 for DER

	name   string // of the file, for errors
	block  block  // while it is locked
	signer crypto.Signer
}

// errLocked is the cause in a KindPassphrase error where no passphrase was given.
var errLocked = errors.New("the key has a passphrase")

const hintPassphrase = "give the key's passphrase by an environment variable or a file"

// Locked tells whether a passphrase is still needed.
func (k *Key) Locked() bool { return k.signer == nil }

// Signer returns the key, or a KindPassphrase error while it is locked.
func (k *Key) Signer() (crypto.Signer, error) {
	if k.Locked() {
		return nil, &Error{Name: k.name, Kind: KindPassphrase, Line: k.Line, Reason: errLocked.Error(), Remedy: hintPassphrase, Err: errLocked}
	}
	return k.signer, nil
}

// Public describes the public half; the zero value while the key is locked.
func (k *Key) Public() PublicKey {
	if k.Locked() {
		return PublicKey{}
	}
	p := describePublic(k.signer.Public())
	p.Raw, _ = x509.MarshalPKIXPublicKey(k.signer.Public())
	return p
}

// Matches tells whether the key is that of the certificate; never while it is
// locked.
func (k *Key) Matches(c *Certificate) bool {
	if k.Locked() || c.Key.public == nil {
		return false
	}
	public, ok := k.signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(c.Key.public)
}

// Format prints the description for every verb, so that no %v shows the key.
func (k *Key) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, k.describe())
}

func (k *Key) describe() string {
	if k == nil {
		return "no key"
	}
	if k.Locked() {
		return k.Encoding + " private key with a passphrase"
	}
	return k.Public().String() + " private key"
}

// parseKeyBlock reads a key's PEM block; an encrypted one stays locked.
func parseKeyBlock(name string, b block) (*Key, *Error) {
	k := &Key{name: name, Line: b.line, Encoding: encodingOf(b.label)}
	if b.label == "ENCRYPTED PRIVATE KEY" || strings.Contains(b.headers["Proc-Type"], "ENCRYPTED") {
		k.Encrypted, k.block = true, b
		return k, nil
	}
	signer, err := parseKeyDER(b.label, b.der)
	if err != nil {
		return nil, keyError(k, err)
	}
	k.signer = signer
	return k, nil
}
