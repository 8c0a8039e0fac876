//go:build unix

package remote

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/hint"
	"github.com/amirotate/amirotate/internal/sandbox/bastion"
	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost"
	"github.com/amirotate/amirotate/internal/sandbox/winhost"
	"github.com/amirotate/amirotate/internal/verify"
)

const (
	linuxPath   = "/home/rustbuild/rust-buildbot/rust-bot-cert.pem"
	windowsPath = `C:\Program Files (x86)\stunnel\cert.pem`
	password    = "correct horse"
)

// sandbox is a network with a bastion, one Linux and one Windows host.
type sandbox struct {
	t        *testing.T
	bastion  *bastion.Bastion
	dialer   *Dialer
	computer map[string]machine.Computer // by instance id
	root     map[string]string
	closed   map[string]bool // instance ids whose group lets nobody in
	access   map[string]Access
}

// strike is a deed that strikes a platform's computer once at a point.
type strike struct {
	platform, at, deed string
	once               sync.Once
}

func (s *strike) Strike(lineage []string, at string) (deed string) {
	if s != nil && lineage[0] == "ami-"+s.platform && at == s.at {
		s.once.Do(func() { deed = s.deed })
	}
	return deed
}

func newSandbox(t *testing.T, faults *strike) *sandbox {
	t.Helper()
	key := filepath.Join(t.TempDir(), "id")
	public := writeKey(t, key, newKey(t), "").PublicKey()
	from := netip.MustParseAddr("127.66.0.10")
	net66, fast := network.New(), clock.New(0.001)
	b, err := bastion.Start(bastion.Options{Network: net66, User: "ops", AuthorizedKeys: []ssh.PublicKey{public}, From: from})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	ca, err := winhost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	write(t, caFile, string(ca.PEM()), 0o644)
	s := &sandbox{t: t, bastion: b, computer: map[string]machine.Computer{}, root: map[string]string{}, closed: map[string]bool{},
		access: map[string]Access{
			"linux": {Platform: "linux", User: "rustbuild", IdentityFiles: []string{key}},
			"windows": {Platform: "windows", User: "Administrator", CAFile: caFile, Auth: "ntlm",
				Password: Password{Env: "PASSWORD"}},
		}}
	drivers := map[string]machine.Driver{
		"linux": posixhost.New(posixhost.Options{Network: net66, Clock: fast, AuthorizedKeys: []ssh.PublicKey{public},
			Faults: faults, Died: func(string) {}}),
		"windows": winhost.New(winhost.Options{Network: net66, Clock: fast, Password: password, CA: ca, Faults: faults,
			AuthorizedKeys: []ssh.PublicKey{public}}),
	}
	s.boot(drivers["linux"], "linux", "127.66.1.1", from, linuxPath)
	s.boot(drivers["windows"], "windows", "127.66.1.2", from, "/C/Program Files (x86)/stunnel/cert.pem")
	s.dialer = NewDialer(DialerOptions{
		Bastion: &Bastion{Address: b.Addr(), User: "ops", IdentityFiles: []string{key}, HostKey: HostKeyAcceptNew},
		Access:  func(source string) (Access, error) { return s.access[source], nil },
		Getenv:  func(n string) string { return map[string]string{"PASSWORD": password}[n] },
		Console: func(_ context.Context, id string) (string, error) { return string(s.computer[id].Console()), nil },
	})
	t.Cleanup(func() { _ = s.dialer.Close() })
	return s
}

