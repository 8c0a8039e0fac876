package keep

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cert/issue"
	"github.com/amirotate/amirotate/internal/testenv"
)

// spread writes the items as Docker's files.
func spread(t *testing.T, items Items) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range items {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func verifies(t *testing.T, now time.Time, ca string, leaf string, extra ...string) error {
	t.Helper()
	args := append([]string{"verify", "-x509_strict", "-attime", fmt.Sprint(now.Unix()), "-CAfile", ca}, extra...)
	out, err := exec.Command("openssl", append(args, leaf)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("openssl verify: %w\n%s", err, out)
	}
	return nil
}

func TestOpenSSLVerifiesEveryKeyType(t *testing.T) {
	testenv.Program(t, "openssl")
	for _, kind := range issue.KeyTypes() {
		p := single()
		p.KeyType = kind
		dir := spread(t, makeAll(t, nil, p, start).items)
		c := filepath.Join(dir, Cert)
		if err := verifies(t, start, c, c); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if out, err := exec.Command("openssl", "pkey", "-check", "-noout", "-in", filepath.Join(dir, Key)).CombinedOutput(); err != nil {
			t.Errorf("%s: openssl pkey: %v\n%s", kind, err, out)
		}
	}
}

// handshake runs a real server and a real client of mutual TLS: each with its
// own view of the set.
func handshake(t *testing.T, now time.Time, server, client string) error {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	at := fmt.Sprint(now.Unix())
	serve := exec.CommandContext(ctx, "openssl", "s_server", "-accept", address, "-naccept", "1", "-quiet", "-Verify", "3", "-verify_return_error", "-attime", at,
		"-cert", filepath.Join(server, "server-cert"), "-cert_chain", filepath.Join(server, "server-cert"), "-key", filepath.Join(server, "server-key"), "-CAfile", filepath.Join(server, CACert))
	var log bytes.Buffer
	serve.Stdout, serve.Stderr = &log, &log
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = serve.Process.Kill(); _ = serve.Wait() }()
	var out []byte
	for range 100 {
		c := exec.CommandContext(ctx, "openssl", "s_client", "-connect", address, "-verify_return_error", "-verify_hostname", "docker.example.org", "-attime", at, "-brief",
			"-cert", filepath.Join(client, Cert), "-cert_chain", filepath.Join(client, Cert), "-key", filepath.Join(client, Key), "-CAfile", filepath.Join(client, CACert))
		out, err = c.CombinedOutput()
		if !strings.Contains(string(out), "onnection refused") {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("client: %w\n%s", err, out)
	}
	err = serve.Wait()
	said := strings.ReplaceAll(log.String(), " = ", "=")
	if err != nil || !strings.Contains(said, "depth=0 CN=rack\nverify return:1") || strings.Contains(said, "error") {
		return fmt.Errorf("server: %v\n%s", err, said)
	}
	return nil
}

func TestMutualTLSThroughRenewalAndAuthorityChange(t *testing.T) {
	testenv.Program(t, "openssl")
	p := docker()
	first := makeAll(t, nil, p, start).items
	old := spread(t, first)
	renewed := spread(t, makeAll(t, with(first, Items{Cert: nil, "server-cert": nil}), p, start.Add(day)).items)
	later := start.Add(3600 * day)
	changed := spread(t, makeAll(t, first, p, later).items)
	for _, c := range []struct {
		name           string
		now            time.Time
		server, client string
	}{
		{"at first", start, old, old},
		{"after a renewal", start.Add(day), renewed, renewed},
		{"old server, renewed client", start.Add(day), old, renewed},
		{"renewed server, old client", start.Add(day), renewed, old},
		{"after the change of authority", later, changed, changed},
		{"server booted with the old authority", later, old, changed},
		{"client that knows the old authority", later, changed, old},
		{"long after the change", later.Add(200 * day), changed, changed},
	} {
		if err := handshake(t, c.now, c.server, c.client); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	stranger := spread(t, makeAll(t, nil, p, start).items)
	if handshake(t, start, old, stranger) == nil {
		t.Error("a client of another authority was accepted: the test cannot fail")
	}
	if verifies(t, later, filepath.Join(old, CACert), filepath.Join(changed, Cert), "-untrusted", filepath.Join(changed, Cert)) != nil {
		t.Error("the new client certificate does not verify by the old authority")
	}
}
