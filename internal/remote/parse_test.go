//go:build unix

package remote

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/hint"
	"github.com/amirotate/amirotate/internal/verify"
)

func TestParseConsole(t *testing.T) {
	const shaPrint = "SHA256:0KyQvHDbE8jhGjExYrZz1MR2ikuwpu7aDspK2Gjothg"
	const md5Hex = "ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89"
	begin, end := "-----BEGIN SSH HOST KEY FINGERPRINTS-----\n", "-----END SSH HOST KEY FINGERPRINTS-----\n"
	for _, c := range []struct {
		name, text  string
		sha256, md5 bool
		complete    bool
	}{
		{"nothing", "", false, false, false},
		{"cloud-init", begin + "256 " + shaPrint + " root@ip-10-0-0-1 (ED25519)\n" + end, true, false, true},
		{"ec2 prefix", "ec2: " + begin + "ec2: 2048 " + md5Hex + " /etc/ssh/ssh_host_rsa_key.pub (RSA)\nec2: " + end, false, true, true},
		{"MD5 prefix", "<14>Jul 14 ec2: " + begin + "<14>Jul 14 ec2: 2048 MD5:" + md5Hex + " root@x (RSA)\r\n<14>Jul 14 ec2: " + end, false, true, true},
		{"cut short", begin + "256 " + shaPrint + " root@x (ED25519)\n", false, false, false},
		{"end only", "256 " + shaPrint + "\n" + end, false, false, false},
		{"authorized keys", "ci-info: | ssh-rsa | " + md5Hex + " | - |\n256 " + shaPrint + "\n", false, false, false},
		{"an earlier boot", begin + "256 " + shaPrint + "\n" + end + begin + "2048 " + md5Hex + " x\n" + end, false, true, true},
		{"kernel in between", begin + "[ 7.1] random: crng init done\n256 " + shaPrint + " x\n" + end, true, false, true},
		{"empty block", begin + end, false, false, false},
	} {
		got := parseConsole(c.text)
		if got.sha256[shaPrint] != c.sha256 || got.md5[md5Hex] != c.md5 || got.complete != c.complete {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func FuzzParseConsole(f *testing.F) {
	f.Add("-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBxSd root@x\n-----END SSH HOST KEY KEYS-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		p := parseConsole(text)
		if n := len(p.sha256) + len(p.md5); (n > 0) != p.complete {
			t.Errorf("%d keys, complete %v", n, p.complete)
		}
		if !strings.Contains(text, "-----BEGIN SSH HOST KEY ") && p.complete {
			t.Error("keys outside a block")
		}
	})
}

func TestParsePosix(t *testing.T) {
	d := verify.Of([]byte("x"))
	whole := "noise\namirotate:n1 begin\namirotate:n1 file 0 present -rw-r--r--. 1:2 1 md5:" + d.MD5 + " sha256:" + d.SHA256 +
		"\namirotate:n1 content 0 base64\nZGFt\namirotate:n1 content 0 hex\n 78\n\namirotate:n1 close 0\namirotate:n1 end ok\n"
	a, err := parsePosix([]byte(whole), "n1", []string{"/x"})
	if err != nil || a.end != "ok" || string(a.files[0].Content) != "x" || a.files[0].Mode != "0644" || a.noise != "noise" {
		t.Errorf("%+v, %v", a, err)
	}
	other, err := parsePosix([]byte(whole), "n2", []string{"/x"})
	if err != nil || other.end != "" || other.files[0].Status != "" {
		t.Errorf("another's nonce: %+v, %v", other, err)
	}
	for _, line := range []string{
		"", "end", "end well", "file", "file 1 missing", "file -1 missing", "file 0", "file 0 there", "file 0 present",
		"file 0 present -rw 0:0 1 md5: sha256:", "file 0 present -rw-r--r-- 0:0 big md5: sha256:",
		"file 0 present -rw-r--r-- 0:0 1 x y", "file 0 present -rq-r--r-- 0:0 1 md5: sha256:", "content 0", "close 0", "what 0",
	} {
		if a, err := parsePosix([]byte("amirotate:n1 "+line+"\n"), "n1", []string{"/x"}); err == nil {
			t.Errorf("%q was taken: %+v", line, a)
		}
	}
	damaged := strings.Replace(whole, " 78\n", " 79\n", 1)
	if _, err := parsePosix([]byte(damaged), "n1", []string{"/x"}); err == nil {
		t.Error("content that does not match its digests was taken")
	}
}

func FuzzParsePosix(f *testing.F) {
	f.Add("amirotate:n1 begin\namirotate:n1 file 0 missing\namirotate:n1 end ok\n")
	f.Add("amirotate:n1 file 0 present -rw-r--r-- 0:0 1 md5: sha256:\namirotate:n1 content 0 hex\n78\namirotate:n1 close 0\n")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parsePosix([]byte(text), "n1", []string{"/x"})
		if err == nil && a.files[0].Content != nil && a.files[0].SHA256 != verify.Of(a.files[0].Content).SHA256 {
			t.Errorf("%+v", a.files[0])
		}
	})
}

