package posixhost

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/shell"
)

const portSSH = 22

// host is a computer that is booting or up.
type host struct {
	options Options
	spec    machine.Spec
	keys    hostKeys
	plug    *network.Computer
	files   *rootfs.FS
	shell   *shell.Shell
	system  *commands.System
	console console

	ctx      context.Context // ends with the computer
	cut      context.CancelCauseFunc
	serving  sync.WaitGroup
	once     sync.Once
	down     chan struct{}
	replaced atomic.Bool // a replace was seen
	broken   faults
}

func newHost(o Options, spec machine.Spec, keys hostKeys) (*host, error) {
	files, err := rootfs.Open(spec.Root)
	if err != nil {
		return nil, err
	}
	plug, err := o.Network.Attach(spec.Address, spec.Groups)
	if err != nil {
		files.Close()
		return nil, err
	}
	system := &commands.System{
		Hostname: "ip-" + strings.ReplaceAll(spec.Address.String(), ".", "-"),
		Clock:    o.Clock,
		Accounts: commands.LoadAccounts(files, spec.User),
		Own:      o.Commands,
	}
	h := &host{options: o, spec: spec, keys: keys, plug: plug, files: files, system: system,
		shell: shell.New(system), down: make(chan struct{})}
	h.ctx, h.cut = context.WithCancelCause(context.Background())
	return h, nil
}

// Console returns the newest 64 KiB of the serial console.
func (h *host) Console() []byte { return h.console.bytes() }

// Password is "": a Linux host has none.
func (h *host) Password() string { return "" }

// HostKeys are those that its SSH server shows.
func (h *host) HostKeys() []ssh.PublicKey {
	var keys []ssh.PublicKey
	for _, key := range h.keys {
		keys = append(keys, key.PublicKey())
	}
	return keys
}

// Shutdown hangs up on all commands and returns when none runs any more, or
// when ctx ends.
func (h *host) Shutdown(ctx context.Context) error {
	go h.stop(nil)
	select {
	case <-h.down:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cannot shut %s down: %w", h.spec.InstanceID, ctx.Err())
	}
}

// stop ends the computer once; cause is shell.ErrKilled for a loss of power.
func (h *host) stop(cause error) {
	h.once.Do(func() {
		h.cut(cause)
		h.plug.Detach()
		h.serving.Wait()
		h.shell.Wait()
		h.files.Close()
		close(h.down)
	})
}

// losePower ends the computer as a fault does and says so.
func (h *host) losePower() {
	h.cut(shell.ErrKilled)
	h.plug.Detach()
	go func() {
		h.stop(shell.ErrKilled)
		if h.options.Died != nil {
			h.options.Died(h.spec.InstanceID)
		}
	}()
}

// boot waits for the boot's time and then serves.
func (h *host) boot() {
	h.console.kernel(h.system.Hostname)
	deed := h.strike(machine.AtBoot)
	if deed == machine.PowerOff {
		if h.options.Clock.Sleep(h.ctx, h.spec.Boot/2) == nil {
			h.losePower()
		}
		return
	}
	h.broken.atBoot(deed)
	if h.options.Clock.Sleep(h.ctx, h.spec.Boot) != nil {
		return
	}
	if h.spec.FirstBoot {
		h.console.keys(h.system.Hostname, h.keys)
	}
	h.console.ready(h.system.Hostname, h.spec.Boot, h.options.Clock.Now())
	listener, err := h.plug.Listen(portSSH)
	if err != nil {
		h.console.printf("sshd[1012]: fatal: %v\r\n", err)
		return
	}
	h.serving.Go(func() { h.acceptAll(listener) })
}

func (h *host) acceptAll(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		h.serving.Go(func() { h.connected(conn.(*network.Conn)) })
	}
}
