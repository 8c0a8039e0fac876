//go:build unix

package bench

import (
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http/httptrace"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/remote"
	"github.com/amirotate/amirotate/internal/sandbox/bastion"
	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost"
	"github.com/amirotate/amirotate/internal/sandbox/winhost"
	"github.com/amirotate/amirotate/internal/verify"
)

// roundTrip is the delay of the link between the bastion and the hosts.
const roundTrip = 200 * time.Millisecond

const winPath = `C:\Program Files (x86)\stunnel\cert.pem`

var oldText, newText = []byte("old\n"), []byte(strings.Repeat("0123456789abcdef", 100) + "\n")

// link is a bastion, a Linux and a Windows host behind a slow link, and a meter
// of the bytes that pass between us and the bastion.
type link struct {
	key     string // the private key's file
	meter   *meter
	dialer  *remote.Dialer
	address map[string]string // by platform
	far     *network.Network
	from    netip.Addr // the bastion, as the hosts see it
	caFile  string
}

func newLink(t testing.TB) *link {
	t.Helper()
	key, public := newIdentity(t)
	from := netip.MustParseAddr("127.66.0.10")
	far, fast := network.New(network.WithLatency(roundTrip/2)), clock.New(0.001)
	b, err := bastion.Start(bastion.Options{Network: far, User: "ops", AuthorizedKeys: []ssh.PublicKey{public}, From: from})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	ca, err := winhost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, caFile, ca.PEM())
	l := &link{far: far, from: from, caFile: caFile, key: key, meter: newMeter(t, b.Addr()), address: map[string]string{"linux": "127.66.1.1", "windows": "127.66.1.2"}}
	access := map[string]remote.Access{
		"linux":   {Platform: "linux", User: "rustbuild", IdentityFiles: []string{key}, HostKey: remote.HostKeyAcceptNew},
		"windows": {Platform: "windows", User: "Administrator", CAFile: caFile, Auth: "basic", Password: remote.Password{Env: "PASSWORD"}},
	}
	drivers := map[string]machine.Driver{
		"linux":   posixhost.New(posixhost.Options{Network: far, Clock: fast, AuthorizedKeys: []ssh.PublicKey{public}, Died: func(string) {}}),
		"windows": winhost.New(winhost.Options{Network: far, Clock: fast, Password: "correct horse", CA: ca}),
	}
	for platform, file := range map[string]string{"linux": certPath, "windows": "/C/Program Files (x86)/stunnel/cert.pem"} {
		root := t.TempDir()
		writeFile(t, filepath.Join(root, file), oldText)
		c, err := drivers[platform].Boot(t.Context(), machine.Spec{
			InstanceID: "i-" + platform, ImageID: "ami-" + platform, Lineage: []string{"ami-" + platform}, Platform: platform,
			User: access[platform].User, Address: netip.MustParseAddr(l.address[platform]), Root: root, FirstBoot: true, Boot: time.Second,
			Groups: func() []machine.Group {
				return []machine.Group{{ID: "sg-1", Ingress: []machine.Rule{{ToPort: 65535, Prefixes: []netip.Prefix{netip.PrefixFrom(from, 32)}}}}}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Shutdown(context.Background()) })
	}
	l.dialer = remote.NewDialer(remote.DialerOptions{
		Bastion: &remote.Bastion{Address: l.meter.address(), User: "ops", IdentityFiles: []string{key}, HostKey: remote.HostKeyAcceptNew},
		Access:  func(source string) (remote.Access, error) { return access[source], nil },
		Getenv:  func(string) string { return "correct horse" },
	})
	t.Cleanup(func() { _ = l.dialer.Close() })
	return l
}

func newIdentity(t testing.TB) (path string, public ssh.PublicKey) {
	t.Helper()
	pub, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "id")
	writeFile(t, path, pem.EncodeToMemory(block))
	if public, err = ssh.NewPublicKey(pub); err != nil {
		t.Fatal(err)
	}
	return path, public
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// meter passes connections on and counts their bytes, both ways.
type meter struct {
	listener net.Listener
	bytes    atomic.Int64
}

func newMeter(t testing.TB, to string) *meter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	m := &meter{listener: l}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				near.Close()
				continue
			}
			go m.pass(near, far)
			go m.pass(far, near)
		}
	}()
	return m
}

func (m *meter) address() string { return m.listener.Addr().String() }

func (m *meter) pass(to, from net.Conn) {
	_, _ = io.Copy(to, io.TeeReader(from, counter{m}))
	to.Close()
}

type counter struct{ *meter }

func (c counter) Write(p []byte) (int, error) {
	c.bytes.Add(int64(len(p)))
	return len(p), nil
}

// leg is a part of the work on a host.
type leg struct {
	took     time.Duration
	bytes    int64
	requests int32 // of HTTP
}

