package cli_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// secretFarm is a farm whose every secret is marked: the list's passwords, the
// WinRM password, the SSH key in the agent and the passphrase of its file, and
// the certificates' private keys: the new one is among the files that hosts get,
// and is put in the old one's place on the buildmaster.
type secretFarm struct {
	*farmtest.Farm
	marks  []mark
	agent  string          // socket
	may    map[string]bool // files that hold secrets, before anything is run
	argsMu sync.Mutex
	args   []byte // of all processes that were seen
}

const secretScenario = `
region: us-west-1
slave_list: list.txt
clock: {scale: 0.002}
timings: {api: 0s, pending: 5s, boot: {linux: 5s, windows: 10s}, stop: 5s, image: 20s, terminate: 5s}
throttle: off
security_groups:
  - {id: sg-0a1b2c3d, name: workers, ingress: [{port: 22, from: bastion}, {port: 5986, from: bastion}]}
images:
  - id: ami-0f1e2d3c
    name: linux
    platform: linux
    user: builder
    files:
      - {path: /srv/cert.pem, from: old}
      - {path: /srv/bot-key.pem, from: old, mode: "0600"}
  - id: ami-0123456789abcdef0
    name: windows
    platform: windows
    files:
      - {path: 'C:\bot\cert.pem', from: old}
      - {path: 'C:\bot\bot-key.pem', from: old}
static:
  - {name: mac1, files: [{path: /Users/bot/cert.pem, from: old}]}
master: {}
`

var listMarks = []string{"MARK-list-Zk2qx9/1", "MARK-list-Zk2qx9+2", "MARK-list-Zk2qx9=3", "MARK-list-Zk2qx9%4"}

func newSecretFarm(t *testing.T) *secretFarm {
	list := "# name password\nlinux1 " + listMarks[0] + " ami=ami-0f1e2d3c instance_type=m3.xlarge\nwin1 \t" + listMarks[1] +
		" ami=ami-0123456789abcdef0 instance_type=m3.xlarge\n#win2 " + listMarks[2] + " ami=ami-0123456789abcdef0\nmac1 " + listMarks[3] + " ios=true\n"
	f := &secretFarm{Farm: farmtest.Start(t, secretScenario, map[string]string{"list.txt": list}), may: map[string]bool{}}
	for i, password := range listMarks {
		f.mark(fmt.Sprintf("password %d of the list", i+1), []byte(password))
	}
	f.mark("WinRM password", []byte(f.Sandbox.Environment()["AMIROTATE_WINRM_PASSWORD"]))
	f.lockIdentity()
	f.certificateKey("new", "new-key.pem")
	f.certificateKey("old", masterKey)
	config := string(f.Read("amirotate.yaml"))
	for certificate, key := range map[string]string{"path: /srv/cert.pem": "/srv/bot-key.pem", `path: "C:\\bot\\cert.pem"`: `'C:\bot\bot-key.pem'`} {
		if !strings.Contains(config, certificate) {
			t.Fatalf("the configuration misses %s:\n%s", certificate, config)
		}
		config = strings.Replace(config, certificate, certificate+"\n      - path: "+key+"\n        new: new-key.pem", 1)
	}
	config = strings.Replace(config, "  poll: 10ms", "  poll: 10ms\n  connect: 2s", 1)
	f.Write("amirotate.yaml", config+"notify:\n  on_success: [{run: cat > notified.json}]\n  on_failure: [{run: cat > notified-failure.json}]\n")
	for path, found := range f.search() {
		f.may[path] = len(found) > 0
	}
	return f
}

func (f *secretFarm) mark(name string, secret []byte) {
	f.marks = append(f.marks, newMark(name, secret))
}

// lockIdentity gives the identity file a passphrase, and its key to an agent.
func (f *secretFarm) lockIdentity() {
	f.T.Helper()
	const passphrase = "MARK-passphrase-7Hq"
	key, err := ssh.ParseRawPrivateKey(f.Read("ssh/identity"))
	fatal(f.T, err)
	private := *key.(*ed25519.PrivateKey)
	locked, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	fatal(f.T, err)
	f.Write("ssh/identity", string(pem.EncodeToMemory(locked)))
	f.mark("passphrase", []byte(passphrase))
	f.mark("SSH key", private.Seed())
	keys := agent.NewKeyring()
	fatal(f.T, keys.Add(agent.AddedKey{PrivateKey: private}))
	f.agent = filepath.Join(f.T.TempDir(), "agent")
	listener, err := net.Listen("unix", f.agent)
	fatal(f.T, err)
	f.T.Cleanup(func() { listener.Close() })
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			go func() { _ = agent.ServeAgent(keys, conn) }()
		}
	}()
}

// certificateKey marks the middle of a certificate's key, as its file has it and
// as bytes.
func (f *secretFarm) certificateKey(which, name string) {
	f.T.Helper()
	file := f.Read(name)
	block, _ := pem.Decode(file)
	f.mark(which+" certificate's key", block.Bytes[len(block.Bytes)/2:][:32])
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	f.mark("line of the "+which+" certificate's key", []byte(lines[len(lines)/2]))
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// search looks for the marks in every file below the farm's folder.
func (f *secretFarm) search() map[string][]string {
	f.T.Helper()
	found := map[string][]string{}
	fatal(f.T, filepath.WalkDir(f.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(f.Dir, path)
		found[rel] = f.marksIn(data)
		return err
	}))
	return found
}

