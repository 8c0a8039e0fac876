package winhost

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
)

// Ports of WinRM.
const (
	portHTTP  = 5985
	portHTTPS = 5986
)

// Computer is a Windows computer that is switched on.
type Computer struct {
	options Options
	spec    machine.Spec
	disk    *disk
	files   *os.Root
	plug    *network.Computer
	shells  *shells
	server  *http.Server
	boot    *time.Timer
	ailment string // a deed that struck at boot and lasts

	life context.Context // ends when the power goes
	off  context.CancelFunc
	work sync.WaitGroup // scripts at work on the folder, and what serves connections

	mu       sync.Mutex
	isUp     bool
	isOff    bool
	replaced bool // something was replaced since the boot
}

func newComputer(o Options, spec machine.Spec, d *disk) (*Computer, error) {
	root, err := os.OpenRoot(spec.Root)
	if err != nil {
		return nil, err
	}
	plug, err := o.Network.Attach(spec.Address, spec.Groups)
	if err != nil {
		root.Close()
		return nil, err
	}
	c := &Computer{options: o, spec: spec, disk: d, files: root, plug: plug}
	c.life, c.off = context.WithCancel(context.Background())
	c.shells = newShells(c)
	c.server = &http.Server{
		Handler:           http.HandlerFunc(c.serve),
		ConnContext:       withLogin,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(discard{}, "", 0),
		BaseContext:       func(net.Listener) context.Context { return c.life },
	}
	return c, nil
}

// discard swallows the server's complaints about clients that hang up.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// up is the end of booting.
func (c *Computer) up() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isOff {
		return
	}
	c.announce()
	c.isUp = true
	c.listenSSH()
	for _, port := range []uint16{portHTTP, portHTTPS} {
		listener, err := c.plug.Listen(port)
		if err != nil {
			c.disk.console.print(c.options.Clock.Now(), "Message: WinRM cannot listen: %v", err)
			continue
		}
		c.work.Go(func() {
			_ = c.server.Serve(&doorway{Listener: listener, computer: c, plain: port == portHTTP}) // ends with the power
		})
	}
}

// Console returns the newest 64 KiB that the computer printed.
func (c *Computer) Console() []byte { return c.disk.console.bytes() }

// Password returns the administrator's, once Windows has come up.
func (c *Computer) Password() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isUp {
		return ""
	}
	return c.options.Password
}

// Shutdown cuts all connections and waits until nothing works on the folder.
func (c *Computer) Shutdown(ctx context.Context) error {
	c.powerOff()
	quiet := make(chan struct{})
	go func() {
		c.work.Wait()
		close(quiet)
	}()
	select {
	case <-quiet:
		return c.files.Close()
	case <-ctx.Done():
		return fmt.Errorf("cannot shut down %s: %w", c.spec.InstanceID, ctx.Err())
	}
}

// powerOff lets no script begin any more; one that writes ends its writing.
func (c *Computer) powerOff() {
	c.mu.Lock()
	already := c.isOff
	c.isOff, c.isUp = true, false
	c.mu.Unlock()
	if already {
		return
	}
	if c.boot != nil {
		c.boot.Stop()
	}
	c.off()
	c.plug.Detach()
	_ = c.server.Close() // the connections are cut already
	c.shells.clear()
}

// die is a power cut that nobody ordered.
func (c *Computer) die() {
	c.powerOff()
	go c.options.Died(c.spec.InstanceID)
}

// begin asks for leave to work on the folder; done must be called after it.
func (c *Computer) begin() (done func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isOff {
		return nil, false
	}
	c.work.Add(1)
	return c.work.Done, true
}

// strike asks whether something goes wrong at a point.
func (c *Computer) strike(at string) string {
	if at == "" {
		return "" // a point that is nobody's business
	}
	return c.options.Faults.Strike(c.spec.Lineage, at)
}
