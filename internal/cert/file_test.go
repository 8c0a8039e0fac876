package cert

import (
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files of testdata were made with OpenSSL 3.0: good.pem and good-key.pem
// (ECDSA P-256, until 2054), other-key.pem.
func testdata(t *testing.T, name string) string {
	t.Helper()
	return string(readAll(t, filepath.Join("testdata", name)))
}

func TestFilesThatAreRead(t *testing.T) {
	c, key := testdata(t, "good.pem"), testdata(t, "good-key.pem")
	der, _ := pem.Decode([]byte(c))
	for _, test := range []struct {
		name, data         string
		certificates, keys int
	}{
		{"plain", c, 1, 0},
		{"no line feed at the end", strings.TrimSpace(c), 1, 0},
		{"crlf", strings.ReplaceAll(c, "\n", "\r\n"), 1, 0},
		{"text around", "Bag Attributes\n  friendlyName: bot: x\n- a list\n" + c + "\nthe end\n", 1, 0},
		{"white space behind lines", strings.ReplaceAll(c, "\n", "  \t\n"), 1, 0},
		{"openssl's text before", "Certificate:\n    Data:\n        Version: 3 (0x2)\n" + c, 1, 0},
		{"key first", key + c, 1, 1},
		{"key last", c + key, 1, 1},
		{"twice", c + c, 2, 0},
		{"other blocks", "-----BEGIN DH PARAMETERS-----\nMAYCAQUCAQI=\n-----END DH PARAMETERS-----\n" + c, 1, 0},
		{"old label", strings.ReplaceAll(c, "CERTIFICATE", "X509 CERTIFICATE"), 1, 0},
		{"on one line", "-----BEGIN CERTIFICATE-----\n" + strings.ReplaceAll(body(c), "\n", "") + "\n-----END CERTIFICATE-----\n", 1, 0},
		{"der", string(der.Bytes), 1, 0},
		{"der twice", string(der.Bytes) + string(der.Bytes), 2, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := Parse("f", []byte(test.data))
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Certificates) != test.certificates || len(f.Keys) != test.keys {
				t.Errorf("%d certificates and %d keys, want %d and %d", len(f.Certificates), len(f.Keys), test.certificates, test.keys)
			}
			if got := f.Leaf().Subject.String(); got != "O=Acme, CN=good.example.org" {
				t.Errorf("subject %q", got)
			}
		})
	}
}

func body(c string) string {
	_, rest, _ := strings.Cut(c, "-----\n")
	b, _, _ := strings.Cut(rest, "-----END")
	return b
}

