package winrm_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/remote/winrm"
	"github.com/amirotate/amirotate/internal/testenv"
)

// foreign is testdata/ntlm_server.py, servers of other people's NTLM.
type foreign struct {
	ports map[string]int // by scheme and way
	ca    []byte
}

func startForeign(t *testing.T) *foreign {
	t.Helper()
	certificate, key := selfSigned(t)
	cmd := exec.CommandContext(t.Context(), testenv.PythonModule(t, "impacket"), "testdata/ntlm_server.py", certificate, key)
	cmd.Env = []string{"PASSWORD=" + password, "PYTHONDONTWRITEBYTECODE=1", "PYTHONUTF8=1"}
	var complaints lockedBuffer
	cmd.Stderr, cmd.WaitDelay = &complaints, 5*time.Second
	stdin, err := cmd.StdinPipe() // it ends with it
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if text := complaints.String(); text != "" {
			t.Errorf("the server says:\n%s", text)
		}
	})
	s := &foreign{ca: read(t, certificate)}
	if err := json.NewDecoder(stdout).Decode(&s.ports); err != nil {
		t.Fatalf("the server does not start: %v\n%s", err, complaints.String())
	}
	return s
}

// options reach the server of one scheme and way by a tap.
func (s *foreign) options(scheme, way string, wire *tap) winrm.Options {
	o := winrm.Options{
		Address: fmt.Sprintf("127.0.0.1:%d", s.ports[scheme+" "+way]), User: "Administrator", Password: password,
		HTTPS: scheme == "https", Dial: (&net.Dialer{}).DialContext,
	}
	if o.HTTPS {
		o.TLS.CAs = s.ca
	}
	wire.on(&o)
	return o
}

// selfSigned makes a server's certificate for 127.0.0.1 and its key.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// lockedBuffer may be read while a process still writes.
type lockedBuffer struct{ tap }

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.record(p)
	return len(p), nil
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}
