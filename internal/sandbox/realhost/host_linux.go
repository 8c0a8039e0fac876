package realhost

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Config says what a host is.
type Config struct {
	Name           string
	InstanceID     string // "" for a host that EC2 knows nothing of
	ImageID        string
	Address        netip.Addr // in 127.66.0.0/16
	Root           string     // folder of what its file system differs in
	User           string     // may log in with AuthorizedKeys; "" for nobody
	AuthorizedKeys []byte     // besides the user's own .ssh/authorized_keys
	UserData       []byte
	FirstBoot      bool // host keys are made, and shown on the console
}

// Host is a computer that is booting or up.
type Host struct {
	network *Network
	config  Config
	cmd     *exec.Cmd
	console tail
	once    sync.Once
	down    chan struct{} // closed when no process of it runs any more
}

// consoleSize is how much of its end EC2 keeps of a console's output, in bytes.
const consoleSize = 64 << 10

//go:embed boot.sh
var bootScript string

// Boot powers a host on and returns when it has its network card. Beside its
// root folder a folder for its mounts appears, named like it with ".mounts",
// which goes when the host is shut down.
func (n *Network) Boot(ctx context.Context, c Config) (*Host, error) {
	h := &Host{network: n, config: c, console: tail{limit: consoleSize}, down: make(chan struct{})}
	if err := h.boot(ctx); err != nil {
		return nil, fmt.Errorf("cannot boot %s: %w", c.Name, err)
	}
	return h, nil
}

func (h *Host) boot(ctx context.Context) error {
	n, place := h.network, h.mounts()
	if strings.ContainsAny(place, ",:\\") {
		return fmt.Errorf("folder %s: overlayfs takes no comma, colon or backslash", h.config.Root)
	}
	for _, folder := range []string{h.config.Root, filepath.Join(place, "mnt"), filepath.Join(place, "work")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	n.metadata.set(h.config)
	first := "no"
	if h.config.FirstBoot {
		first = "yes"
	}
	h.cmd = exec.Command("/bin/sh", "-c", bootScript)
	h.cmd.Env = []string{
		"ROOT=" + h.config.Root, "PLACE=" + place, "NAME=" + h.config.Name, "ACCOUNT=" + h.config.User, "FIRST=" + first,
		fmt.Sprintf("ADDRESS=%s/%d", h.config.Address, prefixBits),
	}
	h.cmd.Stdout, h.cmd.Stderr = &h.console, &h.console
	h.cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
	}
	stdin, err := h.cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := h.start(); err != nil {
		return err
	}
	err = n.plug(ctx, h.cmd.Process.Pid)
	if err == nil {
		_, err = io.Copy(stdin, io.MultiReader(strings.NewReader("go\n"), bytes.NewReader(h.config.AuthorizedKeys)))
	}
	stdin.Close()
	if err != nil {
		h.kill()
		<-h.down
	}
	return err
}

// start starts the first process, unless the network was closed.
func (h *Host) start() error {
	n := h.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return errNetworkClosed
	}
	if err := n.thread.start(h.cmd); err != nil {
		return err
	}
	n.hosts[h] = struct{}{}
	go h.await()
	return nil
}

// await reaps the first process. The kernel lets it end when all others of its
// PID namespace have been reaped.
func (h *Host) await() {
	if err := h.cmd.Wait(); err != nil {
		fmt.Fprintf(&h.console, "halted: %v\n", err)
	}
	h.network.metadata.forget(h.config.Address)
	h.network.mu.Lock()
	delete(h.network.hosts, h)
	h.network.mu.Unlock()
	_ = os.RemoveAll(h.mounts()) // if it fails, the next boot finds it there
	close(h.down)
}

func (h *Host) mounts() string { return h.config.Root + ".mounts" }

// Config is what the host was booted with.
func (h *Host) Config() Config { return h.config }

// Console returns the newest 64 KiB of what was written to it: the boot's
// messages, OpenSSH's log, and what /etc/rc.local prints.
func (h *Host) Console() []byte { return h.console.bytes() }

// Password is "": a Linux host has none.
func (h *Host) Password() string { return "" }

// Command is to run on the host, as root. It is killed when the host goes down
// or ctx ends. Start it with Run.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	enter := []string{"--target", fmt.Sprint(h.cmd.Process.Pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--", name}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"}
	return cmd
}

// Output runs a command on the host, as root, and returns what it printed to
// standard output; an error holds the rest.
func (h *Host) Output(ctx context.Context, name string, args ...string) (string, error) {
	select {
	case <-h.down:
		return "", fmt.Errorf("cannot run %s on %s: it is down", name, h.config.Name)
	default:
	}
	cmd := h.Command(ctx, name, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := h.network.thread.start(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return out.String(), fmt.Errorf("cannot run %s on %s: %w: %s", name, h.config.Name, err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// grace is how long a host's processes have to end by themselves.
const grace = 4 * time.Second

// Shutdown asks the host's processes to end, kills those that don't, and
// returns when none runs any more, so that nothing writes to its folder.
func (h *Host) Shutdown(ctx context.Context) error {
	h.once.Do(func() {
		_ = h.cmd.Process.Signal(syscall.SIGTERM) // no error but that it has ended
		time.AfterFunc(grace, h.kill)
	})
	select {
	case <-h.down:
		return nil
	case <-ctx.Done():
		h.kill()
		return fmt.Errorf("cannot shut %s down: %w", h.config.Name, ctx.Err())
	}
}

// kill is a loss of power. The first process is our child: killing it kills all
// others of its namespace.
func (h *Host) kill() { _ = h.cmd.Process.Kill() }
