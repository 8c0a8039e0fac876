package issue

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/cert"
)

var now = time.Date(2026, 11, 22, 11, 42, 21, 0, time.UTC)

func subject(t *testing.T, s string) []byte {
	t.Helper()
	der, err := ParseSubject(s)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// selfSigned makes a certificate and reads it back.
func selfSigned(t *testing.T, spec Spec) *cert.Certificate {
	t.Helper()
	key, err := NewKey(ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := SelfSigned(spec, key, now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseSubject(t *testing.T) {
	for in, want := range map[string]string{
		"CN=x":                         "CN=x",
		"O=Rust Project, CN=bot":       "O=Rust Project, CN=bot",
		"/O=Rust/CN=bot":               "O=Rust, CN=bot",
		`O=Acme\, Inc.,CN=x`:           `O="Acme, Inc.", CN=x`,
		"c=US,emailaddress=a@b.org":    "C=US, emailAddress=a@b.org",
		"/CN=a\\/b":                    "CN=a/b",
		"OU=Grüße, L=東京, ST=s, CN= y ": "OU=Grüße, L=東京, ST=s, CN=y",
	} {
		c := selfSigned(t, Spec{Subject: subject(t, in), Validity: time.Hour})
		if got := c.Subject.String(); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{"", "bot", "CN=", "X=y", "CN=a,", "CN"} {
		if _, err := ParseSubject(in); err == nil {
			t.Errorf("%q was accepted", in)
		}
	}
}

func TestParseNames(t *testing.T) {
	n, err := ParseNames([]string{"a.example.org", "*.b.org", "localhost", "10.0.0.7", "::1", "ops@example.org", "spiffe://x/y"})
	if err != nil {
		t.Fatal(err)
	}
	c := selfSigned(t, Spec{Subject: subject(t, "CN=x"), Names: n, Validity: time.Hour})
	want := []string{"DNS:a.example.org", "DNS:*.b.org", "DNS:localhost", "IP Address:10.0.0.7", "IP Address:::1", "email:ops@example.org", "URI:spiffe://x/y"}
	if diff := cmp.Diff(want, c.Names()); diff != "" {
		t.Error(diff)
	}
	for _, in := range []string{"", "a b", "-x.org", "a..b", "x.*.org", strings.Repeat("a", 64) + ".org"} {
		if _, err := ParseNames([]string{in}); err == nil {
			t.Errorf("%q was accepted", in)
		}
	}
}

func TestDistinct(t *testing.T) {
	s := subject(t, "O=Acme, CN=docker CA")
	for i, want := range []string{"docker CA 2026-11-22", "docker CA 2026-11-22T114221Z", "docker CA 2026-11-22"} {
		next, err := Distinct(s, now)
		if err != nil || CommonName(next) != want {
			t.Fatalf("%d: %q, error %v, want %q", i, CommonName(next), err, want)
		}
		s = next
	}
	if next, err := Distinct(subject(t, "O=Acme"), now); err != nil || CommonName(next) != "2026-11-22" {
		t.Errorf("without a common name: %q, error %v", CommonName(next), err)
	}
	if _, err := Distinct([]byte("x"), now); err == nil {
		t.Error("no subject was accepted")
	}
}

func TestWhatIsMadeIsRandomAndInTime(t *testing.T) {
	spec := Spec{Subject: subject(t, "CN=x"), Validity: 365 * 24 * time.Hour}
	a, b := selfSigned(t, spec), selfSigned(t, spec)
	if a.Serial.Sign() <= 0 || a.Serial.BitLen() < 64 || a.Serial.Cmp(b.Serial) == 0 {
		t.Errorf("serials %v and %v", a.Serial, b.Serial)
	}
	if !a.NotBefore.Equal(now.Add(-Backdate)) || !a.NotAfter.Equal(now.Add(spec.Validity)) || a.Quirk != "" || !a.SelfSigned() {
		t.Errorf("valid %s to %s, quirk %q", a.NotBefore, a.NotAfter, a.Quirk)
	}
	key, _ := NewKey(ECDSAP256)
	for name, bad := range map[string]Spec{"no subject": {Validity: time.Hour}, "no time": {Subject: spec.Subject}} {
		if _, err := SelfSigned(bad, key, now); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func authority(t *testing.T, validity time.Duration, pathlen0 bool) Authority {
	t.Helper()
	key, err := NewKey(ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	der, err := CA(Spec{Subject: subject(t, "CN=ca"), Validity: validity}, key, now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	c.MaxPathLenZero = pathlen0
	if pathlen0 {
		c.MaxPathLen = 0
	}
	return Authority{c, key}
}

func TestALeafEndsWithItsAuthority(t *testing.T) {
	ca := authority(t, 100*24*time.Hour, false)
	key, _ := NewKey(ECDSAP256)
	spec := Spec{Subject: subject(t, "CN=x"), Validity: 365 * 24 * time.Hour, Usage: Server | Client}
	der, err := Leaf(spec, key.Public(), ca, now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil || !c.NotAfter.Equal(ca.Certificate.NotAfter) || c.IsCA || fmt.Sprint(c.ExtKeyUsage) != fmt.Sprint([]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}) {
		t.Errorf("until %s, CA %v, for %v, error %v", c.NotAfter, c.IsCA, c.ExtKeyUsage, err)
	}
	if _, err := Leaf(spec, key.Public(), ca, now.Add(101*24*time.Hour)); err == nil {
		t.Error("an ended authority signed")
	}
	if _, err := Cross(ca.Certificate, authority(t, time.Hour, true), now); err == nil || !strings.Contains(err.Error(), "pathlen") {
		t.Errorf("an authority with pathlen 0 signed another: %v", err)
	}
}

func TestKeyTypes(t *testing.T) {
	for _, kind := range []KeyType{RSA3072, ECDSAP256} {
		key, err := NewKey(kind)
		if err != nil || KeyTypeOf(key.Public()) != kind {
			t.Errorf("%s became %s, error %v", kind, KeyTypeOf(key.Public()), err)
		}
	}
	if _, err := NewKey("rsa-1024"); err == nil {
		t.Error("rsa-1024 was made")
	}
	if KeyTypeOf(nil) != RSA2048 {
		t.Error("an unknown key has no default")
	}
}
