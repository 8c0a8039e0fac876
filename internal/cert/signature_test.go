package cert

import "testing"

// TestSignedByVerifies: the names alone do not make a signature, whatever the
// hash.
func TestSignedByVerifies(t *testing.T) {
	for _, hash := range []string{"-md5", "-sha1", "-sha256", "-sha512"} {
		key := newKey(t, t.TempDir(), "RSA", "rsa_keygen_bits:2048")
		a := loaded(t, selfSign(t, key, "-subj", "/CN=x", hash)).Leaf()
		if !a.SelfSigned() {
			t.Errorf("%s: its own signature does not hold", hash)
		}
		b := loaded(t, selfSign(t, newKey(t, t.TempDir(), "RSA", "rsa_keygen_bits:2048"), "-subj", "/CN=x", hash)).Leaf()
		if a.SignedBy(b) || b.SignedBy(a) {
			t.Errorf("%s: another key of the same name counts as signer", hash)
		}
		damaged := append([]byte(nil), a.Raw...)
		damaged[len(damaged)-1] ^= 1
		c, err := ParseCertificate(damaged)
		if err != nil {
			t.Fatal(err)
		}
		if c.SelfSigned() {
			t.Errorf("%s: a damaged signature holds", hash)
		}
	}
	ec := madeFile(t, "/CN=x").Leaf()
	if !ec.SelfSigned() || ec.SignedBy(madeFile(t, "/CN=x").Leaf()) {
		t.Error("ECDSA: another key of the same name counts as signer")
	}
}
