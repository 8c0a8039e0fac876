package winrm_test

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/remote/winrm"
	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/winhost"
	"github.com/amirotate/amirotate/internal/verify"
)

const (
	password = "correct horse & <battery> \"staple\""
	certPath = `C:\Program Files (x86)\stunnel\cert.pem`
)

// windows is a booted Windows computer of the sandbox.
type windows struct {
	t        *testing.T
	root     string
	ca       *winhost.CA
	network  *network.Network
	computer machine.Computer
	died     chan string
}

// faults strike once each, at the point they are listed for.
type faults struct {
	mu    sync.Mutex
	deeds map[string][]string
}

func (f *faults) Strike(_ []string, at string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.deeds[at]) == 0 {
		return ""
	}
	deed := f.deeds[at][0]
	f.deeds[at] = f.deeds[at][1:]
	return deed
}

var (
	address = netip.MustParseAddr("127.66.0.5")
	bastion = netip.MustParseAddr("127.66.0.1")
)

// boot starts a computer whose folder holds the files, by path in the folder.
func boot(t *testing.T, files map[string][]byte, deeds map[string][]string) *windows {
	t.Helper()
	w := &windows{t: t, root: t.TempDir(), network: network.New(), died: make(chan string, 1)}
	for name, content := range files {
		w.write(name, content)
	}
	ca, err := winhost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	w.ca = ca
	driver := winhost.New(winhost.Options{
		Network: w.network, Clock: clock.New(0.001), Password: password, CA: ca,
		Faults: &faults{deeds: deeds}, Died: func(id string) { w.died <- id },
	})
	anyone := machine.Rule{FromPort: 5985, ToPort: 5986, Prefixes: []netip.Prefix{netip.PrefixFrom(bastion, 32)}}
	w.computer, err = driver.Boot(t.Context(), machine.Spec{
		InstanceID: "i-0123456789abcdef0", ImageID: "ami-b74fa1f3", Lineage: []string{"ami-b74fa1f3"},
		Platform: "windows", User: "Administrator", Address: address, Root: w.root, FirstBoot: true, Boot: 20 * time.Second,
		Groups: func() []machine.Group { return []machine.Group{{ID: "sg-1", Ingress: []machine.Rule{anyone}}} },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.computer.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *windows) write(name string, content []byte) {
	w.t.Helper()
	path := filepath.Join(w.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// link makes a symbolic link in the folder.
func (w *windows) link(target, name string) {
	w.t.Helper()
	if err := os.Symlink(target, filepath.Join(w.root, filepath.FromSlash(name))); err != nil {
		w.t.Fatal(err)
	}
}

// contents reads all files of the folder.
func (w *windows) contents() map[string]string {
	w.t.Helper()
	contents := make(map[string]string)
	err := filepath.WalkDir(w.root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		contents[strings.TrimPrefix(path, w.root+"/")] = string(content)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return contents
}

// expect checks that the folder holds these files and no others.
func (w *windows) expect(want map[string][]byte) {
	w.t.Helper()
	texts := make(map[string]string)
	for name, content := range want {
		texts[name] = string(content)
	}
	if diff := cmp.Diff(texts, w.contents()); diff != "" {
		w.t.Errorf("the folder (-want +got):\n%s", diff)
	}
}

// options reach the computer from the bastion and trust its authority.
func (w *windows) options() winrm.Options {
	return winrm.Options{
		Address: address.String() + ":5986", HTTPS: true, User: "Administrator", Password: password,
		Dial: func(ctx context.Context, _, to string) (net.Conn, error) {
			return w.network.Dial(ctx, bastion, nil, netip.MustParseAddrPort(to))
		},
		TLS: winrm.Verification{CAs: w.ca.PEM()},
	}
}

// awaitUp waits until the computer has booted.
func (w *windows) awaitUp() {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); w.computer.Password() == ""; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("the computer does not boot")
		}
	}
}

// dial connects once the computer has booted.
func (w *windows) dial(o winrm.Options) *winrm.Host {
	w.t.Helper()
	w.awaitUp()
	host, err := winrm.Dial(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { host.Close() })
	return host
}

// pemOf makes something that looks like a certificate of about that size.
func pemOf(t *testing.T, size int) []byte {
	t.Helper()
	der := make([]byte, size*3/4-60)
	rand.Read(der)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func change(path string, old, new []byte) verify.Change {
	return verify.Change{Path: path, Old: []verify.Digests{{MD5: verify.Of(old).MD5}}, New: new}
}
