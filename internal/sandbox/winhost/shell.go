package winhost

import (
	"context"
	"encoding/base64"
	"strings"
	"sync"
	"time"
)

// Limits of Windows Server 2012 and later, as they come.
const (
	maxShells   = 30 // MaxShellsPerUser
	defaultIdle = 2 * time.Hour
)

// shells are the open shells of the computer's one user.
type shells struct {
	computer *Computer

	mu   sync.Mutex
	open map[string]*shell
}

func newShells(c *Computer) *shells { return &shells{computer: c, open: make(map[string]*shell)} }

// shell runs commands. It ends when nobody asks it anything for some time.
type shell struct {
	id       string
	shells   *shells
	life     context.Context
	end      context.CancelFunc
	idle     time.Duration // real time, for its clients live in it
	variable []named

	mu       sync.Mutex
	asking   int // requests that are being answered
	timer    *time.Timer
	commands map[string]*command
}

func (s *shells) create(q *request) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= maxShells {
		return "", faultShellQuota(maxShells)
	}
	sh := &shell{id: newGUID(), shells: s, idle: defaultIdle, commands: make(map[string]*command)}
	if q.Body.Shell != nil {
		sh.idle = parseDuration(q.Body.Shell.Idle, defaultIdle)
		sh.variable = q.Body.Shell.Variables
	}
	sh.life, sh.end = context.WithCancel(s.computer.life)
	sh.timer = time.AfterFunc(sh.idle, func() { s.remove(sh.id) })
	s.open[sh.id] = sh
	return `<x:ResourceCreated><a:Address>https://` + s.computer.spec.Address.String() + `:5986/wsman</a:Address>` +
		`<a:ReferenceParameters><w:ResourceURI>` + shellCmd + `</w:ResourceURI><w:SelectorSet>` +
		`<w:Selector Name="ShellId">` + sh.id + `</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>` +
		`<rsp:Shell><rsp:ShellId>` + sh.id + `</rsp:ShellId><rsp:ResourceUri>` + shellCmd + `</rsp:ResourceUri>` +
		`<rsp:Owner>` + escape(s.computer.disk.identity.hostName+`\`+s.computer.spec.User) + `</rsp:Owner>` +
		`<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`, nil
}

func (s *shells) find(id string) (*shell, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.open[id]; sh != nil {
		return sh, nil
	}
	return nil, faultNoShell(id)
}

func (s *shells) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.open[id]; sh != nil {
		sh.timer.Stop()
		sh.end()
		delete(s.open, id)
	}
}

func (s *shells) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, sh := range s.open {
		sh.timer.Stop()
		sh.end()
		delete(s.open, id)
	}
}

// touch counts a request in or out; the shell is idle when there is none.
func (s *shell) touch(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking += n
	s.timer.Stop()
	if s.asking == 0 && s.life.Err() == nil {
		s.timer.Reset(s.idle)
	}
}

func (s *shell) start(q *request) string {
	line := q.Body.Command.Command
	if len(q.Body.Command.Arguments) > 0 {
		line += " " + strings.Join(q.Body.Command.Arguments, " ")
	}
	skipsCmd := strings.EqualFold(valueOf(q.Header.Options, "WINRS_SKIP_CMD_SHELL"), "TRUE")
	c := newCommand(s, line, skipsCmd)
	s.mu.Lock()
	s.commands[c.id] = c
	s.mu.Unlock()
	go c.run()
	return `<rsp:CommandResponse><rsp:CommandId>` + c.id + `</rsp:CommandId></rsp:CommandResponse>`
}

func (s *shell) command(id string) (*command, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.commands[id]; c != nil {
		return c, nil
	}
	return nil, faultNoCommand()
}

func (s *shell) send(streams []stream) (string, error) {
	for _, in := range streams {
		c, err := s.command(in.CommandID)
		if err != nil {
			return "", err
		}
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(in.Data))
		if err != nil || in.Name != "stdin" {
			return "", faultNoCommand()
		}
		c.feed(data, in.End)
	}
	return `<rsp:SendResponse/>`, nil
}

func (s *shell) receive(ctx context.Context, id string, timeout time.Duration, envelope int) (string, error) {
	c, err := s.command(id)
	if err != nil {
		return "", err
	}
	return c.receive(ctx, timeout, envelope)
}

func (s *shell) signal(id, code string) (string, error) {
	c, err := s.command(id)
	if err != nil {
		return "", err
	}
	c.end()
	if strings.HasSuffix(code, "/signal/terminate") {
		s.mu.Lock()
		delete(s.commands, id)
		s.mu.Unlock()
	}
	return `<rsp:SignalResponse/>`, nil
}
