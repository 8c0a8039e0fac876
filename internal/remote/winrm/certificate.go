package winrm

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// verifier decides on server certificates, the same for every connection of a
// Host: what was vouched for once is pinned from then on.
type verifier struct {
	settings Verification
	name     string // that a certificate of an authority must bear
	roots    *x509.CertPool

	mu     sync.Mutex // an abandoned connection may be in its handshake still
	pinned []string
}

func newVerifier(settings Verification, host string) (*verifier, error) {
	v := &verifier{settings: settings, name: settings.ServerName}
	if v.name == "" {
		v.name = host
	}
	for _, f := range settings.Pinned {
		plain, err := plainFingerprint(f)
		if err != nil {
			return nil, err
		}
		v.pinned = append(v.pinned, plain)
	}
	if len(settings.CAs) > 0 {
		v.roots = x509.NewCertPool()
		if !v.roots.AppendCertsFromPEM(settings.CAs) {
			return nil, fmt.Errorf("the authorities hold no PEM certificate")
		}
	}
	return v, nil
}

// verify tells whether the chain, the server's own certificate first, is
// trusted. It is called before anything is sent to the server.
func (v *verifier) verify(ctx context.Context, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return kindf(Certificate, "the server showed no certificate")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	leaf := chain[0]
	if matches(leaf, v.pinned) {
		return nil
	}
	authorityErr := v.verifyAuthority(chain)
	if authorityErr == nil {
		return nil
	}
	if v.settings.Console != nil {
		if err := v.verifyConsole(ctx, leaf); err != nil {
			return err
		}
		v.pin(leaf)
		return nil
	}
	if v.settings.AcceptNew != nil && len(v.pinned) == 0 {
		if err := v.settings.AcceptNew(ctx, leaf); err != nil {
			return kindf(Certificate, "certificate %s: %w", Fingerprint(leaf), err)
		}
		v.pin(leaf)
		return nil
	}
	if len(v.pinned) > 0 {
		return kindf(Certificate, "certificate with SHA-256 %s is not the pinned one", Fingerprint(leaf))
	}
	return kindf(Certificate, "certificate with SHA-256 %s: %w", Fingerprint(leaf), authorityErr)
}

func (v *verifier) verifyAuthority(chain []*x509.Certificate) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: v.roots, Intermediates: between, DNSName: v.name})
	return err
}

func (v *verifier) verifyConsole(ctx context.Context, leaf *x509.Certificate) error {
	shown, err := v.settings.Console(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return ended(ctx)
		}
		return kindf(Unproven, "cannot read the console: %w", err)
	}
	if len(shown) == 0 {
		return kindf(Unproven, "the console shows no certificate thumbprint yet")
	}
	var plain []string
	for _, f := range shown {
		p, err := plainFingerprint(f)
		if err != nil {
			return kindf(Certificate, "console: %w", err)
		}
		plain = append(plain, p)
	}
	if !matches(leaf, plain) {
		return kindf(Certificate, "certificate with SHA-1 %x is not the one that the console shows (%s)",
			sha1.Sum(leaf.Raw), strings.Join(plain, ", "))
	}
	return nil
}

func (v *verifier) pin(leaf *x509.Certificate) { v.pinned = append(v.pinned, Fingerprint(leaf)) }

// Fingerprint is a certificate's SHA-256 in lower-case hexadecimal.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// ConsoleThumbprints returns the SHA-1 thumbprints in the console output of an
// EC2 Windows instance, in the order of their lines. EC2Config, EC2Launch v1 and
// v2 all print them as "RDPCERTIFICATE-THUMBPRINT: 1A2B…".
func ConsoleThumbprints(console []byte) []string {
	var found []string
	for _, m := range consoleThumbprint.FindAllSubmatch(console, -1) {
		found = append(found, strings.ToLower(string(m[1])))
	}
	return found
}

var consoleThumbprint = regexp.MustCompile(`RDPCERTIFICATE-THUMBPRINT(?:>|:)\s*([0-9A-Fa-f]{40})\b`)

// plainFingerprint returns a fingerprint as bare lower-case hexadecimal.
func plainFingerprint(f string) (string, error) {
	plain := strings.ToLower(strings.NewReplacer(":", "", " ", "", "\u200e", "").Replace(f))
	plain = strings.TrimPrefix(strings.TrimPrefix(plain, "sha256"), "sha1")
	raw, err := hex.DecodeString(plain)
	if err != nil || len(raw) != sha256.Size && len(raw) != sha1.Size {
		return "", fmt.Errorf("%q is no SHA-256 or SHA-1 fingerprint in hexadecimal", f)
	}
	return plain, nil
}

func matches(c *x509.Certificate, fingerprints []string) bool {
	sum := sha1.Sum(c.Raw) // EC2's console shows nothing better
	short, long := hex.EncodeToString(sum[:]), Fingerprint(c)
	for _, f := range fingerprints {
		if subtle.ConstantTimeCompare([]byte(f), []byte(short)) == 1 || subtle.ConstantTimeCompare([]byte(f), []byte(long)) == 1 {
			return true
		}
	}
	return false
}
