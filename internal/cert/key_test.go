package cert

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// keyFiles converts a new key of each sort to each encoding that OpenSSL writes.
func keyFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for name, key := range map[string]string{
		"rsa":     newKey(t, t.TempDir(), "RSA", "rsa_keygen_bits:2048"),
		"ec":      newKey(t, t.TempDir(), "EC", "ec_paramgen_curve:P-256"),
		"ed25519": newKey(t, t.TempDir(), "ED25519"),
	} {
		dir := filepath.Dir(key)
		convert := func(as string, args ...string) {
			path := filepath.Join(dir, as)
			openssl(t, append(opensslKeyArgs(args), "-in", key, "-out", path)...)
			files[name+" "+as] = path
		}
		files[name+" pkcs8"] = key
		convert("pkcs8-der", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER")
		convert("aes", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:secret")
		convert("3des-sha1", "pkcs8", "-topk8", "-v2", "des3", "-v2prf", "hmacWithSHA1", "-passout", "pass:secret")
		convert("scrypt", "pkcs8", "-topk8", "-scrypt", "-scrypt_N", "1024", "-passout", "pass:secret")
		if name == "ed25519" {
			continue
		}
		convert("traditional", name, "-traditional")
		convert("traditional-der", name, "-traditional", "-outform", "DER")
		convert("legacy-aes", name, "-traditional", "-aes128", "-passout", "pass:secret")
		convert("legacy-3des", name, "-traditional", "-des3", "-passout", "pass:secret")
	}
	return files
}

// opensslKeyArgs leaves out -traditional for ec, which has no such option.
func opensslKeyArgs(args []string) []string {
	if args[0] != "ec" {
		return args
	}
	kept := []string{}
	for _, a := range args {
		if a != "-traditional" {
			kept = append(kept, a)
		}
	}
	return kept
}

func TestKeysOfEveryEncoding(t *testing.T) {
	certificates := map[string]*Certificate{}
	for name, path := range keyFiles(t) {
		t.Run(name, func(t *testing.T) {
			f, err := LoadKey(path)
			if err != nil {
				t.Fatal(err)
			}
			k := f.Key()
			encrypted := strings.Contains(string(readAll(t, path)), "ENCRYPTED")
			if k.Encrypted != encrypted || k.Locked() != encrypted {
				t.Fatalf("encrypted %v, locked %v, want %v", k.Encrypted, k.Locked(), encrypted)
			}
			if encrypted {
				for _, wrong := range []string{"", "wrong"} {
					if err := f.Unlock([]byte(wrong)); KindOf(err) != KindPassphrase {
						t.Fatalf("passphrase %q: %v", wrong, err)
					}
				}
				if _, err := k.Signer(); KindOf(err) != KindPassphrase {
					t.Fatalf("a locked key signs: %v", err)
				}
				if err := f.Unlock([]byte("secret")); err != nil {
					t.Fatal(err)
				}
			}
			sort, _, _ := strings.Cut(name, " ")
			c := certificateFor(t, path, sort, certificates)
			if !k.Matches(c) || string(k.Public().Raw) != string(c.Key.Raw) {
				t.Error("the key does not match its own certificate")
			}
			if other := certificateFor(t, "testdata/good-key.pem", "good", certificates); k.Matches(other) {
				t.Error("the key matches another certificate")
			}
		})
	}
}

// certificateFor makes one certificate for each key, whatever its encoding.
func certificateFor(t *testing.T, key, sort string, known map[string]*Certificate) *Certificate {
	t.Helper()
	if known[sort] == nil {
		out := filepath.Join(t.TempDir(), "c.pem")
		form := "PEM"
		if strings.HasSuffix(key, "-der") {
			form = "DER"
		}
		openssl(t, "req", "-x509", "-new", "-key", key, "-keyform", form, "-passin", "pass:secret", "-subj", "/CN=k", "-out", out)
		f, err := Load(out)
		if err != nil {
			t.Fatal(err)
		}
		known[sort] = f.Leaf()
	}
	return known[sort]
}

func TestKeysThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	good := newKey(t, t.TempDir(), "RSA", "rsa_keygen_bits:2048")
	write := func(name string, args ...string) string {
		path := filepath.Join(dir, name)
		openssl(t, append(args, "-out", path)...)
		return path
	}
	curve := newKey(t, t.TempDir(), "EC", "ec_paramgen_curve:secp256k1")
	pbes1 := write("pbes1", "pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES", "-passout", "pass:secret", "-in", good)
	sec1 := write("sec1", "ec", "-in", curve)
	for name, path := range map[string]string{"unknown curve in pkcs8": curve, "unknown curve in sec1": sec1} {
		if _, err := LoadKey(path); KindOf(err) != KindUnsupported || !strings.Contains(hintOf(err), "openssl") {
			t.Errorf("%s: %v", name, err)
		}
	}
	f, err := LoadKey(pbes1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Unlock([]byte("secret")); KindOf(err) != KindUnsupported {
		t.Errorf("pbes1: %v", err)
	}
	damaged := []byte(strings.Replace(string(readAll(t, good)), "MII", "MIJ", 1))
	if _, err := ParseKey("damaged", damaged); KindOf(err) != KindBroken {
		t.Errorf("damaged: %v", err)
	}
}

// TestKeysAreNotPrinted, in whatever way somebody logs them.
func TestKeysAreNotPrinted(t *testing.T) {
	data := append(readAll(t, "testdata/good-key.pem"), readAll(t, "testdata/good.pem")...)
	f, err := Parse("both.pem", data)
	if err != nil {
		t.Fatal(err)
	}
	js, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	secret := body(string(data))[10:40]
	texts := []string{string(js)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		texts = append(texts, fmt.Sprintf(verb, f), fmt.Sprintf(verb, f.Keys), fmt.Sprintf(verb, f.Key()), fmt.Sprintf(verb, *f.Key()))
	}
	for _, text := range texts {
		if strings.Contains(text, secret) || strings.Contains(text, "D:") {
			t.Errorf("the key shows in %.300s", text)
		}
	}
	if got := fmt.Sprint(f.Key()); got != "ECDSA P-256 private key" {
		t.Errorf("the key reads %q", got)
	}
}
