package posixhost

import (
	"context"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/amirotate/amirotate/internal/sandbox/posixhost/commands"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost/rootfs"
)

// hangUpAfter is how long (in real time) a command lives on when its client has
// gone: long enough to see the end of its input as it would from sshd.
const hangUpAfter = 200 * time.Millisecond

// session is one SSH session channel: one command.
type session struct {
	*connection
	channel ssh.Channel
	env     []string
	started bool
}

// serve answers a session's requests until the channel closes.
func (s *session) serve(ctx context.Context, requests <-chan *ssh.Request) {
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp()
	var command sync.WaitGroup
	defer command.Wait()
	defer s.channel.Close()
	for r := range requests {
		switch r.Type {
		case "exec", "shell":
			line := ""
			if r.Type == "exec" {
				var payload struct{ Line string }
				if ssh.Unmarshal(r.Payload, &payload) != nil {
					r.Reply(false, nil)
					continue
				}
				line = payload.Line
			}
			r.Reply(!s.started, nil)
			if s.started {
				continue
			}
			s.started = true
			command.Go(func() {
				s.exit(s.run(ctx, line))
			})
		case "env":
			s.setenv(r)
		case "signal":
			hangUp()
		case "pty-req", "window-change":
			r.Reply(true, nil)
		default:
			r.Reply(false, nil)
		}
	}
	time.AfterFunc(hangUpAfter, hangUp)
	command.Wait()
}

// setenv takes what sshd's usual AcceptEnv lets through.
func (s *session) setenv(r *ssh.Request) {
	var v struct{ Name, Value string }
	ok := ssh.Unmarshal(r.Payload, &v) == nil && (v.Name == "LANG" || strings.HasPrefix(v.Name, "LC_"))
	if ok {
		s.env = append(s.env, v.Name+"="+v.Value)
	}
	r.Reply(ok, nil)
}

// exit reports the status and closes the channel.
func (s *session) exit(status int) {
	s.channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status)}))
	s.channel.Close()
}

// run runs a command line, or a shell that reads its commands from the client.
func (s *session) run(ctx context.Context, line string) int {
	h := s.host
	done := h.files.Use()
	defer done()
	p := s.process(ctx)
	after, ok := s.befall(line, p)
	if !ok {
		return 129
	}
	defer after()
	if line == "" {
		return h.shell.Program(p)
	}
	return h.shell.Command(p, line)
}

// process is the login shell's process.
func (s *session) process(ctx context.Context) *commands.Process {
	h := s.host
	account, _ := h.system.Accounts.Named(h.spec.User)
	view := &rootfs.View{FS: h.files, Cred: h.system.Accounts.Cred(account), Dir: "/", Umask: 0o022}
	if info, err := view.Stat(account.Home); err == nil && info.IsDir() {
		view.Dir = account.Home
	}
	return &commands.Process{
		Ctx: ctx,
		FS:  view,
		Env: append([]string{
			"HOME=" + account.Home, "USER=" + account.Name, "LOGNAME=" + account.Name, "SHELL=/bin/sh",
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"SSH_CONNECTION=" + strings.ReplaceAll(s.conn.RemoteAddr().String()+" "+s.conn.LocalAddr().String(), ":", " "),
		}, s.env...),
		Stdin:  s.channel,
		Stdout: s.channel,
		Stderr: s.channel.Stderr(),
		System: h.system,
	}
}
