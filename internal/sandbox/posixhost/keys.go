package posixhost

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/ssh"
)

// hostKeys are a host's private keys, in the order in which its console shows
// them: ecdsa, ed25519.
type hostKeys []ssh.Signer

func newHostKeys() (hostKeys, error) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make host keys: %w", err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cannot make host keys: %w", err)
	}
	var keys hostKeys
	for _, private := range []any{ec, ed} {
		signer, err := ssh.NewSignerFromKey(private)
		if err != nil {
			return nil, fmt.Errorf("cannot make host keys: %w", err)
		}
		keys = append(keys, signer)
	}
	return keys, nil
}