func (s *sandbox) boot(d machine.Driver, platform, address string, from netip.Addr, file string) {
	s.t.Helper()
	id := "i-" + platform
	s.root[id] = s.t.TempDir()
	write(s.t, filepath.Join(s.root[id], file), oldText, 0o644)
	if platform == "windows" { // with OpenSSH's server
		write(s.t, filepath.Join(s.root[id], "C/ProgramData/ssh/sshd_config"), "", 0o644)
	}
	c, err := d.Boot(s.t.Context(), machine.Spec{
		InstanceID: id, ImageID: "ami-" + platform, Lineage: []string{"ami-" + platform}, Platform: platform,
		User: s.access[platform].User, Address: netip.MustParseAddr(address), Root: s.root[id],
		Groups: func() []machine.Group {
			if s.closed[id] {
				return nil
			}
			return []machine.Group{{ID: "sg-1", Ingress: []machine.Rule{{FromPort: 0, ToPort: 65535,
				Prefixes: []netip.Prefix{netip.PrefixFrom(from, 32)}}}}}
		},
		FirstBoot: true, Boot: 100 * time.Second,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.computer[id] = c
	s.t.Cleanup(func() { _ = c.Shutdown(context.Background()) })
}

func (s *sandbox) target(platform string) Target {
	address := map[string]string{"linux": "127.66.1.1", "windows": "127.66.1.2"}[platform]
	return Target{Source: platform, InstanceID: "i-" + platform, Address: address}
}

func (s *sandbox) dial(platform string) Host {
	s.t.Helper()
	h, err := s.dialer.Dial(within(s.t, 30*time.Second), s.target(platform))
	if err != nil {
		s.t.Fatalf("%v (hint: %s)", err, hint.Of(err))
	}
	s.t.Cleanup(func() { _ = h.Close() })
	return h
}

func TestSandboxBothPlatforms(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	if err := s.dialer.CheckBastion(t.Context()); err != nil {
		t.Fatal(err)
	}
	for platform, path := range map[string]string{"linux": linuxPath, "windows": windowsPath} {
		c := change(path)
		h := s.dial(platform)
		before, err := h.Replace(t.Context(), []verify.Change{c})
		if err != nil {
			t.Fatalf("%s: %v", platform, err)
		}
		after, err := h.Read(t.Context(), []string{path, path + ".none"})
		if err != nil {
			t.Fatalf("%s: %v", platform, err)
		}
		if c.Judge(before[0]) != verify.MatchOld || c.Judge(after[0]) != verify.MatchNew ||
			after[0].Owner != before[0].Owner || after[1].Status != verify.Missing {
			t.Errorf("%s: before %+v, after %+v", platform, before, after)
		}
		other := c
		other.New, other.Old = []byte("third"), c.Old
		if _, err := h.Replace(t.Context(), []verify.Change{other}); outcomeOf(err) != verify.OtherContent {
			t.Errorf("%s: an unexpected file: %v", platform, err)
		}
	}
}

// TestSandboxFaults lets each thing go wrong once. What is tried again then must
// end well, but for a wrong host key, which is final.
func TestSandboxFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ platform, path, at, deed string }{
		{"linux", linuxPath, machine.AtPatch, machine.DropConnection},
		{"linux", linuxPath, machine.AtPatch, machine.FlipByte},
		{"linux", linuxPath, machine.AtPatch, machine.DiskFull},
		{"linux", linuxPath, machine.AtConnect, machine.DropConnection},
		{"windows", windowsPath, machine.AtPatch, machine.DropConnection},
		{"windows", windowsPath, machine.AtPatch, machine.DiskFull},
	} {
		t.Run(fmt.Sprintf("%s %s %s", c.platform, c.at, c.deed), func(t *testing.T) {
			t.Parallel()
			s := newSandbox(t, &strike{platform: c.platform, at: c.at, deed: c.deed})
			_, err := s.dial(c.platform).Replace(within(t, 20*time.Second), []verify.Change{change(c.path)})
			if (err == nil) != (c.at == machine.AtConnect) || IsFinal(err) && c.deed != machine.DiskFull || outcomeOf(err) != 0 {
				t.Errorf("the first time: %v", err)
			}
			h := s.dial(c.platform)
			if _, err := h.Replace(within(t, 20*time.Second), []verify.Change{change(c.path)}); err != nil {
				t.Fatal(err)
			}
			after, err := h.Read(t.Context(), []string{c.path})
			if err != nil || change(c.path).Judge(after[0]) != verify.MatchNew {
				t.Errorf("%+v, %v", after, err)
			}
		})
	}
	t.Run("wrong host key", func(t *testing.T) {
		t.Parallel()
		s := newSandbox(t, &strike{platform: "linux", at: machine.AtBoot, deed: machine.WrongHostKey})
		_, err := s.dialer.Dial(within(t, 20*time.Second), s.target("linux"))
		mustFail(t, err, true, "find out", "not one that the instance printed to its console")
	})
}

func TestSandboxClosedGroup(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	s.closed["i-linux"] = true
	start := time.Now()
	_, err := s.dialer.Dial(within(t, 1200*time.Millisecond), s.target("linux"))
	mustFail(t, err, false, "", "i-linux at 127.66.1.1", "gave up after 1.", "no answer from 127.66.1.1:22 within 500ms")
	if took := time.Since(start); took > 2200*time.Millisecond {
		t.Errorf("gave up after %v", took)
	}
}

func TestSandboxBastionRestarts(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	s.dial("linux")
	restarted := make(chan error, 1)
	go func() { restarted <- s.bastion.Restart(t.Context(), 300*time.Millisecond) }()
	time.Sleep(100 * time.Millisecond)
	for platform := range s.access {
		h := s.dial(platform)
		if _, err := h.Read(t.Context(), []string{map[string]string{"linux": linuxPath, "windows": windowsPath}[platform]}); err != nil {
			t.Error(err)
		}
	}
	if err := <-restarted; err != nil {
		t.Error(err)
	}
}

func TestSandboxWindowsVerification(t *testing.T) {
	t.Parallel()
	s := newSandbox(t, nil)
	s.dial("windows")
	good := s.access["windows"]
	for _, c := range []struct {
		name  string
		edit  func(a *Access)
		words string // of the error; "" for none
		hint  string
	}{
		{"console", func(a *Access) { a.CAFile, a.HostKey = "", HostKeyConsole }, "", ""},
		{"accept new", func(a *Access) { a.CAFile, a.HostKey = "", HostKeyAcceptNew }, "", ""},
		{"basic", func(a *Access) { a.Auth = "basic" }, "", ""},
		{"wrong fingerprint", func(a *Access) {
			a.CAFile, a.Fingerprint = "", fmt.Sprintf("%064x", 1)
		}, "is not the pinned one", "fingerprint"},
		{"system's authorities", func(a *Access) { a.CAFile, a.HostKey = "", HostKeyKnownHosts }, "unknown authority", ""},
		{"no CA file", func(a *Access) { a.CAFile = "/nonexistent" }, "/nonexistent", ""},
		{"no password", func(a *Access) { a.Password = Password{} }, "no password is configured", ""},
		{"unknown transport", func(a *Access) { a.Transport = "telnet" }, `unknown transport "telnet"`, ""},
		{"encrypted by NTLM", func(a *Access) { a.CAFile, a.NoTLS = "", true }, "", ""},
		{"port 5985", func(a *Access) { a.CAFile, a.Auth, a.Port = "", "", 5985 }, "", ""},
		{"a CA without TLS", func(a *Access) { a.NoTLS = true }, "there is no certificate to verify", "port 5986"},
		{"basic without TLS", func(a *Access) { a.CAFile, a.NoTLS, a.Auth = "", true, "basic" }, "would show the password", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := good
			c.edit(&a)
			s.access["windows"] = a
			h, err := s.dialer.Dial(within(t, 20*time.Second), s.target("windows"))
			if c.words != "" {
				mustFail(t, err, true, c.hint, c.words)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			h.Close()
		})
	}
}
