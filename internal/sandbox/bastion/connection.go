package bastion

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// handshakeTimeout is sshd's LoginGraceTime.
const handshakeTimeout = 120 * time.Second

// errRefused tells a client nothing but that it may not come in.
var errRefused = errors.New("permission denied")

func (b *Bastion) serverConfig() *ssh.ServerConfig {
	config := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-amirotate_sandbox_bastion",
		MaxAuthTries:  20, // agents offer many keys
		PublicKeyCallback: func(conn ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if conn.User() == b.options.User && contains(b.options.AuthorizedKeys, key) {
				return &ssh.Permissions{}, nil
			}
			return nil, errRefused
		},
	}
	config.AddHostKey(b.options.HostKey)
	return config
}

func contains(keys []ssh.PublicKey, key ssh.PublicKey) bool {
	blob := key.Marshal()
	for _, k := range keys {
		if subtle.ConstantTimeCompare(k.Marshal(), blob) == 1 {
			return true
		}
	}
	return false
}

// serve carries out one SSH connection until it ends.
func (b *Bastion) serve(conn net.Conn) {
	defer func() {
		b.mu.Lock()
		delete(b.conns, conn)
		b.mu.Unlock()
		conn.Close()
	}()
	conn.SetDeadline(time.Now().Add(handshakeTimeout))
	server, channels, requests, err := ssh.NewServerConn(conn, b.config)
	if err != nil {
		return
	}
	conn.SetDeadline(time.Time{})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	defer server.Close()
	wg.Go(func() { ssh.DiscardRequests(requests) }) // keepalive@openssh.com is answered by that
	for request := range channels {
		switch request.ChannelType() {
		case "direct-tcpip":
			wg.Go(func() { b.forward(ctx, request) })
		case "session":
			wg.Go(func() { refuseSession(ctx, request) })
		default:
			request.Reject(ssh.UnknownChannelType, "the bastion only forwards connections")
		}
	}
}
