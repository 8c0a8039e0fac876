//go:build unix

package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/testenv"
)

// startMaster starts a real sshd on loopback, which the farm's identity may log
// in to, and returns user@host:port.
func startMaster(t *testing.T, f *farmtest.Farm) string {
	t.Helper()
	sshd := testenv.Program(t, "sshd")
	dir := t.TempDir()
	keygen(t, "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, "host"))
	public := keygen(t, "-y", "-f", filepath.Join(f.Dir, "ssh/identity"))
	put(t, filepath.Join(dir, "authorized"), public)
	port := freePort(t)
	put(t, filepath.Join(dir, "config"), fmt.Sprintf(
		"Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nAuthorizedKeysFile %s/authorized\nPidFile none\nUsePAM no\nStrictModes no\n", port, dir, dir))
	if os.Getuid() == 0 {
		_ = os.MkdirAll("/run/sshd", 0o755) // where sshd as root separates its privileges
	}
	cmd := exec.Command(sshd, "-D", "-e", "-f", filepath.Join(dir, "config"))
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("sshd: %s", log.String())
		}
	})
	awaitPort(t, port)
	host, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	known := string(f.Read("ssh/known_hosts")) + fmt.Sprintf("[127.0.0.1]:%d %s", port, host)
	f.Write("ssh/known_hosts", known)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s@127.0.0.1:%d", me.Username, port)
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func keygen(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(testenv.Program(t, "ssh-keygen"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	return string(out)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func awaitPort(t *testing.T, port int) {
	t.Helper()
	for range 200 {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatal("sshd does not listen")
}

// The list on another computer is read and replaced over real SSH, with the same
// promises as one on this disk.
func TestListOverSSH(t *testing.T) {
	f := farmtest.Start(t, remoteListScenario, map[string]string{"list.txt": "a1 secret ami=ami-22222222\r\nmac1 secret snap=true"})
	master := startMaster(t, f)
	dir := filepath.Join(t.TempDir(), "it's the master's")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "slave-list.txt")
	list := f.Read("slave-list.txt")
	put(t, path, string(list))
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	url := "ssh://" + master + strings.ReplaceAll(path, " ", "%20")

	if r := f.MustRun(0, "slavelist", "show", url); !strings.Contains(r.Stdout, "ami-22222222") || strings.Contains(r.Stdout, "secret") {
		t.Errorf("slavelist show printed\n%s", r.Stdout)
	}
	f.MustRun(0, "rotate", "--slave-list", url)
	rotated, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(rotated, []byte("ami-22222222")) || !bytes.HasSuffix(rotated, []byte("\r\nmac1 secret snap=true")) {
		t.Errorf("the list is %q", rotated)
	}
	if previous, err := os.ReadFile(path + ".previous"); err != nil || !bytes.Equal(previous, list) {
		t.Errorf(".previous holds %q (%v), want %q", previous, err, list)
	}
	for _, name := range []string{path, path + ".previous"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: mode %v (%v), want 0640", name, info.Mode(), err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left in the list's folder: %v", entries)
	}
	if !bytes.Equal(list, f.Read("slave-list.txt")) {
		t.Error("the local list was changed")
	}

	f.MustRun(0, "rollback", "--slave-list", url)
	if back, err := os.ReadFile(path); err != nil || !bytes.Equal(back, list) {
		t.Errorf("rolled back to %q (%v), want %q", back, err, list)
	}
	if r := f.MustRun(2, "plan", "--slave-list", url+".nowhere"); !strings.Contains(r.Stderr, "no such file") {
		t.Errorf("stderr: %s", r.Stderr)
	}
}

// A list that somebody edits meanwhile is left as they left it.
func TestListOverSSHChangedMeanwhile(t *testing.T) {
	f := farmtest.Start(t, remoteListScenario, map[string]string{"list.txt": "a1 secret ami=ami-22222222\n"})
	path := filepath.Join(t.TempDir(), "slave-list.txt")
	put(t, path, string(f.Read("slave-list.txt")))
	url := "ssh://" + startMaster(t, f) + path
	edited := "a1 other ami=ami-22222222\n"
	watcher := writerFunc(func(p []byte) {
		if bytes.Contains(p, []byte(`"step":"bake","status":"ok"`)) {
			put(t, path, edited)
		}
	})
	r := f.RunWatched(context.Background(), watcher, "--config", f.Sandbox.Ready().Config, "rotate", "--json", "--slave-list", url)
	if r.Code != 4 {
		t.Errorf("exit code %d, want 4\n%s", r.Code, r.Stderr)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != edited {
		t.Errorf("the list is %q (%v), want %q", now, err, edited)
	}
}

type writerFunc func([]byte)

func (w writerFunc) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

const remoteListScenario = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.001}
timings: {api: 0s, pending: 5s, boot: {linux: 5s}, stop: 5s, image: 20s, terminate: 5s}
throttle: off
security_groups:
  - {id: sg-11111111, name: workers, ingress: [{port: 22, from: bastion}]}
images:
  - id: ami-22222222
    name: beta
    platform: linux
    user: builder
    files:
      - {path: /etc/cert.pem, from: old}
`
