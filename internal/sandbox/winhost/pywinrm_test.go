package winhost

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/remote/scripts"
	"github.com/amirotate/amirotate/internal/testenv"
)

// expose lets programs reach a port of the computer at its own address, which is
// one of the loopback's.
func (r *raw) expose(port uint16) string {
	r.t.Helper()
	l, err := net.Listen("tcp", address.String()+":0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := r.network.Dial(r.t.Context(), bastion, nil, netip.AddrPortFrom(address, port))
			if err != nil {
				near.Close()
				continue
			}
			go func() {
				_, _ = io.Copy(far, near)
				far.Close()
			}()
			go func() {
				_, _ = io.Copy(near, far)
				near.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// TestDebiansPywinrm drives the host with a client that others wrote, with the
// protocols of their NTLM, channel binding and encryption.
func TestDebiansPywinrm(t *testing.T) {
	python := testenv.PythonModule(t, "winrm")
	for _, tt := range []struct{ name, scheme, transport string }{
		{"NTLM over HTTPS", "https", "ntlm"},
		{"Basic over HTTPS", "https", "ssl"},
		{"NTLM over HTTP, encrypted", "http", "ntlm"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := bootRaw(t)
			ca := filepath.Join(t.TempDir(), "ca.pem")
			for file, content := range map[string]string{filepath.Join(r.root, "C", "a.pem"): "a", ca: string(r.ca.PEM())} {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			port := map[string]uint16{"https": 5986, "http": 5985}[tt.scheme]
			packed := scripts.Pack(scripts.Compact(scripts.WindowsRead), `{"paths":["C:\\a.pem"],"content":true}`)
			line := `powershell.exe -NoProfile -Command "` + scripts.Bootstrap(scripts.SourceLiteral(packed)) + `"`
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, python, "testdata/pywinrm_client.py", tt.scheme+"://"+r.expose(port)+"/wsman", tt.transport, ca, line)
			cmd.Env = []string{"PASSWORD=pass", "PYTHONDONTWRITEBYTECODE=1", "OPENSSL_CONF=testdata/openssl.cnf"}
			var complaints strings.Builder
			cmd.Stderr = &complaints
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, complaints.String())
			}
			if text := string(out); !strings.HasPrefix(text, scripts.ResultMark) || !strings.Contains(text, `"content":"YQ=="`) {
				t.Errorf("it printed %q", text)
			}
		})
	}
}

// TestPlainTextIsRefused: over HTTP there is no Basic, and a message that is not
// encrypted is answered with the bare status that Windows has for it.
func TestPlainTextIsRefused(t *testing.T) {
	r := bootRaw(t)
	conn, err := r.network.Dial(t.Context(), bastion, nil, netip.AddrPortFrom(address, portHTTP))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST /wsman HTTP/1.1\r\nHost: x\r\nAuthorization: Basic QWRtaW5pc3RyYXRvcjpwYXNz\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 401") || strings.Contains(string(answer), "Basic") {
		t.Errorf("%s, %v", answer, err)
	}
	l := &login{conn: &link{}, done: true}
	if _, err := l.opened(nil, []byte("<s:Envelope>")); err == nil {
		t.Error("a message in plain text was taken")
	}
}

// TestSealing: what is changed, repeated or left out is seen.
func TestSealing(t *testing.T) {
	key := []byte("0123456789abcdef")
	if newSealing(key, flagSeal|flagSign|flagExtendedSession|flagKeyExchange) != nil {
		t.Error("a key of 56 bits was taken")
	}
	const all = flagSeal | flagSign | flagExtendedSession | flagKeyExchange | flag128
	client := func() *sealing { // the other end
		s := newSealing(key, all)
		s.in, s.out = s.out, s.in
		return s
	}
	contentType := "multipart/encrypted;protocol=\"" + sealedProtocol + "\""
	sender, receiver := client(), newSealing(key, all)
	first, second := sender.seal([]byte("first")), sender.seal([]byte("second"))
	if got, err := receiver.open(contentType, first); string(got) != "first" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := receiver.open(contentType, second); string(got) != "second" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for name, body := range map[string][]byte{
		"repeated": first, "changed": []byte(strings.Replace(string(client().seal([]byte("abc"))), "\x10\x00\x00\x00\x01", "\x10\x00\x00\x00\x02", 1)),
		"empty": nil, "cut": first[:len(first)-30],
	} {
		fresh := receiver
		if name == "changed" {
			fresh = newSealing(key, all)
		}
		if got, err := fresh.open(contentType, body); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}
