package sandbox_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/testenv"
)

// Anybody's ssh logs in to a static host directly, with the host key that
// known_hosts has; one that is down accepts nobody, and keeps its port.
func TestSSHToAStaticHost(t *testing.T) {
	program := testenv.Program(t, "ssh")
	s := start(t, scenarioFile(t, "static:\n"+
		"  - {name: mac1, user: admin, files: [{path: /Users/admin/cert.pem, content: hello}, {path: /spool, folder: true, mode: \"0777\"}]}\n"+
		"  - {name: bsd1, down: true, files: [{path: /cert.pem, from: old}]}\n"))
	c, err := config.Load(s.Ready().Config, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	sh, b := newShell(t, s), s.Ready().Bastion
	host, port, _ := strings.Cut(c.Static[0].Address, ":")
	out, err := sh.run(program, "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=yes",
		"-o", "UserKnownHostsFile="+b.KnownHosts, "-i", b.IdentityFile, "-p", port, "admin@"+host, "cat /Users/admin/cert.pem; echo there >/spool/new")
	if err != nil || out != "hello" {
		t.Errorf("ssh: %v: %s", err, out)
	}
	if text, err := os.ReadFile(filepath.Join(filepath.Dir(s.Ready().Config), "static/mac1/root/spool/new")); err != nil || string(text) != "there\n" {
		t.Errorf("what was written is %q, %v", text, err)
	}
	conn, err := net.DialTimeout("tcp", c.Static[1].Address, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("a host that is down said %d bytes", n)
	}
}

// The configuration that is written names the static hosts as they are.
func TestConfigurationOfStaticHosts(t *testing.T) {
	s := start(t, "")
	c, err := config.Load(s.Ready().Config, func(name string) string { return s.Environment()[name] })
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields("bitrig1 freebsd10_32-1 freebsd10_64-1 dragonflybsd-64-opt openbsd-64-opt mac1 mac2")
	hosts, unused, err := c.StaticHosts(names, nil)
	if err != nil || len(unused) > 0 || len(hosts) != len(names) {
		t.Fatalf("%d hosts, unused %v, %v", len(hosts), unused, err)
	}
	for i, h := range hosts {
		path := "/home/rust/rust-buildbot/rust-bot-cert.pem"
		if strings.HasPrefix(names[i], "mac") {
			path = "/Users/rustbuild/rust-buildbot/rust-bot-cert.pem"
		}
		if h.Workers[0] != names[i] || h.Optional != (names[i] == "bitrig1") || h.Settings.Files[0].Path != path {
			t.Errorf("%+v", h)
		}
	}
}
