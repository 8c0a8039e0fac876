package replay

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/amirotate/amirotate/internal/sandbox/realhost"
	"github.com/amirotate/amirotate/internal/testenv"
)

// buildProgram builds the real binary, meanwhile.
func buildProgram(t *testing.T) <-chan string {
	program, built := filepath.Join(t.TempDir(), "amirotate"), make(chan string, 1)
	ctx := t.Context()
	done := make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		defer close(built)
		out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/amirotate/amirotate/cmd/amirotate").CombinedOutput()
		if err != nil {
			t.Errorf("cannot build the program: %v\n%s", err, out)
			return
		}
		built <- program
	}()
	return built
}

// configure writes amirotate.yaml: EC2's bastion is the real one, and the list is
// the buildmaster's own.
func (f *farm) configure() {
	f.Helper()
	bastion, master := f.door(f.bastion, bastionAddress), f.door(f.master, masterAddress)
	f.write("known_hosts", f.knownHost(bastion, f.bastion)+f.knownHost(master, f.master)+f.knownHost(masterAddress.String(), f.master), 0o644)
	f.write("amirotate.yaml", fmt.Sprintf(`slave_list: ssh://root@%[2]s/home/buildbot/master/slave-list.txt
region: us-west-1
certificate: {old: ec2/old-cert.pem, new: ec2/new-cert.pem, key: scenario/new-key.pem}
launch: {security_groups: [rust-slave]}
bastion: {address: "%[1]s", user: ops, identity_file: identity, known_hosts: known_hosts}
master:
  address: ssh://root@%[3]s
  bastion: true
  certificate: /home/buildbot/master/server-cert.pem
  key: /home/buildbot/master/server-key.pem
  commands:
    - run: /usr/local/sbin/farm restart-stunnel
    - {run: /usr/local/sbin/farm restart-master, timeout: 2m}
  check: {address: "%[3]s:9988", bastion: true}
platforms:
  linux:
    transport: ssh
    user: rustbuild
    identity_file: identity
    host_key: console
    files:
      - path: /home/rustbuild/rust-buildbot/rust-bot-cert.pem
waits: {poll: 50ms, connect: 2m}
`, bastion, master, masterAddress), 0o644)
}

// door is an address on loopback that leads to a host's SSH server, which is up.
func (f *farm) door(h *realhost.Host, address netip.Addr) string {
	f.Helper()
	f.until(h.Config().Name+"'s SSH server is up", func() bool { _, err := f.on(h, "sh", "-c", "ss -ltn | grep -q :22"); return err == nil })
	door, err := f.network.Forward(netip.AddrPortFrom(address, 22))
	check(f.T, err)
	return door
}

// knownHost is the line of known_hosts for a host at an address.
func (f *farm) knownHost(address string, h *realhost.Host) string {
	f.Helper()
	if host, port, ok := strings.Cut(address, ":"); ok {
		address = "[" + host + "]:" + port
	}
	return address + " " + f.mustOn(h, "cat", "/etc/ssh/ssh_host_ed25519_key.pub") + "\n"
}

// amirotate runs the program and returns what it printed.
func (f *farm) amirotate(program string, args ...string) string {
	f.Helper()
	if program == "" {
		f.Fatal("there is no program to run")
	}
	ctx, cancel := context.WithTimeout(f.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append([]string{"--config", f.path("amirotate.yaml")}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.dir}
	for name, value := range f.ec2.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // it is the thread whose death kills
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		f.Fatalf("amirotate %v: %v\n%s", args, err, out.Bytes())
	}
	return out.String()
}

// versions of what others wrote.
func versions(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{
		{"uname", "-sr"}, {"buildbot", "--version"}, {"buildbot-worker", "--version"}, {"stunnel4", "-version"}, {"/usr/sbin/sshd", "-V"},
		{"openssl", "version"}, {"faketime", "--version"}, {"ip", "-V"}, {"nsenter", "--version"}, {"sqlite3", "--version"},
	} {
		out, _ := exec.Command(args[0], args[1:]...).CombinedOutput() // some exit with 1
		for line := range strings.Lines(string(out)) {
			line = strings.TrimSpace(line)
			if strings.ContainsAny(line, "0123456789") && !strings.HasPrefix(line, "[") {
				testenv.Figure(t, "version: %-16s %s", filepath.Base(args[0]), line)
				break
			}
		}
	}
}
