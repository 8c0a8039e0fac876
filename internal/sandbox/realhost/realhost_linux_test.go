package realhost_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/realhost"
	"github.com/amirotate/amirotate/internal/testenv"
)

// folder makes a folder for hosts that ends with the test, where the machine
// allows hosts.
func folder(t *testing.T) string {
	t.Helper()
	dir, remove, err := realhost.NewFolder()
	if err != nil {
		testenv.Missing(t, err)
	}
	t.Cleanup(func() {
		if err := remove(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// network makes a network that ends with the test.
func network(t *testing.T) *realhost.Network {
	t.Helper()
	n, err := realhost.NewNetwork(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func boot(t *testing.T, n *realhost.Network, c realhost.Config) *realhost.Host {
	t.Helper()
	h, err := n.Boot(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, h, "it has booted", func() bool { return strings.Contains(string(h.Console()), "login:") })
	return h
}

// patience bounds how long anything may take on a busy machine.
const patience = time.Minute

func eventually(t *testing.T, h *realhost.Host, what string, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ask(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not after %s: %s\n%s", h.Config().Name, patience, what, h.Console())
		}
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func output(t *testing.T, h *realhost.Host, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := h.Output(ctx, "sh", "-c", script)
	if err != nil {
		t.Fatalf("%v\n%s", err, h.Console())
	}
	return strings.TrimSpace(out)
}

func TestHost(t *testing.T) {
	roots := folder(t)
	n := network(t)
	a, b := filepath.Join(roots, "a"), filepath.Join(roots, "b")
	write(t, filepath.Join(a, "etc/rc.local"), "#!/bin/sh\necho user data: $(curl -s http://169.254.169.254/latest/user-data)\n", 0o755)
	first := boot(t, n, realhost.Config{
		Name: "first", Address: netip.MustParseAddr("127.66.0.4"), Root: a, FirstBoot: true, UserData: []byte("worker of the farm"),
	})
	second := boot(t, n, realhost.Config{Name: "second", Address: netip.MustParseAddr("127.66.0.5"), Root: b, FirstBoot: true})

	t.Run("its own boot script reads its own user data", func(t *testing.T) {
		eventually(t, first, "user data was read", func() bool {
			return strings.Contains(string(first.Console()), "user data: worker of the farm\n")
		})
		if got := output(t, second, "curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/user-data"); got != "404" {
			t.Errorf("user data of a host without: %s, want 404", got)
		}
	})
	t.Run("its own loopback", func(t *testing.T) {
		const listen = `timeout 120 python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 9987)); s.accept()' >/dev/null 2>&1 &
			until ss -ltn | grep -q 127.0.0.1:9987; do sleep 0.05; done`
		output(t, first, listen)
		const connect = "timeout 20 bash -c '</dev/tcp/127.0.0.1/9987' 2>/dev/null && echo yes || echo no"
		if got := output(t, second, connect); got != "no" {
			t.Error("the second host reached a port on the first one's 127.0.0.1")
		}
		if got := output(t, first, connect); got != "yes" {
			t.Error("the first host didn't reach its own 127.0.0.1")
		}
	})
	t.Run("the network", func(t *testing.T) {
		if got := output(t, second, "ssh-keyscan -T 5 -t ed25519 127.66.0.4 2>/dev/null | cut -d' ' -f3"); !strings.Contains(string(first.Console()), got) || got == "" {
			t.Errorf("the first host shows key %q, which is not on its console:\n%s", got, first.Console())
		}
	})
	t.Run("its own names, processes and files", func(t *testing.T) {
		if got := output(t, first, "hostname"); got != "first" {
			t.Errorf("hostname %q", got)
		}
		if got := output(t, first, "echo mine >/etc/mine; ps -e | grep -c sshd"); got != "1" {
			t.Errorf("%s OpenSSH servers are seen, want 1", got)
		}
		if got := output(t, second, "ls /etc/mine 2>/dev/null || echo none"); got != "none" {
			t.Error("a file of the first host is seen on the second one")
		}
		if text, err := os.ReadFile(filepath.Join(a, "etc/mine")); err != nil || string(text) != "mine\n" {
			t.Errorf("the root folder's etc/mine: %q, %v", text, err)
		}
		if _, err := os.Stat("/etc/mine"); err == nil {
			t.Error("the machine itself has a host's file")
		}
	})
	t.Run("rebooted", func(t *testing.T) {
		if err := first.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		key := regexp.MustCompile(`ssh-ed25519 \S+`).FindString(string(first.Console()))
		c := first.Config()
		c.FirstBoot = false
		again := boot(t, n, c)
		if strings.Contains(string(again.Console()), "ssh-ed25519") {
			t.Error("a second boot shows host keys")
		}
		if got := output(t, again, "cat /etc/mine /etc/ssh/ssh_host_ed25519_key.pub"); !strings.HasPrefix(got, "mine\n"+key) {
			t.Errorf("after a reboot: %q, want the file and %q", got, key)
		}
	})
}

// Whatever the machine's own network has, it doesn't have the hosts'.
func TestMachineIsLeftAlone(t *testing.T) {
	dir := folder(t)
	n := network(t)
	before := machineState(t)
	root := filepath.Join(dir, "root")
	h := boot(t, n, realhost.Config{Name: "alone", Address: netip.MustParseAddr("127.66.0.4"), Root: root, FirstBoot: true})
	if now := machineState(t); now != before {
		t.Errorf("while a host is up:\n%s\nbefore:\n%s", now, before)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Output(t.Context(), "true"); err == nil {
		t.Error("a command ran on a host that is down")
	}
	if _, err := os.Stat(root + ".mounts"); err == nil {
		t.Error("the folder for mounts is still there")
	}
}

// machineState is what a host must not change: mounts, and network devices.
func machineState(t *testing.T) string {
	t.Helper()
	var state strings.Builder
	for _, file := range []string{"/proc/self/mounts", "/proc/self/net/dev", "/proc/self/net/fib_trie"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if name, _, ok := strings.Cut(line, ":"); ok && strings.HasSuffix(file, "dev") {
				line = name + "\n"
			}
			state.WriteString(line)
		}
	}
	return state.String()
}

// victimVariable makes this test's own process the one that is killed.
const victimVariable = "AMIROTATE_TEST_VICTIM"

// A process that is killed can't clean up: the kernel ends its hosts, and the
// next process removes its folder.
func TestKilledProcess(t *testing.T) {
	if name := os.Getenv(victimVariable); name != "" {
		victim(t, name)
	}
	folder(t) // or skip
	name := "victim-" + rand.Text()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledProcess$")
	cmd.Env = append(os.Environ(), victimVariable+"="+name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir, err := bufio.NewReader(out).ReadString('\n')
	dir = strings.TrimSpace(dir)
	if err != nil || len(processes(t, name)) == 0 {
		t.Errorf("the victim boots no host: %q, %v", dir, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	cmd.Wait() // killed
	for end := time.Now().Add(patience); len(processes(t, name)) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("processes %v of the host still run", processes(t, name))
		}
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("the killed process's folder: %v", err)
	}
	_, remove, err := realhost.NewFolder()
	if err != nil {
		t.Fatal(err)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the killed process's folder %s is still there: %v", dir, err)
	}
}

// victim boots a host and waits to be killed.
func victim(t *testing.T, name string) {
	dir, _, err := realhost.NewFolder()
	if err != nil {
		t.Fatal(err)
	}
	boot(t, network(t), realhost.Config{Name: name, Address: netip.MustParseAddr("127.66.0.4"), Root: filepath.Join(dir, "root"), FirstBoot: true})
	fmt.Println(dir)
	time.Sleep(time.Minute)
	t.Fatal("nobody killed the victim")
}

// processes are those of the host of that name; a zombie has no environment.
func processes(t *testing.T, host string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains("\x00"+string(text), "\x00NAME="+host+"\x00") {
			found = append(found, file)
		}
	}
	return found
}
