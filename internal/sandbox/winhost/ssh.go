package winhost

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/verify"
)

const portSSH = 22

// Files of OpenSSH for Windows. A computer whose image holds the configuration
// has the server; without a host key of its image it has one of its own.
const (
	sshdConfig  = `C:\ProgramData\ssh\sshd_config`
	sshdHostKey = `C:\ProgramData\ssh\ssh_host_ed25519_key`
)

// sshGrace is how long a login may take, real time.
const sshGrace = 2 * time.Minute

var errDenied = errors.New("permission denied")

// listenSSH serves SSH if the image asks for it.
func (c *Computer) listenSSH() {
	if c.look(sshdConfig).status != verify.Present {
		return
	}
	listener, err := c.plug.Listen(portSSH)
	if err != nil {
		c.disk.console.print(c.options.Clock.Now(), "Message: sshd cannot listen: %v", err)
		return
	}
	c.work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the power went
			}
			if id, ok := c.receive(conn); ok {
				c.work.Go(func() { c.serveSSH(conn, id) })
			}
		}
	})
}

// serveSSH serves a connection until it ends.
func (c *Computer) serveSSH(conn net.Conn, id *identity) {
	defer conn.Close()
	stop := context.AfterFunc(c.life, func() { conn.Close() })
	defer stop()
	config, err := c.sshConfig(id)
	if err != nil {
		return
	}
	_ = conn.SetDeadline(time.Now().Add(sshGrace))
	server, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	defer server.Close()
	_ = conn.SetDeadline(time.Time{})
	life, end := context.WithCancel(c.life)
	var sessions sync.WaitGroup
	defer sessions.Wait()
	defer end()
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		if offered.ChannelType() != "session" {
			_ = offered.Reject(ssh.UnknownChannelType, "only sessions are served")
			continue
		}
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		s := &sshSession{computer: c, conn: conn, channel: channel, life: life}
		sessions.Go(func() { s.serve(requests) })
	}
}

func (c *Computer) sshConfig(id *identity) (*ssh.ServerConfig, error) {
	config := &ssh.ServerConfig{
		ServerVersion: "SSH-2.0-OpenSSH_for_Windows_9.5 amirotate-sandbox",
		PublicKeyCallback: func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if c.isUser(meta.User()) && c.isAuthorized(key) {
				return &ssh.Permissions{}, nil
			}
			return nil, errDenied
		},
		PasswordCallback: func(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if c.isUser(meta.User()) && subtle.ConstantTimeCompare(password, []byte(c.options.Password)) == 1 {
				return &ssh.Permissions{}, nil
			}
			return nil, errDenied
		},
	}
	signer, err := c.hostKey(id)
	if err != nil {
		return nil, fmt.Errorf("cannot load the host key: %w", err)
	}
	config.AddHostKey(signer)
	return config, nil
}

// hostKey is the image's, or the computer's own, or that of an impostor.
func (c *Computer) hostKey(id *identity) (ssh.Signer, error) {
	if kept := c.look(sshdHostKey); kept.status == verify.Present && id == c.disk.identity {
		return ssh.ParsePrivateKey(kept.bytes)
	}
	return ssh.NewSignerFromKey(id.certificate.PrivateKey)
}

func (c *Computer) isAuthorized(key ssh.PublicKey) bool {
	for _, k := range c.options.AuthorizedKeys {
		if subtle.ConstantTimeCompare(k.Marshal(), key.Marshal()) == 1 {
			return true
		}
	}
	pair, _, _, _, err := ssh.ParseAuthorizedKey([]byte(c.spec.PublicKey))
	return err == nil && subtle.ConstantTimeCompare(pair.Marshal(), key.Marshal()) == 1
}

// sshSession is one command, with PowerShell as the login shell.
type sshSession struct {
	computer *Computer
	conn     net.Conn
	channel  ssh.Channel
	life     context.Context
}

func (s *sshSession) serve(requests <-chan *ssh.Request) {
	defer s.channel.Close()
	life, end := context.WithCancel(s.life)
	defer end()
	var running sync.WaitGroup
	defer running.Wait()
	begun := false
	for r := range requests {
		var payload struct{ Line string }
		ok := r.Type == "exec" && !begun && ssh.Unmarshal(r.Payload, &payload) == nil
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
		if ok {
			begun = true
			running.Go(func() { s.run(life, payload.Line) })
		}
	}
	end()
}

func (s *sshSession) run(life context.Context, line string) {
	result, ok := s.interpret(life, line)
	switch {
	case !ok:
	case result.deed == machine.DropConnection:
		cut(s.conn)
	default:
		_, _ = s.channel.Write(result.stdout) // to a client that may be gone
		_, _ = s.channel.Stderr().Write(result.stderr)
		_, _ = s.channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(result.exitCode)}))
	}
	s.channel.Close()
}

// interpret runs a command line that came as it stands to PowerShell's own.
func (s *sshSession) interpret(life context.Context, line string) (outcome, bool) {
	if i := strings.IndexAny(line, "$\"'`|;&<>(){}@,%\n"); i >= 0 {
		return failure(fmt.Sprintf("the login shell of this host is PowerShell, and to it %q means something", line[i])), true
	}
	cmd := newCommand(&shell{id: "ssh", shells: s.computer.shells, life: life, commands: map[string]*command{}}, line, false)
	defer cmd.end()
	go func() {
		input, err := io.ReadAll(io.LimitReader(s.channel, maxInput))
		cmd.feed(input, err == nil)
	}()
	return s.computer.interpret(cmd)
}

// maxInput bounds a command's standard input, in bytes.
const maxInput = 64 << 20
