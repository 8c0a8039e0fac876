package posixhost_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/testenv"
)

func TestConsoleShowsHostKeysAtFirstBootOnly(t *testing.T) {
	w := newWorld(t, nil)
	w.run("true", "")
	first := string(w.computer.Console())
	shown := consoleKeys([]byte(first))
	prints := regexp.MustCompile(`(?m)^ec2: 256 (SHA256:\S+) root@ip-127-66-1-20 \((ED25519|ECDSA)\)\r$`).FindAllStringSubmatch(first, -1)
	if len(shown) != 2 || len(prints) != 2 {
		t.Fatalf("%d keys and %d fingerprints in\n%s", len(shown), len(prints), first)
	}
	for i, line := range shown {
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil || ssh.FingerprintSHA256(key) != prints[i][1] {
			t.Errorf("%s: fingerprint %s, %v", line, prints[i][1], err)
		}
	}
	if out, err := w.ssh("-J", "bastion", "rustbuild@127.66.1.20", "echo in"); err != nil || out != "in\n" {
		t.Errorf("the keys shown are not the host's: %v\n%s", err, out)
	}
	config := w.sshConfig()
	if err := w.computer.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.spec.FirstBoot = false
	w.boot()
	w.run("true", "")
	if strings.Contains(string(w.computer.Console()), "SSH HOST KEY") {
		t.Error("a later boot shows keys")
	}
	cmd := exec.Command(testenv.Program(t, "ssh"), "-F", config, "-J", "bastion", "rustbuild@127.66.1.20", "echo again")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "again\n" {
		t.Errorf("the keys changed with a later boot: %v\n%s", err, out)
	}
}

func TestBootTakesItsTime(t *testing.T) {
	w := newWorld(t, nil)
	w.computer.Shutdown(t.Context())
	w.spec.Boot = 300 * time.Second // 0.3 s
	start := time.Now()
	w.boot()
	w.run("true", "")
	if took := time.Since(start); took < 300*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}

func TestLogin(t *testing.T) {
	w := newWorld(t, nil)
	w.run("true", "")
	stranger, _ := newKey(t)
	pair, _ := newKey(t)
	w.computer.Shutdown(t.Context())
	w.spec.PublicKey = string(ssh.MarshalAuthorizedKey(pair.PublicKey()))
	w.boot()
	w.run("true", "")
	for _, tt := range []struct {
		user   string
		signer ssh.Signer
		want   bool
	}{{"rustbuild", w.signer, true}, {"root", w.signer, false}, {"rustbuild", stranger, false}, {"rustbuild", pair, true}} {
		conn, err := w.network.Dial(t.Context(), netip.MustParseAddr("127.66.0.10"), nil, netip.MustParseAddrPort("127.66.1.20:22"))
		if err != nil {
			t.Fatal(err)
		}
		client, err := handshake(conn, tt.user, tt.signer)
		if (err == nil) != tt.want {
			t.Errorf("login as %s: %v, want %v", tt.user, err, tt.want)
		}
		if client != nil {
			client.Close()
		}
	}
}

func TestSessions(t *testing.T) {
	w := newWorld(t, nil)
	client, err := w.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	tests := []struct{ name, line, input, want string }{
		{"environment", `echo "$USER $HOME $LOGNAME $SHELL"; pwd; echo "$UID$TMPDIR"`, "", "rustbuild /home/rustbuild rustbuild /bin/sh\n/home/rustbuild\n\n"},
		{"login shell", "", "echo from stdin\nexit 3\n", "from stdin\n[3]"},
		{"reads stdin", "cat; echo end", "input", "inputend\n"},
		{"missing command", "frobnicate", "", "[127]"},
		{"tty refused or not, commands run", "test -t 0 || echo no tty", "", "no tty\n"},
		{"syntax error", "if", "", "[2]"},
		{"machine's files", "cat /etc/hostname /proc/self/status; ls /", "", "home\n"},
		{"devices", "echo x > /dev/null; head -c 2 /dev/zero | od -An -tx1", "", " 00 00\n"},
		{"machine's temporary files", "cat < /tmp/sh-interp-x; echo $?", "", "1\n"},
		{"eval is POSIX", "eval 'cat <(echo x)'", "", "[2]"},
		{"hostname", "hostname", "", "ip-127-66-1-20\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, stderr, status := runOn(t, client, tt.line, strings.NewReader(tt.input))
			if status != 0 {
				out += fmt.Sprintf("[%d]", status)
			}
			if out != tt.want {
				t.Errorf("output %q, want %q (stderr %s)", out, tt.want, stderr)
			}
		})
	}
}

