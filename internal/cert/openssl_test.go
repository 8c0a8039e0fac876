package cert

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/testenv"
)

var now = time.Date(2026, 11, 22, 11, 42, 21, 0, time.UTC)

func openssl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(testenv.Program(t, "openssl"), args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("openssl %v: %v\n%s", args, err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return string(out)
}

func newKey(t *testing.T, dir, algorithm string, options ...string) string {
	t.Helper()
	path := filepath.Join(dir, "key.pem")
	args := []string{"genpkey", "-algorithm", algorithm, "-out", path}
	for _, o := range options {
		args = append(args, "-pkeyopt", o)
	}
	openssl(t, args...)
	return path
}

// selfSign makes a certificate with openssl req.
func selfSign(t *testing.T, key string, options ...string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(key), "cert.pem")
	args := []string{"req", "-x509", "-new", "-key", key, "-out", path}
	openssl(t, append(args, options...)...)
	return path
}

type made struct {
	name      string
	algorithm string
	options   []string
	req       []string
}

func table() []made {
	plain := []string{"-subj", "/C=US/O=Rust Project/CN=bot.example.org/emailAddress=a@example.org", "-days", "365"}
	rsa := func(bits string) []string { return []string{"rsa_keygen_bits:" + bits} }
	return []made{
		{"rsa 2048", "RSA", rsa("2048"), plain},
		{"rsa 512", "RSA", rsa("512"), append(plain, "-sha1")},
		{"rsa 1024 md5", "RSA", rsa("1024"), append(plain, "-md5")},
		{"rsa 1024 sha1", "RSA", rsa("1024"), append(plain, "-sha1")},
		{"rsa 3072 sha512", "RSA", rsa("3072"), append(plain, "-sha512")},
		{"rsa pss signature", "RSA", rsa("2048"), append(plain, "-sigopt", "rsa_padding_mode:pss")},
		{"rsa-pss key", "RSA-PSS", rsa("2048"), plain},
		{"ecdsa p-256", "EC", []string{"ec_paramgen_curve:P-256"}, plain},
		{"ecdsa p-384", "EC", []string{"ec_paramgen_curve:P-384"}, append(plain, "-sha384")},
		{"secp256k1", "EC", []string{"ec_paramgen_curve:secp256k1"}, plain},
		{"brainpool", "EC", []string{"ec_paramgen_curve:brainpoolP256r1"}, plain},
		{"ed25519", "ED25519", nil, plain},
		{"ed448", "ED448", nil, plain},
		{"negative serial", "RSA", rsa("2048"), append(plain, "-set_serial", "-0x12ab34")},
		{"negative serial of one byte", "RSA", rsa("2048"), append(plain, "-set_serial", "-1")},
		{"negative serial with a high bit", "RSA", rsa("2048"), append(plain, "-set_serial", "-0x8000")},
		{"serial 0", "RSA", rsa("2048"), append(plain, "-set_serial", "0")},
		{"long serial", "RSA", rsa("2048"), append(plain, "-set_serial", "0xff00112233445566778899aabbccddeeff001122")},
		{"beyond 2050", "RSA", rsa("2048"), append(plain, "-days", "20000")},
		{"year 9000", "RSA", rsa("2048"), append(plain, "-days", "2550000")},
		{"utf-8", "RSA", rsa("2048"), []string{"-utf8", "-subj", "/O=Schöne Grüße/CN=日本"}},
		{"quoting", "RSA", rsa("2048"), []string{"-subj", `/O=Acme, Inc. "x" <y>;z/OU=a+b/CN=#1 back\\slash`}},
		{"spaces", "RSA", rsa("2048"), []string{"-subj", "/O= lead and trail /CN=x"}},
		{"several values in a part", "RSA", rsa("2048"), []string{"-subj", "/O=x+OU=y/CN=z"}},
		{"other attributes", "RSA", rsa("2048"), []string{"-subj", "/DC=org/DC=example/UID=u/SN=s/GN=g/serialNumber=7/street=st/title=t/postalCode=1/CN=z"}},
		{"names", "RSA", rsa("2048"), append(plain, "-addext", "subjectAltName=DNS:a.example.org,DNS:*.b.example.org,IP:10.0.0.7,email:x@example.org,URI:https://example.org/x")},
		{"bmp string", "RSA", rsa("2048"), append(plain, "-config", "testdata/bmp.cnf")},
	}
}

