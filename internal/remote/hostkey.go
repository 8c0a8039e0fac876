package remote

import (
	"context"
	"net"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
)

// hostKeys decides whether a server's key is the right one.
type hostKeys interface {
	// algorithms are those that the server may prove its key with, in order of
	// preference; nil for all that are sound.
	algorithms(address string) ([]string, error)
	// verify may wait, as long as ctx lasts, until it can tell.
	verify(ctx context.Context, address string, remote net.Addr, key ssh.PublicKey) error
}

// pins are what hosts showed first, for the life of a Dialer.
type pins struct {
	mu    sync.Mutex
	shown map[string]string
}

func newPins() *pins { return &pins{shown: map[string]string{}} }

// accept takes what a host shows first, and then nothing else.
func (p *pins) accept(host, shown string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen, known := p.shown[host]
	if !known {
		p.shown[host] = shown
		return nil
	}
	if seen != shown {
		return finalf("something else may be answering at its address: find out before going on",
			"%s showed the key %s before, and now %s", host, seen, shown)
	}
	return nil
}

// pinned accepts the first key that a host shows, and then no other.
type pinned struct {
	pins *pins
	host string // instance id, or an address
}

// algorithms asks for a key of the type that was seen, if one was: a server with
// several must not be taken for another because it is asked for a different one.
func (p pinned) algorithms(string) ([]string, error) {
	p.pins.mu.Lock()
	defer p.pins.mu.Unlock()
	if keyType, _, known := strings.Cut(p.pins.shown[p.host], " "); known {
		return algorithmsOf(keyType), nil
	}
	return nil, nil
}

func (p pinned) verify(_ context.Context, _ string, _ net.Addr, key ssh.PublicKey) error {
	return p.pins.accept(p.host, fingerprint(key))
}

func fingerprint(key ssh.PublicKey) string {
	return key.Type() + " " + ssh.FingerprintSHA256(key)
}

// algorithmsOf are the signature algorithms for a type of key.
func algorithmsOf(keyType string) []string {
	switch keyType {
	case ssh.KeyAlgoRSA:
		return []string{ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSA}
	case ssh.CertAlgoRSAv01:
		return []string{ssh.CertAlgoRSASHA256v01, ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSAv01}
	}
	return []string{keyType}
}
