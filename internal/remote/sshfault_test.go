//go:build unix

package remote

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// freed fails the test if f does not return within a second of the cancelling.
func freed(t *testing.T, f func(ctx context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var cancelled time.Time
	time.AfterFunc(300*time.Millisecond, func() { cancelled = time.Now(); cancel() })
	err := f(ctx)
	if cancelled.IsZero() {
		t.Fatalf("ended by itself: %v", err)
	}
	if took := time.Since(cancelled); took > time.Second {
		t.Errorf("freed after %v", took)
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error does not say that it was cancelled: %v", err)
	}
	return err
}

func TestSSHCancelFrees(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	mute := s.access()
	mute.Port = silence(t)
	mute.HostKey = HostKeyAcceptNew
	t.Run("a command", func(t *testing.T) {
		h := dialSSH(t, testDialer(t, DialerOptions{}, s.access()), s.target())
		freed(t, func(ctx context.Context) error { _, err := execute(ctx, h, "sleep 60", nil); return err })
	})
	t.Run("a login", func(t *testing.T) {
		d := testDialer(t, DialerOptions{}, mute)
		freed(t, func(ctx context.Context) error { _, err := d.Dial(ctx, s.target()); return err })
	})
	t.Run("a login to the bastion", func(t *testing.T) {
		b := s.bastion()
		b.Address, b.HostKey = withPort("127.0.0.1", mute.Port, 0), HostKeyAcceptNew
		d := testDialer(t, DialerOptions{Bastion: b}, s.access())
		freed(t, func(ctx context.Context) error { _, err := d.Dial(ctx, s.target()); return err })
		freed(t, d.CheckBastion)
	})
	t.Run("the pause of a booting host", func(t *testing.T) {
		down := s.access()
		down.Port, down.HostKey = freePort(t), HostKeyAcceptNew
		d := testDialer(t, DialerOptions{Pauses: Pauses{First: time.Minute, Max: time.Minute}}, down)
		err := freed(t, func(ctx context.Context) error { _, err := d.Dial(ctx, s.target()); return err })
		mustFail(t, err, false, "", "gave up after", "connection refused")
	})
	t.Run("the wait for a console", func(t *testing.T) {
		a := s.access()
		a.HostKey = HostKeyConsole
		d := testDialer(t, DialerOptions{Console: func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}}, a)
		freed(t, func(ctx context.Context) error { _, err := d.Dial(ctx, s.target()); return err })
	})
}

func TestSSHTimeouts(t *testing.T) {
	t.Parallel()
	s := startServer(t, `ForceCommand if [ "$SSH_ORIGINAL_COMMAND" = wait ]; then sleep 60; fi; sleep 60`)
	o := DialerOptions{LoginTimeout: 300 * time.Millisecond, CommandTimeout: 600 * time.Millisecond, Patience: 200 * time.Millisecond}
	mute := s.access()
	mute.Port, mute.HostKey = silence(t), HostKeyAcceptNew
	_, err := testDialer(t, o, mute).Dial(within(t, time.Second), s.target())
	mustFail(t, err, false, "", "gave up after 1", "no answer within 300ms")

	o.LoginTimeout = 20 * time.Second
	h := dialSSH(t, testDialer(t, o, s.access()), s.target())
	_, err = h.Read(t.Context(), []string{"/etc/passwd"})
	mustFail(t, err, false, "", "no sign within 200ms")

	h = dialSSH(t, testDialer(t, o, s.access()), s.target())
	_, err = execute(t.Context(), h, "wait", nil)
	mustFail(t, err, false, "", "no answer within 600ms")
}

// TestSSHBoots dials a host that is not there yet, then refuses logins for a
// while, as a booting one does.
func TestSSHBoots(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	a := s.access()
	a.HostKey = HostKeyAcceptNew
	a.Port = freePort(t)
	address := withPort("127.0.0.1", a.Port, 0)
	d := testDialer(t, DialerOptions{LoginGrace: 20 * time.Second}, a)
	time.AfterFunc(200*time.Millisecond, func() {
		config := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
			return nil, errors.New("not yet")
		}}
		config.AddHostKey(s.privateHostKey(t))
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		for range 2 {
			conn, err := l.Accept()
			if err != nil {
				t.Error(err)
				break
			}
			_, _, _, _ = ssh.NewServerConn(conn, config)
			conn.Close()
		}
		l.Close()
		in, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { in.Close() })
		for {
			conn, err := in.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", s.address)
			if err != nil {
				return
			}
			go copyAndClose(out, conn)
			go copyAndClose(conn, out)
		}
	})
	dialSSH(t, d, s.target())
}

// privateHostKey lets a test answer in the server's name.
func (s *server) privateHostKey(t *testing.T) ssh.Signer {
	t.Helper()
	signer, err := ssh.ParsePrivateKey([]byte(content(t, filepath.Join(filepath.Dir(s.identity), "host_key"))))
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func copyAndClose(to, from net.Conn) {
	r := &relay{}
	r.pipe(to, from)
}

func TestSSHIdentities(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	dir := t.TempDir()
	key := newKey(t)
	locked := filepath.Join(dir, "locked")
	signer := writeKey(t, locked, key, "secret")
	write(t, filepath.Join(filepath.Dir(s.identity), "authorized_keys"), string(ssh.MarshalAuthorizedKey(signer.PublicKey())), 0o644)
	garbage := filepath.Join(dir, "garbage")
	write(t, garbage, "no key\n", 0o600)
	home := filepath.Join(dir, "home")
	writeKey(t, filepath.Join(home, ".ssh", "id_ed25519"), key, "")

	socket := startAgent(t, newKey(t), key)
	env := func(vars map[string]string) func(string) string { return func(n string) string { return vars[n] } }
	for _, c := range []struct {
		name   string
		files  []string
		env    map[string]string
		hint   string
		failed string
	}{
		{"a locked key, no agent", []string{locked}, nil, "ssh-add " + locked, "has a passphrase"},
		{"a locked key in the agent", []string{locked}, map[string]string{"SSH_AUTH_SOCK": socket}, "", ""},
		{"the agent alone", nil, map[string]string{"SSH_AUTH_SOCK": socket}, "", ""},
		{"the default file", nil, map[string]string{"HOME": home}, "", ""},
		{"an agent that is gone", nil, map[string]string{"SSH_AUTH_SOCK": filepath.Join(dir, "none")}, "ssh-add", "no key to log in with"},
		{"no key in the file", []string{garbage}, nil, "PEM or OpenSSH", garbage},
		{"the wrong key", []string{s.identity}, nil, "authorized_keys", "may not log in"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.access()
			a.IdentityFiles = c.files
			h, err := testDialer(t, DialerOptions{Getenv: env(c.env)}, a).Dial(within(t, 20*time.Second), s.target())
			if c.failed != "" {
				mustFail(t, err, true, c.hint, c.failed)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			h.Close()
		})
	}
}

// startAgent serves keys as ssh-agent does.
func startAgent(t *testing.T, keys ...any) string {
	t.Helper()
	ring := agent.NewKeyring()
	for _, k := range keys {
		if err := ring.Add(agent.AddedKey{PrivateKey: k}); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(t.TempDir(), "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { l.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { _ = agent.ServeAgent(ring, conn); conn.Close() })
		}
	})
	return socket
}