// TestInspectAgreesWithOpenSSL on every field.
func TestInspectAgreesWithOpenSSL(t *testing.T) {
	keys := map[string]string{}
	for _, m := range table() {
		sort := m.algorithm + strings.Join(m.options, " ")
		if keys[sort] == "" {
			keys[sort] = newKey(t, t.TempDir(), m.algorithm, m.options...)
		}
		t.Run(m.name, func(t *testing.T) { compare(t, selfSign(t, keys[sort], m.req...), SelfSigned) })
	}
	for _, name := range []string{"rust-bot-cert-2012.pem", "rust-bot-cert-2015.pem"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("../../../shared/incident", name)
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				t.Skip(err) //nolint:forbidigo // the incident's files are not part of the project
			}
			compare(t, path, SelfSigned)
		})
	}
	t.Run("version 1", func(t *testing.T) {
		dir := t.TempDir()
		key := newKey(t, dir, "RSA", "rsa_keygen_bits:2048")
		request, path := filepath.Join(dir, "r.pem"), filepath.Join(dir, "v1.pem")
		openssl(t, "req", "-new", "-key", key, "-subj", "/CN=old", "-out", request)
		openssl(t, "x509", "-req", "-in", request, "-signkey", key, "-out", path, "-days", "10")
		compare(t, path, SelfSigned)
	})
	t.Run("chained", func(t *testing.T) {
		ca := selfSign(t, newKey(t, t.TempDir(), "RSA", "rsa_keygen_bits:2048"), "-subj", "/CN=ca")
		dir := t.TempDir()
		key := newKey(t, dir, "RSA", "rsa_keygen_bits:2048")
		request, path := filepath.Join(dir, "r.pem"), filepath.Join(dir, "leaf.pem")
		openssl(t, "req", "-new", "-key", key, "-subj", "/CN=leaf", "-out", request)
		openssl(t, "x509", "-req", "-in", request, "-CA", ca, "-CAkey", filepath.Join(filepath.Dir(ca), "key.pem"), "-CAcreateserial", "-out", path)
		compare(t, path, IssuerApart)
		both := append(readAll(t, ca), readAll(t, path)...)
		f, err := Parse("both", both)
		if err != nil {
			t.Fatal(err)
		}
		infos := Inspect(f, nil, now)
		if f.Leaf() != f.Certificates[1] || infos[0].SignedBy != SelfSigned || infos[1].SignedBy != Chained {
			t.Errorf("authority first: leaf %s, %s, %s", f.Leaf().Subject, infos[0].SignedBy, infos[1].SignedBy)
		}
	})
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func compare(t *testing.T, path, signedBy string) {
	t.Helper()
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	i := Inspect(f, nil, now)[0]
	text := openssl(t, "x509", "-noout", "-in", path, "-subject", "-issuer", "-serial", "-startdate", "-enddate", "-fingerprint", "-sha256", "-text", "-nameopt", "oneline,-space_eq,-esc_msb")
	ask := func(field string) string {
		m := regexp.MustCompile(`(?mi)^` + field + `=\s?(.*)$`).FindStringSubmatch(text)
		if m == nil {
			return ""
		}
		return m[1]
	}
	in := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(text)
		if m == nil {
			return ""
		}
		return m[1]
	}
	pairs := [][3]string{
		{"subject", i.Subject, ask("subject")},
		{"issuer", i.Issuer, ask("issuer")},
		{"serial", i.Serial, ask("serial")},
		{"start", i.NotBefore.Format(opensslTime), ask("notBefore")},
		{"end", i.NotAfter.Format(opensslTime), ask("notAfter")},
		{"sha1", i.FingerprintSHA1, sha1Fingerprint(t, path)},
		{"sha256", i.FingerprintSHA256, ask("sha256 fingerprint")},
		{"signature", i.SignatureAlgorithm, in(`Signature Algorithm: (\S+)`)},
		{"key", opensslKey(i), in(`Public Key Algorithm: (\S+)`)},
		{"version", fmt.Sprint(i.Version), in(`Version: (\d)`)},
		{"names", strings.Join(i.Names, ", "), strings.ReplaceAll(in(`X509v3 Subject Alternative Name:[^\n]*\n\s*([^\n]+)`), "DNS: ", "DNS:")},
		{"ca", fmt.Sprint(i.CA), fmt.Sprint(strings.Contains(text, "CA:TRUE"))},
		{"signed by", i.SignedBy, signedBy},
	}
	if bits := in(`Public-Key: \((\d+) bit`); bits != "" {
		pairs = append(pairs, [3]string{"bits", fmt.Sprint(i.KeyBits), bits})
	}
	for _, p := range pairs {
		if p[1] != p[2] {
			t.Errorf("%s: %q, openssl says %q", p[0], p[1], p[2])
		}
	}
}

// TestFileDigestsAndEnd of the real certificates, and of one that still holds.
func TestFileDigestsAndEnd(t *testing.T) {
	for _, path := range []string{"testdata/good.pem", "../../../shared/incident/rust-bot-cert-2012.pem", "../../../shared/incident/rust-bot-cert-2015.pem"} {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			t.Logf("%s is not here", path)
			continue
		}
		i := Inspect(loaded(t, path), nil, time.Now())[0]
		if md5, sha256 := lastField(openssl(t, "md5", path)), lastField(openssl(t, "sha256", path)); i.FileMD5 != md5 || i.FileSHA256 != sha256 {
			t.Errorf("%s: md5 %s, sha256 %s; openssl says %s and %s", path, i.FileMD5, i.FileSHA256, md5, sha256)
		}
		expired := exec.Command("openssl", "x509", "-checkend", "0", "-noout", "-in", path).Run() != nil
		if expired != (i.Status == StatusExpired) {
			t.Errorf("%s: %s, openssl says expired: %v", path, i.Status, expired)
		}
	}
}

func sha1Fingerprint(t *testing.T, path string) string {
	t.Helper()
	_, value, _ := strings.Cut(strings.TrimSpace(openssl(t, "x509", "-noout", "-in", path, "-fingerprint", "-sha1")), "=")
	return value
}

const opensslTime = "Jan _2 15:04:05 2006 GMT"

func lastField(s string) string {
	fields := strings.Fields(s)
	return fields[len(fields)-1]
}

func opensslKey(i Info) string {
	switch i.KeyType {
	case "RSA":
		return "rsaEncryption"
	case "RSA-PSS":
		return "rsassaPss"
	case "ECDSA":
		return "id-ecPublicKey"
	}
	return strings.ToUpper(i.KeyType)
}

// startServer runs openssl s_server until the returned function is called.
func startServer(t *testing.T, address, certificate, key string) (stop func()) {
	t.Helper()
	server := exec.Command("openssl", "s_server", "-accept", address, "-cert", certificate, "-key", key, "-quiet")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}
}
