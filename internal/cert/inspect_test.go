package cert

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFolder(t *testing.T) {
	root := t.TempDir()
	good, key := testdata(t, "good.pem"), testdata(t, "good-key.pem")
	for name, data := range map[string]string{
		"a.pem": good, "key.pem": key, "sub/deep/b.pem": good, ".hidden/c.pem": good, "note.txt": good,
		"broken.pem": good[:300], "empty.pem": "", "x.PEM": good,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for target, name := range map[string]string{"a.pem": "link.pem", "nowhere": "dangling.pem", "sub": "dir.pem"} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "folder.pem"), 0o755); err != nil {
		t.Fatal(err)
	}
	found, err := Folder(context.Background(), root)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Kind{}
	for _, f := range found {
		rel, _ := filepath.Rel(root, f.Path)
		got[rel] = KindOf(f.Err)
	}
	want := map[string]Kind{"a.pem": "", "key.pem": "", "link.pem": "", "sub/deep/b.pem": "", ".hidden/c.pem": "", "broken.pem": KindBroken, "empty.pem": KindEmpty, "dangling.pem": KindMissing}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	for _, i := range InspectFound(found, now) {
		beside := filepath.Dir(i.Source) == root
		if (i.KeyMatches != nil) != beside || beside && (!*i.KeyMatches || *i.HasPassphrase) {
			t.Errorf("%s: key %s", i.Source, i.KeySource)
		}
	}
	if _, err := Folder(context.Background(), filepath.Join(root, "nothing")); KindOf(err) != KindMissing {
		t.Errorf("a missing folder: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Folder(ctx, root); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestInspectWithAKey(t *testing.T) {
	f := loaded(t, "testdata/good.pem")
	for path, want := range map[string]bool{"testdata/good-key.pem": true, "testdata/other-key.pem": false} {
		if i := Inspect(f, loaded(t, path), now)[0]; i.KeyMatches == nil || *i.KeyMatches != want || i.KeySource != path {
			t.Errorf("%s: %+v", path, i)
		}
	}
	if i := Inspect(f, nil, now)[0]; i.KeyMatches != nil || i.HasPassphrase != nil {
		t.Errorf("without a key: %+v", i)
	}
	for at, want := range map[time.Time]string{f.Leaf().NotBefore.Add(-1): StatusNotYetValid, f.Leaf().NotBefore: StatusValid, f.Leaf().NotAfter: StatusValid, f.Leaf().NotAfter.Add(1): StatusExpired} {
		if i := Inspect(f, nil, at)[0]; i.Status != want {
			t.Errorf("at %s: %s, want %s", at, i.Status, want)
		}
	}
}

// serve accepts connections until the test ends.
func serve(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

func TestEndpoint(t *testing.T) {
	pair, err := tls.LoadX509KeyPair("testdata/good.pem", "testdata/good-key.pem")
	if err != nil {
		t.Fatal(err)
	}
	dial := (&net.Dialer{}).DialContext
	for name, config := range map[string]*tls.Config{
		"usual": {}, "tls 1.0": {MaxVersion: tls.VersionTLS10, MinVersion: tls.VersionTLS10},
		"wants a client certificate": {ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12},
	} {
		config.Certificates = []tls.Certificate{pair}
		address := serve(t, func(c net.Conn) { _ = tls.Server(c, config).Handshake() })
		f, err := Endpoint(context.Background(), dial, address)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		i := Inspect(f, nil, now)[0]
		if i.Subject != "O=Acme, CN=good.example.org" || i.Source != address || i.SourceKind != SourceEndpoint || i.FileMD5 != "" {
			t.Errorf("%s: %+v", name, i)
		}
	}
	plain := serve(t, func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.2\r\n")) })
	if _, err := Endpoint(context.Background(), dial, plain); err == nil || !strings.Contains(hintOf(err), "does not speak TLS") {
		t.Errorf("no TLS: %v", err)
	}
	if _, err := Endpoint(context.Background(), dial, "nonsense"); err == nil {
		t.Error("an address without a port was accepted")
	}
	silent := serve(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1<<10)); time.Sleep(5 * time.Second) })
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := Endpoint(ctx, dial, silent); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 3*time.Second {
		t.Errorf("a silent server: %v after %s", err, time.Since(began))
	}
}

// TestEndpointOfOpenSSL compares with a real server with an old certificate.
func TestEndpointOfOpenSSL(t *testing.T) {
	key := newKey(t, t.TempDir(), "RSA", "rsa_keygen_bits:2048")
	path := selfSign(t, key, "-subj", "/CN=live", "-sha1")
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	probe.Close()
	server := startServer(t, address, path, key)
	defer server()
	dial := func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		for range 100 {
			if conn, err = (&net.Dialer{}).DialContext(ctx, network, address); err == nil {
				return conn, nil
			}
			time.Sleep(20 * time.Millisecond)
		}
		return nil, err
	}
	f, err := Endpoint(context.Background(), dial, address)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Leaf().FingerprintSHA256(), loaded(t, path).Leaf().FingerprintSHA256(); got != want {
		t.Errorf("fingerprint %s, want %s", got, want)
	}
}
