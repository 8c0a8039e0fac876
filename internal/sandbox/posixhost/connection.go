package posixhost

import (
	"context"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/network"
)

// loginGrace is sshd's LoginGraceTime.
const loginGrace = 120 * time.Second

var errDenied = errors.New("permission denied")

// connection is one SSH connection to a host.
type connection struct {
	host     *host
	conn     *network.Conn
	diskFull bool
	flip     bool
}

// connected serves a TCP connection until it ends.
func (h *host) connected(conn *network.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(h.ctx, conn.Reset)
	defer stop()
	c := &connection{host: h, conn: conn, diskFull: h.broken.diskFull.Load(), flip: h.broken.flip.Swap(false)}
	keys := h.keys
	if h.broken.wrongKey.Load() {
		keys = nil
	}
	deed := h.strike(machine.AtConnect)
	switch {
	case deed == machine.Hang, h.broken.hang.Load():
		<-h.ctx.Done()
		return
	case deed == machine.DropConnection, h.broken.drop.Swap(false):
		conn.Reset()
		return
	case deed == machine.PowerOff:
		h.losePower()
		return
	case deed == machine.WrongHostKey:
		keys = nil
	case deed == machine.DiskFull:
		c.diskFull = true
	case deed == machine.FlipByte:
		c.flip = true
	}
	if keys == nil {
		var err error
		if keys, err = newHostKeys(); err != nil {
			return
		}
	}
	c.serve(keys)
}

func (c *connection) serve(keys hostKeys) {
	c.conn.SetDeadline(time.Now().Add(loginGrace))
	server, channels, requests, err := ssh.NewServerConn(c.conn, c.host.serverConfig(keys))
	if err != nil {
		return
	}
	c.conn.SetDeadline(time.Time{})
	ctx, hangUp := context.WithCancel(c.host.ctx)
	var sessions sync.WaitGroup
	defer sessions.Wait()
	defer func() { time.AfterFunc(hangUpAfter, hangUp) }()
	defer server.Close()
	sessions.Go(func() { ssh.DiscardRequests(requests) })
	for request := range channels {
		if request.ChannelType() != "session" {
			request.Reject(ssh.UnknownChannelType, "only sessions are served")
			continue
		}
		channel, requests, err := request.Accept()
		if err != nil {
			break
		}
		s := &session{connection: c, channel: channel}
		sessions.Go(func() { s.serve(ctx, requests) })
	}
}

func (h *host) serverConfig(keys hostKeys) *ssh.ServerConfig {
	config := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-OpenSSH_6.6.1p1 amirotate-sandbox",
		MaxAuthTries:  20,
		PublicKeyCallback: func(conn ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if conn.User() == h.spec.User && h.authorized(key) {
				return &ssh.Permissions{}, nil
			}
			return nil, errDenied
		},
	}
	for _, key := range keys {
		config.AddHostKey(key)
	}
	return config
}

func (h *host) authorized(key ssh.PublicKey) bool {
	blob := key.Marshal()
	for _, k := range h.options.AuthorizedKeys {
		if subtle.ConstantTimeCompare(k.Marshal(), blob) == 1 {
			return true
		}
	}
	return false
}
