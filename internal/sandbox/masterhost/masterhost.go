package masterhost

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// Misbehaviour is the file that makes a restart go wrong, on the computer's disk.
const Misbehaviour = "/etc/sandbox/restart-stunnel"

// Words of Misbehaviour.
const (
	Fail  = "fail"
	Stale = "stale"
	Hang  = "hang"
)

// Options say what a buildmaster's computer is.
type Options struct {
	Root        string // the folder that is its disk
	Certificate string // paths on it
	Key         string // "": in the certificate's file

	Greeting func() (deed string) // asked at each handshake what goes wrong there; nil for nothing ever
}

// Host is the daemons of a buildmaster's computer.
type Host struct {
	options  Options
	listener net.Listener
	serving  sync.WaitGroup

	mu       sync.Mutex
	pair     *tls.Certificate // nil: stunnel does not run
	restarts int              // of stunnel, that were asked for
	masters  int              // of the buildmaster
}

// handshakeLimit bounds a client's handshake, real time.
const handshakeLimit = 10 * time.Second

// Start serves the pair that the files hold now.
func Start(o Options) (*Host, error) {
	h := &Host{options: o}
	pair, err := h.load()
	if err != nil {
		return nil, fmt.Errorf("cannot start the buildmaster: %w", err)
	}
	h.pair = pair
	if h.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("cannot start the buildmaster: %w", err)
	}
	h.serving.Go(h.serve)
	return h, nil
}

// Addr is host:port where workers connect.
func (h *Host) Addr() string { return h.listener.Addr().String() }

// Restarts tells how often stunnel and the buildmaster were restarted.
func (h *Host) Restarts() (stunnel, buildmaster int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.restarts, h.masters
}

// Close ends the server.
func (h *Host) Close() error {
	err := h.listener.Close()
	h.serving.Wait()
	return err
}

func (h *Host) serve() {
	for {
		conn, err := h.listener.Accept()
		if err != nil {
			return // closed
		}
		h.serving.Go(func() { h.greet(conn) })
	}
}

// greet shows the certificate, and that is all: no worker has anything to say.
func (h *Host) greet(conn net.Conn) {
	defer conn.Close()
	h.mu.Lock()
	pair := h.pair
	h.mu.Unlock()
	deed := ""
	if h.options.Greeting != nil {
		deed = h.options.Greeting()
	}
	switch {
	case pair == nil:
		return // as nobody listens; the port itself stays, for the next restart
	case deed == machine.DropConnection:
		return
	case deed == machine.Hang:
		_, _ = io.Copy(io.Discard, conn) // until the client has had enough
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeLimit)
	defer cancel()
	_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*pair}}).HandshakeContext(ctx)
}

// load reads the pair as stunnel does when it starts.
func (h *Host) load() (*tls.Certificate, error) {
	certificate, err := h.read(h.options.Certificate)
	if err != nil {
		return nil, err
	}
	key := certificate
	if h.options.Key != "" {
		if key, err = h.read(h.options.Key); err != nil {
			return nil, err
		}
	}
	pair, err := tls.X509KeyPair(certificate, key)
	return &pair, err
}

func (h *Host) read(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(h.options.Root, filepath.FromSlash(path)))
}

// restart is restart-stunnel; it returns what that prints and its exit status.
func (h *Host) restart(ctx context.Context) (said string, status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.restarts++
	word, err := h.read(Misbehaviour)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err.Error(), 1
	}
	switch strings.TrimSpace(string(word)) {
	case Fail:
		h.pair = nil
		return "[!] Server is down: it was told to fail by " + Misbehaviour, 1
	case Hang:
		<-ctx.Done()
		return "", 129
	case Stale:
		return "stunnel: restarted", 0
	}
	pair, err := h.load()
	if err != nil {
		h.pair = nil
		return "[!] Failed to initialize TLS context: " + err.Error(), 1
	}
	h.pair = pair
	return "stunnel: restarted", 0
}

// restartMaster is buildbot restart.
func (h *Host) restartMaster() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.masters++
	return "buildmaster appears to have (re)started correctly."
}