func (f *secretFarm) marksIn(text []byte) []string {
	var found []string
	for _, m := range f.marks {
		if form := m.in(text); form != "" {
			found = append(found, m.name+" ("+form+")")
		}
	}
	return found
}

// run runs the program as a process, watches the arguments of it and of all that
// it starts, and keeps what it prints.
func (f *secretFarm) run(code int, env []string, args ...string) {
	f.T.Helper()
	path, err := exec.LookPath("amirotate")
	fatal(f.T, err)
	cmd := exec.Command(path, args...)
	tmp := filepath.Join(f.Dir, "tmp")
	fatal(f.T, os.MkdirAll(tmp, 0o700))
	cmd.Dir, cmd.Env = f.Dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(f.Dir, "home"), "TMPDIR=" + tmp, "SSH_AUTH_SOCK=" + f.agent}
	for name, value := range f.Sandbox.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	fatal(f.T, cmd.Start())
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { f.watch(cmd.Process.Pid, done) })
	_ = cmd.Wait()
	close(done)
	watching.Wait()
	if got := cmd.ProcessState.ExitCode(); got != code {
		f.T.Fatalf("amirotate %v: exit code %d, want %d\n%s%s", args, got, code, &out, &errs)
	}
	for what, text := range map[string][]byte{"stdout": out.Bytes(), "stderr": errs.Bytes()} {
		if found := f.marksIn(text); len(found) > 0 {
			f.T.Errorf("amirotate %v: %s holds the %s", args, what, strings.Join(found, ", "))
		}
	}
	if strings.ContainsFunc(out.String()+errs.String(), func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r == 0x7f }) {
		f.T.Errorf("amirotate %v: a control character goes into a pipe", args)
	}
}

// watch takes down the arguments of a process and its descendants.
func (f *secretFarm) watch(root int, done <-chan struct{}) {
	for {
		for _, pid := range append(descendants(root), root) {
			args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			f.argsMu.Lock()
			if !bytes.Contains(f.args, args) {
				f.args = append(f.args, args...)
			}
			f.argsMu.Unlock()
		}
		select {
		case <-done:
			return
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func descendants(of int) []int {
	var all []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", of))
	for _, file := range tasks {
		data, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(data)) {
			if pid, err := strconv.Atoi(field); err == nil {
				all = append(append(all, pid), descendants(pid)...)
			}
		}
	}
	return all
}

// After all that a night may bring, no secret stands anywhere but where it did
// before, in the copies of list and key beside them, and in the file of the key
// on the images that were to get it.
func TestNoSecretAnywhere(t *testing.T) {
	t.Parallel()
	f := newSecretFarm(t)
	f.run(0, nil, "plan", "--out", "plan.json")
	f.run(0, nil, "plan", "--json")
	f.run(4, []string{"AMIROTATE_WINRM_PASSWORD=" + listMarks[0]}, "rotate", "--verbose") // a wrong one
	f.run(0, nil, "rotate", "--verbose", "--report", "report.html")
	f.run(0, nil, "rotate", "--json")
	f.run(0, nil, "report", "--out", "again.html")
	f.run(0, nil, "report", "--list")
	f.run(4, nil, "status") // mac1 was not asked
	f.run(0, nil, "slavelist", "show")
	f.run(0, nil, "cert", "inspect", "new-cert.pem", "--key", "new-key.pem")
	f.run(0, nil, "rollback")
	f.run(0, nil, "gc")
	for _, want := range []string{"report.html", "again.html", "plan.json", "notified.json", "notified-failure.json"} {
		if _, err := os.Stat(filepath.Join(f.Dir, want)); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{": switched.", "mac1", "ami-0123456789abcdef0"} {
		if !strings.Contains(string(f.Read("report.html")), want) {
			t.Errorf("the report misses %q", want)
		}
	}
	var held []string
	for path, found := range f.search() {
		switch {
		case len(found) == 0:
		case f.may[path], path == "slave-list.txt.previous", filepath.Base(path) == "bot-key.pem" && strings.HasPrefix(path, "images/"),
			strings.HasPrefix(path, masterKey+".2"):
			held = append(held, path)
		default:
			t.Errorf("%s holds the %s", path, strings.Join(found, ", "))
		}
	}
	for _, want := range []string{"slave-list.txt", "slave-list.txt.previous", "new-key.pem", "env"} {
		if !slices.Contains(held, want) {
			t.Errorf("the search did not even find the secrets in %s", want)
		}
	}
	if found := f.marksIn(f.args); len(found) > 0 {
		t.Errorf("the arguments of a process hold the %s:\n%q", strings.Join(found, ", "), f.args)
	}
	for _, want := range []string{"slavelist\x00show", "notified.json"} {
		if !bytes.Contains(f.args, []byte(want)) {
			t.Errorf("no process with %q in its arguments was seen: %q", want, f.args)
		}
	}
}