func TestFilesThatAreRefused(t *testing.T) {
	c, key := testdata(t, "good.pem"), testdata(t, "good-key.pem")
	lines := strings.SplitAfter(c, "\n")
	p7, _ := pem.Decode([]byte(c))
	for _, test := range []struct {
		name, data string
		kind       Kind
		line       int
		says       string
	}{
		{"empty", "", KindEmpty, 0, "empty (0 bytes)"},
		{"white space", " \r\n\t\n", KindEmpty, 0, "empty"},
		{"text", "hello\n", KindNotPEM, 0, "neither PEM nor DER"},
		{"html", "<!DOCTYPE html><html>", KindNotPEM, 0, "web page"},
		{"ssh key", "ssh-rsa AAAAB3Nza", KindNotPEM, 0, "SSH public key"},
		{"bare base64", body(c), KindNotPEM, 0, "without the BEGIN"},
		{"utf-16", "\xff\xfe-\x00-\x00", KindNotPEM, 0, "UTF-16"},
		{"byte order mark", "\ufeff" + c, KindNotPEM, 0, "byte order mark"},
		{"cr alone", strings.ReplaceAll(c, "\n", "\r"), KindNotPEM, 0, "CR alone"},
		{"no end", "x\n" + strings.Join(lines[:4], ""), KindBroken, 2, "has no END: the file is cut short"},
		{"cut in the end line", strings.TrimSpace(c)[:len(strings.TrimSpace(c))-3], KindBroken, len(lines) - 1, "cut short"},
		{"begin inside", lines[0] + lines[1] + c, KindBroken, 3, "stands where its END should"},
		{"wrong end", strings.Replace(c, "END CERTIFICATE", "END RSA PRIVATE KEY", 1), KindBroken, len(lines) - 1, "ends with END RSA PRIVATE KEY"},
		{"no base64", lines[0] + "MIIB*\n" + lines[len(lines)-2], KindBroken, 2, `"*", which is not base64`},
		{"a character missing", strings.Replace(c, lines[2], lines[2][1:], 1), KindBroken, len(lines) - 2, "base64"},
		{"a line missing", strings.Replace(c, lines[3], "", 1), KindBroken, 1, "cut short"},
		{"four dashes", strings.ReplaceAll(c, "-----", "----"), KindBroken, 1, "five dashes"},
		{"indented", "  " + strings.ReplaceAll(c, "\n", "\n  "), KindBroken, 1, "indented"},
		{"only an end", lines[len(lines)-2], KindBroken, 1, "END without a BEGIN"},
		{"empty block", lines[0] + lines[len(lines)-2], KindBroken, 1, "is empty"},
		{"second block broken", c + strings.Join(lines[:3], ""), KindBroken, len(lines), "has no END"},
		{"not a certificate inside", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", KindBroken, 1, "not a certificate"},
		{"bytes behind", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: append(p7.Bytes[:len(p7.Bytes):len(p7.Bytes)], 0)})), KindBroken, 1, "1 bytes too many"},
		{"key", key, KindKeyInstead, 1, "private key where a certificate is expected"},
		{"request", block1("CERTIFICATE REQUEST"), KindNoCertificate, 0, "certificate request"},
		{"public key", block1("PUBLIC KEY"), KindNoCertificate, 0, "public key"},
		{"parameters", block1("DH PARAMETERS"), KindNoCertificate, 0, "no certificate but DH PARAMETERS"},
		{"pkcs#7", block1("PKCS7"), KindUnsupported, 0, "PKCS#7"},
		{"openssh key", block1("OPENSSH PRIVATE KEY"), KindUnsupported, 1, "unsupported key"},
		{"damaged key", block1("RSA PRIVATE KEY"), KindBroken, 1, "damaged key"},
		{"key store", "\xfe\xed\xfe\xed\x00", KindUnsupported, 0, "Java key store"},
		{"der cut short", string(p7.Bytes[:100]), KindBroken, 0, fmt.Sprintf("%d bytes long and 100 of them are here", len(p7.Bytes))},
		{"der with a tail", string(p7.Bytes) + "\n", KindBroken, 0, "bytes behind the last certificate"},
		{"too big", strings.Repeat("x", MaxSize+1), KindTooBig, 0, "more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("old.pem", []byte(test.data))
			if KindOf(err) != test.kind || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("got %s: %v, want %s: %s", KindOf(err), err, test.kind, test.says)
			}
			var e *Error
			if !errors.As(err, &e) || e.Line != test.line || e.Remedy == "" || !strings.HasPrefix(err.Error(), "cannot read old.pem: ") {
				t.Errorf("line %d, want %d; hint %q; %v", e.Line, test.line, e.Remedy, err)
			}
		})
	}
}

func block1(label string) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: []byte{0x30, 0x03, 0x02, 0x01, 0x05}}))
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	for name, kind := range map[string]Kind{dir: KindDirectory, filepath.Join(dir, "nothing"): KindMissing, filepath.Join("testdata", "good.pem", "x"): KindUnreadable} {
		if _, err := Load(name); KindOf(err) != kind {
			t.Errorf("%s: %v, want %s", name, err, kind)
		}
	}
	if _, err := LoadKey("testdata/good.pem"); KindOf(err) != KindNoKey {
		t.Errorf("a certificate as key: %v", err)
	}
	f, err := LoadKey("testdata/good-key.pem")
	if err != nil || f.Key() == nil {
		t.Fatal(err)
	}
	if f, err = LoadAny("testdata/good-key.pem"); err != nil || f.Leaf() != nil {
		t.Fatalf("%v %v", f, err)
	}
	if os.Getuid() != 0 {
		closed := filepath.Join(dir, "closed")
		if err := os.WriteFile(closed, []byte("x"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(closed); KindOf(err) != KindUnreadable {
			t.Errorf("a closed file: %v", err)
		}
	}
}

// FuzzParse: no input crashes it, every refusal is an *Error with a reason, and
// what is read is read the same from what is written of it.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"good.pem", "good-key.pem", "other-key.pem"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		if b, _ := pem.Decode(data); b != nil {
			f.Add(b.Bytes)
		}
		f.Add(data[:len(data)/2])
	}
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----"))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ParseAny("fuzz", data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Kind == "" || e.Reason == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		_, _ = Inspect(file, nil, now), CheckNew(file, []*File{file}, file, now)
		for _, c := range file.Certificates {
			again, err := Parse("again", EncodeCertificates(c))
			if err != nil || string(again.Leaf().Raw) != string(c.Raw) {
				t.Fatalf("what was read is not read again: %v", err)
			}
		}
	})
}

// hintOf returns the remedy of an error of this package.
func hintOf(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Hint()
}
