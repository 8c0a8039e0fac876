package cert

import (
	"path/filepath"
	"testing"
)

// TestContainersAreRefused with a remedy: they hold certificates or keys, in
// forms that are not read.
func TestContainersAreRefused(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	openssl(t, "pkcs12", "-export", "-in", "testdata/good.pem", "-inkey", "testdata/good-key.pem", "-passout", "pass:x", "-out", at("p12"))
	openssl(t, "crl2pkcs7", "-nocrl", "-certfile", "testdata/good.pem", "-outform", "DER", "-out", at("p7"))
	openssl(t, "crl2pkcs7", "-nocrl", "-certfile", "testdata/good.pem", "-out", at("p7.pem"))
	openssl(t, "pkcs8", "-topk8", "-in", "testdata/good-key.pem", "-passout", "pass:x", "-outform", "DER", "-out", at("locked.der"))
	openssl(t, "req", "-new", "-key", "testdata/good-key.pem", "-subj", "/CN=x", "-outform", "PEM", "-out", at("request"))
	for name, kind := range map[string]Kind{"p12": KindUnsupported, "p7": KindUnsupported, "p7.pem": KindUnsupported, "locked.der": KindUnsupported, "request": KindNoCertificate} {
		if _, err := LoadAny(at(name)); KindOf(err) != kind || hintOf(err) == "" {
			t.Errorf("%s: %v, hint %q", name, err, hintOf(err))
		}
	}
	openssl(t, "x509", "-in", "testdata/good.pem", "-trustout", "-addtrust", "serverAuth", "-out", at("trusted"))
	if f, err := Load(at("trusted")); err != nil || f.Leaf().FingerprintSHA256() != loaded(t, "testdata/good.pem").Leaf().FingerprintSHA256() {
		t.Errorf("a trusted certificate: %v", err)
	}
}
