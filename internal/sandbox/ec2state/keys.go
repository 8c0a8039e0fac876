package ec2state

import (
	"crypto/ed25519"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"maps"
	"strings"

	"golang.org/x/crypto/ssh"
)

// addKey enters a public key in authorized_keys format; s.mu is held, or nobody
// else knows s yet.
func (s *State) addKey(name, public string, tags map[string]string) error {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public))
	if err != nil {
		return Refuse("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
	}
	k := &KeyPair{ID: newID("key-"), Name: name, Type: "rsa", PublicKey: strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))),
		Created: s.opts.Clock.Now(), Tags: maps.Clone(tags)}
	switch key.Type() {
	case ssh.KeyAlgoED25519:
		k.Type = "ed25519"
		sum := sha256.Sum256(key.Marshal())
		k.Fingerprint = base64.RawStdEncoding.EncodeToString(sum[:]) + "="
	case ssh.KeyAlgoRSA:
		der, err := x509.MarshalPKIXPublicKey(key.(ssh.CryptoPublicKey).CryptoPublicKey())
		if err != nil {
			return internalError(err)
		}
		sum := md5.Sum(der)
		k.Fingerprint = colons(sum[:])
	default:
		return Refuse("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
	}
	put(s, s.keys, k.ID, k)
	return nil
}

func colons(sum []byte) string {
	var parts []string
	for _, b := range sum {
		parts = append(parts, hex.EncodeToString([]byte{b}))
	}
	return strings.Join(parts, ":")
}

// ImportKeyPair enters a public key.
func (s *State) ImportKeyPair(name, public string, tags map[string]string, dryRun bool) (KeyPair, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.freeKeyName(name, dryRun); err != nil {
		return KeyPair{}, err
	}
	if err := s.addKey(name, public, tags); err != nil {
		return KeyPair{}, err
	}
	return *s.keyNamed(name), nil
}

func (s *State) freeKeyName(name string, dryRun bool) error {
	switch {
	case name == "":
		return Refuse("MissingParameter", "The request must contain the parameter KeyName")
	case s.keyNamed(name) != nil:
		return Refuse("InvalidKeyPair.Duplicate", "The keypair already exists")
	case dryRun:
		return DryRunOperation()
	}
	return nil
}

// CreateKeyPair makes a key pair, of type rsa or ed25519, and returns its
// private half in PEM, which nobody keeps.
func (s *State) CreateKeyPair(name, typ string, tags map[string]string, dryRun bool) (KeyPair, string, error) {
	public, private, fingerprint, err := makeKey(typ)
	if err != nil {
		return KeyPair{}, "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.freeKeyName(name, dryRun); err != nil {
		return KeyPair{}, "", err
	}
	if err := s.addKey(name, public, tags); err != nil {
		return KeyPair{}, "", err
	}
	k := s.keyNamed(name)
	if fingerprint != "" {
		k.Fingerprint = fingerprint
	}
	return *k, private, nil
}

// makeKey's fingerprint is that of a key that AWS made: SHA-1 over the private
// key; "" where it is the same as that of an imported one.
func makeKey(typ string) (public, private, fingerprint string, err error) {
	switch typ {
	case "", "rsa":
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return "", "", "", internalError(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return "", "", "", internalError(err)
		}
		sum := sha1.Sum(der)
		block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
		return authorized(&key.PublicKey), string(pem.EncodeToMemory(block)), colons(sum[:]), nil
	case "ed25519":
		pub, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return "", "", "", internalError(err)
		}
		block, err := ssh.MarshalPrivateKey(key, "")
		if err != nil {
			return "", "", "", internalError(err)
		}
		return authorized(pub), string(pem.EncodeToMemory(block)), "", nil
	}
	return "", "", "", Refuse("InvalidParameterValue", "Value (%s) for parameter KeyType is invalid.", typ)
}

func authorized(public any) string {
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return "" // refused as no key when it is entered
	}
	return string(ssh.MarshalAuthorizedKey(key))
}

// DeleteKeyPair deletes by name or id; one that isn't there is no error.
func (s *State) DeleteKeyPair(name, id string, dryRun bool) (KeyPair, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keyNamed(name)
	if id != "" {
		k = s.keys.rows[id]
	}
	if dryRun {
		return KeyPair{}, DryRunOperation()
	}
	if k == nil {
		return KeyPair{}, nil
	}
	s.keys.drop(k.ID)
	return *k, nil
}