func TestEachCommandRunsAsItArrives(t *testing.T) {
	w := newWorld(t, nil)
	client, err := w.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	in, _ := session.StdinPipe()
	out, _ := session.StdoutPipe()
	if err := session.Start("exec /bin/sh -s"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		fmt.Fprintf(in, "echo answer %d\n", i)
		buf := make([]byte, 64)
		n, err := out.Read(buf)
		if want := fmt.Sprintf("answer %d\n", i); string(buf[:n]) != want || err != nil {
			t.Fatalf("read %q, %v", buf[:n], err)
		}
	}
	in.Close()
	if err := session.Wait(); err != nil {
		t.Error(err)
	}
}

func TestClientGoneHangsUp(t *testing.T) {
	w := newWorld(t, nil)
	client, err := w.dial()
	if err != nil {
		t.Fatal(err)
	}
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, _ := session.StdoutPipe()
	if err := session.Start(`trap 'rm -f staged; exit 1' HUP; trap 'echo bye > ended' EXIT; : > staged; echo ready; sleep 100000`); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	client.Close()
	home := filepath.Join(w.spec.Root, "home/rustbuild")
	for range 200 {
		if _, err := os.Stat(filepath.Join(home, "ended")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := os.Stat(filepath.Join(home, "ended")); err != nil {
		t.Error("the command did not end with its client")
	}
	if _, err := os.Stat(filepath.Join(home, "staged")); err == nil {
		t.Error("the trap for HUP did not run")
	}
}

func TestShutdownLeavesTheFolderQuiet(t *testing.T) {
	w := newWorld(t, nil)
	client, err := w.dial()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			runOn(t, client, fmt.Sprintf("while :; do echo x >> busy%d; (echo y > /tmp/t%[1]d; rm -f /tmp/t%[1]d) & wait; done", i), strings.NewReader(""))
		})
	}
	time.Sleep(100 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	start := time.Now()
	if err := w.computer.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("shutdown took %v", took)
	}
	before := tree(t, w.spec.Root)
	time.Sleep(50 * time.Millisecond)
	if after := tree(t, w.spec.Root); after != before {
		t.Error("something still writes")
	}
	if err := w.computer.Shutdown(ctx); err != nil {
		t.Error("second shutdown:", err)
	}
	wg.Wait()
}

func TestTmpIsThereOnlyWhileItIsUsed(t *testing.T) {
	w := newWorld(t, nil)
	before := tree(t, w.spec.Root)
	if out, stderr, _ := w.run("t=$(mktemp) && echo data > $t && cat $t && rm $t && ls -ld /tmp | cut -c1-10", ""); out != "data\ndrwxrwxrwt\n" {
		t.Fatalf("%q %s", out, stderr)
	}
	if after := tree(t, w.spec.Root); after != before {
		t.Errorf("left behind:\n%s", after)
	}
	w.run("echo left > /tmp/behind", "")
	if _, err := os.Stat(filepath.Join(w.spec.Root, "tmp/behind")); err != nil {
		t.Error("a file in /tmp is not in the folder:", err)
	}
}

func TestScp(t *testing.T) {
	w := newWorld(t, nil)
	w.run("true", "")
	config, dir := w.sshConfig(), t.TempDir()
	local := filepath.Join(dir, "upload file")
	if err := os.WriteFile(local, []byte(strings.Repeat("payload\n", 10000)), 0o640); err != nil {
		t.Fatal(err)
	}
	scp := func(args ...string) {
		t.Helper()
		cmd := exec.Command(testenv.Program(t, "scp"), append([]string{"-O", "-q", "-F", config, "-J", "bastion"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("scp %v: %v\n%s", args, err, out)
		}
	}
	host := "rustbuild@127.66.1.20:"
	scp("-p", local, host+"uploaded")
	scp(host+"uploaded", filepath.Join(dir, "back"))
	scp("-r", dir, host+"tree")
	want, _ := os.ReadFile(local)
	for _, name := range []string{filepath.Join(dir, "back"), filepath.Join(w.spec.Root, "home/rustbuild/uploaded"), filepath.Join(w.spec.Root, "home/rustbuild/tree/upload file")} {
		if got, err := os.ReadFile(name); err != nil || string(got) != string(want) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if info, err := os.Stat(filepath.Join(w.spec.Root, "home/rustbuild/uploaded")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestManySessionsAtOnce(t *testing.T) {
	w := newWorld(t, nil)
	client, err := w.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			want := fmt.Sprintf("%d\n", i)
			if out, stderr, status := runOn(t, client, "cat | tr -d x", strings.NewReader("x"+want)); out != want || status != 0 {
				t.Errorf("%q %q %d", out, stderr, status)
			}
		})
	}
	wg.Wait()
}
