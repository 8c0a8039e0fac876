package replay

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/realhost"
	"github.com/amirotate/amirotate/internal/testenv"
)

// Hosts that EC2 knows nothing of. The workers' stunnel.conf names the master.
var (
	bastionAddress = netip.MustParseAddr("127.66.255.10")
	masterAddress  = netip.MustParseAddr("127.66.255.11")
)

// farm is the farm of that night.
type farm struct {
	*testing.T
	began   time.Time
	dir     string // holds all of it
	network *realhost.Network
	driver  *realhost.Driver
	ec2     *sandbox.Sandbox
	bastion *realhost.Host
	master  *realhost.Host
	workers []*worker
}

// newFarm sets the farm up as it was before the certificate ended, with clocks
// that are daysAgo days late, and ends it with the test.
func newFarm(t *testing.T, daysAgo int) *farm {
	t.Helper()
	for _, name := range []string{"buildbot", "buildbot-worker", "stunnel4", "faketime", "sqlite3", "curl", "openssl", "setpriv"} {
		testenv.Program(t, name)
	}
	dir, remove, err := realhost.NewFolder()
	if err != nil {
		testenv.Missing(t, err)
	}
	t.Cleanup(func() { check(t, remove()) })
	f := &farm{T: t, began: time.Now(), dir: dir}
	f.network, err = realhost.NewNetwork(t.Context())
	check(t, err)
	t.Cleanup(func() { check(t, f.network.Close()) })
	f.driver = realhost.NewDriver(f.network)

	f.writeScenario()
	f.ec2, err = sandbox.Start(context.Background(), sandbox.Options{
		Dir: f.path("ec2"), Scenario: f.path("scenario/scenario.yaml"), Drivers: map[string]machine.Driver{"linux": f.driver},
	})
	check(t, err)
	t.Cleanup(func() { check(t, f.ec2.Close()) })
	t.Cleanup(f.showHosts)
	f.startBastion()
	f.startMaster(daysAgo)
	return f
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (f *farm) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f *farm) read(name string) string {
	f.Helper()
	text, err := os.ReadFile(f.path(name))
	check(f.T, err)
	return string(text)
}

func (f *farm) write(name, text string, mode os.FileMode) {
	f.Helper()
	check(f.T, os.MkdirAll(filepath.Dir(f.path(name)), 0o755))
	check(f.T, os.WriteFile(f.path(name), []byte(text), mode))
}

// writeScenario writes what EC2 starts with, and keys and certificates: the old
// certificate ended yesterday.
func (f *farm) writeScenario() {
	f.Helper()
	check(f.T, os.CopyFS(f.path("scenario"), os.DirFS("testdata")))
	now := time.Now()
	for name, ends := range map[string]time.Time{"old": now.AddDate(0, 0, -1), "new": now.AddDate(10, 0, 0)} {
		cert, key := selfSigned(f.T, now.AddDate(-3, 0, 0), ends)
		f.write("scenario/"+name+"-cert.pem", cert, 0o644)
		f.write("scenario/"+name+"-key.pem", key, 0o600)
	}
	public, private := sshKey(f.T)
	f.write("scenario/identity.pub", public, 0o644)
	f.write("identity", private, 0o600)
}

func (f *farm) startMaster(daysAgo int) {
	f.Helper()
	const home = "master/root/home/buildbot/master/"
	for _, file := range []struct {
		name, from string
		mode       os.FileMode
	}{
		{"master/root/etc/passwd", "master/passwd", 0o644},
		{"master/root/etc/rc.local", "master/rc.local", 0o755},
		{"master/root/usr/local/sbin/farm", "master/farm", 0o755},
		{home + "stunnel.conf", "master/stunnel.conf", 0o644},
		{home + "master.cfg", "master/master.cfg", 0o644},
		{home + "slave-list.txt", "slave-list.txt", 0o600},
		{home + "server-cert.pem", "old-cert.pem", 0o644},
		{home + "server-key.pem", "old-key.pem", 0o600},
	} {
		f.write(file.name, f.read("scenario/"+file.from), file.mode)
	}
	var err error
	f.master, err = f.network.Boot(f.Context(), realhost.Config{
		Name: "buildmaster", Address: masterAddress, Root: f.path("master/root"), FirstBoot: true,
		UserData: fmt.Appendf(nil, "-%dd\n", daysAgo), User: "root", AuthorizedKeys: []byte(f.read("scenario/identity.pub")),
	})
	check(f.T, err)
	f.until("the buildmaster is up", func() bool {
		_, err := f.on(f.master, "grep", "-q", "BuildMaster is running", "/home/buildbot/master/twistd.log")
		return err == nil
	})
}

func (f *farm) startBastion() {
	f.Helper()
	f.write("bastion/root/etc/passwd", f.read("scenario/bastion/passwd"), 0o644)
	f.write("bastion/root/etc/ssh/sshd_config", f.read("scenario/bastion/sshd_config"), 0o644)
	var err error
	f.bastion, err = f.network.Boot(f.Context(), realhost.Config{
		Name: "bastion", Address: bastionAddress, Root: f.path("bastion/root"), FirstBoot: true,
		User: "ops", AuthorizedKeys: []byte(f.read("scenario/identity.pub")),
	})
	check(f.T, err)
}

// tell says what happens, for those who watch.
func (f *farm) tell(format string, args ...any) {
	f.Helper()
	f.Logf("%5.1f s  "+format, append([]any{time.Since(f.began).Seconds()}, args...)...)
}

// patience bounds how long anything of the story may take, in real time.
const patience = 2 * time.Minute

// until waits until something is so.
func (f *farm) until(what string, ask func() bool) {
	f.Helper()
	for end := time.Now().Add(patience); !ask(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			f.Fatalf("not after %s: %s", patience, what)
		}
	}
}

// on runs a command on a host.
func (f *farm) on(h *realhost.Host, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := h.Output(ctx, name, args...)
	return strings.TrimSpace(out), err
}

// mustOn is on for a command that may not fail.
func (f *farm) mustOn(h *realhost.Host, name string, args ...string) string {
	f.Helper()
	out, err := f.on(h, name, args...)
	if err != nil {
		f.Fatalf("%v\n%s", err, out)
	}
	return out
}

// connected are the workers that the master says are connected; none if the
// master isn't up.
func (f *farm) connected() []string {
	out, err := f.on(f.master, "/usr/local/sbin/farm", "connected")
	if err != nil {
		return nil
	}
	return strings.Fields(out)
}

func (f *farm) untilConnected(names ...string) {
	f.Helper()
	f.until(fmt.Sprintf("connected are %v", names), func() bool { return slices.Equal(f.connected(), names) })
}

// showHosts tells what the hosts saw, if the test failed.
func (f *farm) showHosts() {
	if !f.Failed() {
		return
	}
	for _, h := range append([]*realhost.Host{f.bastion, f.master}, f.hosts()...) {
		if h == nil {
			continue
		}
		logs, _ := f.on(h, "sh", "-c", "tail -n 25 /home/*/*/*.log /home/*/*/slave/*.log 2>/dev/null")
		f.Logf("---- %s\n%s\n%s", h.Config().Name, h.Console(), logs)
	}
}
