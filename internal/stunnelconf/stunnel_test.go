package stunnelconf

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/testenv"
)

// stunnelSays are the lines of stunnel's log that tell what it does, as 5.68
// words them at debug level 6.
var stunnelSays = regexp.MustCompile(`(Initializing service) \[(.*)\]|(trusted server CA): CN=(.*)|(Certificate loaded) from file: (.*)|(Configuration) (successful|failed)`)

// stunnelReads runs the real stunnel in a folder until it has read its
// configuration: a line for each service, trusted certificate and certificate
// of its own, or "failed".
func stunnelReads(t *testing.T, dir string) []string {
	t.Helper()
	path := testenv.Program(t, "stunnel4")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "stunnel.conf")
	cmd.Dir = dir
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = cmd.Wait() }()
	var said []string
	for lines := bufio.NewScanner(log); lines.Scan(); {
		m := stunnelSays.FindStringSubmatch(lines.Text())
		switch {
		case m == nil:
		case m[1] != "":
			said = append(said, "service "+m[2])
		case m[3] != "":
			said = append(said, "CAfile of "+m[4])
		case m[5] != "":
			said = append(said, "cert "+m[6])
		case m[8] == "failed":
			return []string{"failed"}
		default:
			return said
		}
	}
	t.Fatal("stunnel ended without a word about its configuration")
	return nil
}

// weSay is the same, from what Parse says.
func weSay(t *testing.T, dir, text string) []string {
	t.Helper()
	conf := filepath.Join(dir, "stunnel.conf")
	c, err := Parse(SystemOf(false, conf, ""), Source{conf, []byte(text)}, func(folder string) ([]Source, error) {
		entries, err := os.ReadDir(folder)
		var sources []Source
		for _, e := range entries {
			if b, err := os.ReadFile(filepath.Join(folder, e.Name())); err == nil {
				sources = append(sources, Source{filepath.Join(folder, e.Name()), b})
			}
		}
		return sources, err
	})
	if err != nil {
		return []string{"failed"}
	}
	var said []string
	for _, s := range c.Services {
		said = append(said, "service "+s.Name)
		for _, use := range []Use{Cert, CAfile} { // stunnel's order
			for _, f := range s.Files {
				name := strings.TrimSuffix(filepath.Base(f.Path), ".pem")
				switch {
				case f.Use != use:
				case use == Cert:
					said = append(said, "cert "+f.Written)
				default:
					said = append(said, "CAfile of "+name)
				}
			}
		}
	}
	return said
}

// TestAsStunnelReads compares the parser with the real stunnel, on files that
// hold certificates of their own names.
func TestAsStunnelReads(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two", "three words", "conf.d/sub/four"} {
		writeCertificate(t, filepath.Join(dir, name+".pem"), filepath.Base(name))
	}
	write(t, filepath.Join(dir, "conf.d", "10-global"), "cafile = two.pem")
	write(t, filepath.Join(dir, "conf.d", ".hidden"), "; a comment\nCAfile = one.pem\n")
	write(t, filepath.Join(dir, "services", "b"), "[included]\naccept = 127.0.0.1:0\nexec = /bin/true\n")
	write(t, filepath.Join(dir, "services", "a"), "CAfile = ./three words.pem\n")
	const head = "foreground = yes\npid =\ndebug = 6\nclient = yes\n"
	const service = "accept = 127.0.0.1:0\nexec = /bin/true\n"
	for name, text := range map[string]string{
		"inherited":         head + "CAfile = one.pem\n[a]\n" + service,
		"overridden":        head + "CAfile = one.pem\n[a]\n" + service + "cafile=two.pem\n[b]\n" + service,
		"last one counts":   head + "CAFILE = one.pem\nCAfile = two.pem\n[ a ]\n" + service,
		"taken back":        head + "CAfile = one.pem\n[a]\n" + service + "CAfile =\n[b]\n" + service,
		"set too late":      head + "[a]\n" + service + "[b]\n" + service + "CAfile = one.pem\n",
		"spaces":            head + " \t CAfile \t =\t three words.pem \t\n[a]\n" + service,
		"CRLF":              strings.ReplaceAll(head+"[a]\n"+service+"CAfile = two.pem\n", "\n", "\r\n"),
		"CR inside":         head + "[a]\n" + service + "CAfile = tw\ro.pem\n",
		"byte order mark":   "\xef\xbb\xbf" + head + "[a]\n" + service + "CAfile = two.pem\n",
		"comments":          head + " ; CAfile = one.pem\n# CAfile = one.pem\n[a]\n" + service + "CAfile = two.pem\n;CAfile=one.pem",
		"same name twice":   head + "[a]\n" + service + "CAfile = one.pem\n[a]\n" + service + "CAfile = two.pem\n",
		"own certificate":   head + "cert = one.pem\n[a]\n" + service + "CAfile = two.pem\n",
		"included, global":  head + "include = conf.d\n[a]\n" + service,
		"included, section": head + "CAfile = one.pem\n[a]\n" + service + "include = conf.d\n[b]\n" + service,
		"included sections": head + "include = ./services\ncafile = two.pem\n[a]\n" + service,
		"no such folder":    head + "[a]\n" + service + "include = nowhere\n",
		"no =":              head + "[a]\n" + service + "CAfile one.pem\n",
		"after a section":   head + "[a] ; comment\n" + service,
		"chroot":            head + "[a]\n" + service + "chroot = /tmp\n",
	} {
		t.Run(name, func(t *testing.T) {
			write(t, filepath.Join(dir, "stunnel.conf"), text)
			if d := cmp.Diff(stunnelReads(t, dir), weSay(t, dir, text)); d != "" {
				t.Errorf("stunnel reads (-), we say (+):\n%s", d)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeCertificate writes a certificate of that common name and its key.
func writeCertificate(t *testing.T, path, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))+
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}
