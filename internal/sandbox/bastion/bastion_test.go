package bastion

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/testenv"
)

var (
	from = netip.MustParseAddr("127.66.0.10")
	host = netip.MustParseAddr("127.66.1.20")
)

// world is a bastion before a computer that echoes on port 22.
type world struct {
	network *network.Network
	bastion *Bastion
	keyFile string
	signer  ssh.Signer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{network: network.New()}
	w.signer, w.keyFile = newRSAKey(t)
	c, err := w.network.Attach(host, func() []machine.Group {
		return []machine.Group{{Ingress: []machine.Rule{{FromPort: 22, ToPort: 23, Prefixes: []netip.Prefix{netip.PrefixFrom(from, 32)}}}}}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Detach)
	l, err := c.Listen(22)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(conn, conn); conn.Close() }()
		}
	}()
	w.bastion, err = Start(Options{Network: w.network, User: "ops", AuthorizedKeys: []ssh.PublicKey{w.signer.PublicKey()}, From: from})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.bastion.Close() })
	return w
}

func newRSAKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "id_rsa")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return signer, file
}

func (w *world) dial(user string, signer ssh.Signer) (*ssh.Client, error) {
	return ssh.Dial("tcp", w.bastion.Addr(), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.FixedHostKey(w.bastion.HostKey()), Timeout: 5 * time.Second,
	})
}

func (w *world) client(t *testing.T) *ssh.Client {
	t.Helper()
	client, err := w.dial("ops", w.signer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func TestLogin(t *testing.T) {
	w := newWorld(t)
	stranger, _ := newRSAKey(t)
	for _, tt := range []struct {
		user   string
		signer ssh.Signer
		want   bool
	}{{"ops", w.signer, true}, {"root", w.signer, false}, {"ops", stranger, false}} {
		client, err := w.dial(tt.user, tt.signer)
		if (err == nil) != tt.want {
			t.Errorf("login as %s: %v, want %v", tt.user, err, tt.want)
		}
		if client != nil {
			client.Close()
		}
	}
}

func TestForwardsIntoTheNetworkOnly(t *testing.T) {
	w := newWorld(t)
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	client := w.client(t)
	conn, err := client.Dial("tcp", "127.66.1.20:22")
	if err != nil {
		t.Fatal(err)
	}
	conn.Write([]byte("hello"))
	conn.(interface{ CloseWrite() error }).CloseWrite()
	if b, err := io.ReadAll(conn); string(b) != "hello" || err != nil {
		t.Errorf("echo %q, %v", b, err)
	}
	for to, want := range map[string]string{
		"127.66.1.20:23":  "Connection refused",
		"localhost:22":    "Name or service not known",
		"example.com:443": "Name or service not known",
	} {
		if _, err := client.Dial("tcp", to); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", to, err, want)
		}
	}
	for _, to := range []string{outside.Addr().String(), "127.66.1.20:80", "127.66.9.9:22"} {
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		if _, err := client.DialContext(ctx, "tcp", to); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want no answer", to, err)
		}
		cancel()
	}
}

func TestManyChannels(t *testing.T) {
	client := newWorld(t).client(t)
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			conn, err := client.Dial("tcp", "127.66.1.20:22")
			if err != nil {
				t.Error(err)
				return
			}
			want := bytes.Repeat([]byte{byte(i)}, 3000)
			go func() { conn.Write(want); conn.(interface{ CloseWrite() error }).CloseWrite() }()
			if got, err := io.ReadAll(conn); err != nil || !bytes.Equal(got, want) {
				t.Errorf("channel %d: %d bytes, %v", i, len(got), err)
			}
			conn.Close()
		})
	}
	wg.Wait()
}

func TestNoShell(t *testing.T) {
	client := newWorld(t).client(t)
	for _, line := range []string{"", "id"} {
		session, err := client.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		session.Stderr = &errs
		if line == "" {
			err = session.Shell()
		} else {
			err = session.Start(line)
		}
		if err == nil {
			err = session.Wait()
		}
		var exit *ssh.ExitError
		if !errors.As(err, &exit) || exit.ExitStatus() != 1 || !strings.Contains(errs.String(), "no shell") {
			t.Errorf("%q: %v, %q", line, err, errs.String())
		}
	}
}

func TestKeepaliveIsAnswered(t *testing.T) {
	client := newWorld(t).client(t)
	if _, _, err := client.SendRequest("keepalive@openssh.com", true, nil); err != nil {
		t.Error(err)
	}
}

func TestRestartAndClose(t *testing.T) {
	w := newWorld(t)
	client := w.client(t)
	conn, err := client.Dial("tcp", "127.66.1.20:22")
	if err != nil {
		t.Fatal(err)
	}
	addr := w.bastion.Addr()
	done := make(chan error, 1)
	go func() { done <- w.bastion.Restart(t.Context(), 100*time.Millisecond) }()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlived the restart")
	}
	if err := client.Wait(); err == nil {
		t.Error("a client outlived the restart")
	}
	if _, err := w.dial("ops", w.signer); err == nil {
		t.Error("the bastion answers while it is away")
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if w.bastion.Addr() != addr {
		t.Errorf("back at %s, was at %s", w.bastion.Addr(), addr)
	}
	again := w.client(t)
	w.bastion.Close()
	w.bastion.Close()
	if err := again.Wait(); err == nil {
		t.Error("a client outlived Close")
	}
	if err := w.bastion.Restart(t.Context(), 0); err == nil {
		t.Error("a closed bastion came back")
	}
}

func TestOpenSSHDashW(t *testing.T) {
	program := testenv.Program(t, "ssh")
	w := newWorld(t)
	addr, port, _ := net.SplitHostPort(w.bastion.Addr())
	known := filepath.Join(t.TempDir(), "known_hosts")
	line := fmt.Sprintf("[%s]:%s %s", addr, port, ssh.MarshalAuthorizedKey(w.bastion.HostKey()))
	if err := os.WriteFile(known, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-F", "/dev/null", "-i", w.keyFile, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
		"-o", "UserKnownHostsFile="+known, "-o", "StrictHostKeyChecking=yes", "-W", "127.66.1.20:22", "-p", port, "ops@"+addr)
	cmd.Stdin = strings.NewReader("through the bastion")
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "through the bastion" {
		t.Errorf("%v: %s", err, out)
	}
}