// roundTrips is how often the link was crossed both ways, at most: what the
// computers took counts too.
func (l leg) roundTrips() float64 { return float64(l.took) / float64(roundTrip) }

func (l leg) String() string {
	text := fmt.Sprintf("%.1f round trips (%v)", l.roundTrips(), l.took.Round(time.Millisecond))
	if l.bytes > 0 {
		text += fmt.Sprintf(", %d bytes", l.bytes)
	}
	if l.requests > 0 {
		text += fmt.Sprintf(", %d HTTP requests", l.requests)
	}
	return text
}

func (l *link) measure(f func()) leg {
	before, began := l.meter.bytes.Load(), time.Now()
	f()
	return leg{took: time.Since(began), bytes: l.meter.bytes.Load() - before}
}

// push replaces one certificate and reads it back.
func (l *link) push(t testing.TB, platform, path string) (login, work leg) {
	t.Helper()
	var requests atomic.Int32
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { requests.Add(1) }})
	change := verify.Change{Path: path, Old: []verify.Digests{verify.Of(oldText)}, New: newText}
	if err := l.dialer.CheckBastion(ctx); err != nil {
		t.Fatal(err)
	}
	var host remote.Host
	var err error
	login = l.measure(func() {
		host, err = l.dialer.Dial(ctx, remote.Target{Source: platform, InstanceID: "i-" + platform, Address: l.address[platform]})
	})
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	login.requests = requests.Swap(0)
	var files []verify.File
	work = l.measure(func() {
		if _, err = host.Replace(ctx, []verify.Change{change}); err == nil {
			files, err = host.Read(ctx, []string{path})
		}
	})
	if err != nil || change.Judge(files[0]) != verify.MatchNew {
		t.Fatalf("read back %+v, %v", files, err)
	}
	work.requests = requests.Load()
	return login, work
}

// scp is what an administrator does by hand: no check before, no care for the
// file's mode, and a read-back by md5sum.
func (l *link) scp(t testing.TB) (copied, sum leg) {
	t.Helper()
	local := filepath.Join(t.TempDir(), "new.pem")
	writeFile(t, local, newText)
	host, port, _ := net.SplitHostPort(l.meter.address())
	options := []string{"-q", "-i", l.key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
		"-o", fmt.Sprintf("ProxyCommand=ssh -q -i %s -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p %s -W %%h:%%p ops@%s", l.key, port, host)}
	command := func(name string, args ...string) {
		if out, err := exec.CommandContext(t.Context(), name, append(options[:len(options):len(options)], args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	to := "rustbuild@" + l.address["linux"]
	copied = l.measure(func() { command("scp", "-O", local, to+":"+certPath) })
	sum = l.measure(func() { command("ssh", to, "md5sum "+certPath) })
	return copied, sum
}

// TestRoundTrips: once logged in, one certificate is replaced and read back in
// two round trips over SSH. On a busy machine the best of a few tries counts.
func TestRoundTrips(t *testing.T) {
	best := leg{took: time.Hour}
	for try := 0; try < 4 && best.roundTrips() >= 2.9; try++ {
		if _, work := newLink(t).push(t, "linux", certPath); work.took < best.took {
			best = work
		}
	}
	t.Log(best)
	if best.roundTrips() < 2 || best.roundTrips() >= 3 {
		t.Errorf("replace and read-back took %v", best)
	}
}

// TestRequests: one certificate over WinRM with Basic, login and all, in at most
// 12 HTTP requests.
func TestRequests(t *testing.T) {
	login, work := newLink(t).push(t, "windows", winPath)
	t.Logf("login %v; replace and read back %v", login, work)
	const closing = 1
	if n := login.requests + work.requests + closing; n > 12 {
		t.Errorf("%d requests", n)
	}
}

// BenchmarkLink prints what one certificate costs on a slow link.
func BenchmarkLink(b *testing.B) {
	for b.Loop() {
		l := newLink(b)
		login, work := l.push(b, "linux", certPath)
		b.Logf("SSH: login %v; replace and read back %v", login, work)
		winLogin, winWork := l.push(b, "windows", winPath)
		b.Logf("WinRM (Basic): login %v; replace and read back %v", winLogin, winWork)
		b.Logf("python3-winrm, the same scripts: %v", l.pywinrm(b))
		copied, sum := l.scp(b)
		b.Logf("scp %v; ssh md5sum %v", copied, sum)
		b.ReportMetric(work.roundTrips(), "ssh-trips")
		b.ReportMetric(winWork.roundTrips(), "winrm-trips")
		b.ReportMetric((login.took + work.took).Seconds(), "ssh-s")
		b.ReportMetric((copied.took + sum.took).Seconds(), "scp-s")
	}
}