func TestPasswords(t *testing.T) {
	dir := t.TempDir()
	key := newRSAKey(t)
	rsaFile, otherRSA, ed := filepath.Join(dir, "rsa"), filepath.Join(dir, "other"), filepath.Join(dir, "ed25519")
	writeKey(t, rsaFile, key, "")
	writeKey(t, otherRSA, newRSAKey(t), "")
	writeKey(t, ed, newKey(t), "")
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, []byte("p@ss wörd"))
	if err != nil {
		t.Fatal(err)
	}
	file, empty := filepath.Join(dir, "file"), filepath.Join(dir, "empty")
	write(t, file, "from file\r\n", 0o600)
	write(t, empty, "\n", 0o600)
	data := "\r\n" + base64.StdEncoding.EncodeToString(sealed) + "\r\n"
	d := NewDialer(DialerOptions{
		Getenv: func(n string) string { return map[string]string{"PW": "from env"}[n] },
		PasswordData: func(_ context.Context, id string) (string, error) {
			return map[string]string{"i-ready": data, "i-odd": "%%"}[id], nil
		},
	})
	defer d.Close()
	for _, c := range []struct {
		id    string
		from  Password
		want  string
		words string
		final bool
		hint  string
	}{
		{"", Password{Env: "PW"}, "from env", "", false, ""},
		{"", Password{File: file}, "from file", "", false, ""},
		{"i-ready", Password{EC2Key: rsaFile}, "p@ss wörd", "", false, ""},
		{"i-booting", Password{EC2Key: rsaFile}, "", "does not have the password yet", false, "keeps that one's password"},
		{"i-ready", Password{EC2Key: otherRSA}, "", "does not open", true, "key pair"},
		{"i-ready", Password{EC2Key: ed}, "", "not an RSA key", true, "RSA"},
		{"i-odd", Password{EC2Key: rsaFile}, "", "not base64", true, ""},
		{"", Password{EC2Key: "/nonexistent"}, "", "/nonexistent", true, ""},
		{"", Password{Env: "NONE"}, "", "NONE is not set", true, "export"},
		{"", Password{File: empty}, "", "is empty", true, ""},
		{"", Password{File: "/nonexistent"}, "", "/nonexistent", true, ""},
		{"", Password{}, "", "no password is configured", true, "password:"},
	} {
		got, err := d.passwordOf(t.Context(), c.id, c.from)
		if c.words != "" {
			mustFail(t, err, c.final, c.hint, c.words)
		} else if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c.from, got, err)
		}
	}
}

func TestHintAndFinal(t *testing.T) {
	inner := finalf("do this", "inner")
	if !IsFinal(gaveUp(Target{}, 0, t.Context().Err(), inner)) || hint.Of(gaveUp(Target{}, 0, errNone{}, inner)) != "do this" {
		t.Error("what a wrapped error knows is lost")
	}
	if IsFinal(nil) || hint.Of(nil) != "" {
		t.Error("no error knows something")
	}
}

type errNone struct{}

func (errNone) Error() string { return "none" }
