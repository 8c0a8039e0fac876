package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// streams is what a command said and how it ended.
type streams struct {
	Stdout, Stderr []byte
	Status         int // exit status; -1 when the server told none
}

// request is a command to run in a session.
type request struct {
	command string
	stdin   []byte // its whole input
	// patience is how long it may take to its first sign of life, 0 for ever: a
	// server that refuses to run it may keep silent about that.
	patience time.Duration
	// sink takes standard output in the place of streams, but for what is printed
	// by processes that the command leaves behind. The command's input then stays
	// open as long as it runs.
	sink io.Writer
}

// maxOutput is how many bytes a command may print before it is given up.
const maxOutput = 64 << 20

// kept is how many sessions are opened ahead: one to change something, one to
// read it back.
const kept = 2

// sessions runs commands over one SSH connection. It keeps some sessions opened
// ahead, and starts in them the command that is always the same, so that what
// goes to its input costs one round trip: a server lets none in before the command
// runs. Servers that allow only one session at a time (MaxSessions 1) refuse the
// second; then each command opens its own.
type sessions struct {
	client *ssh.Client
	usual  string // the command that is started ahead, "" for none

	mu    sync.Mutex
	spare []chan opening
}

// opening is a session, or why there is none.
type opening struct {
	channel  ssh.Channel
	requests <-chan *ssh.Request
	err      error
	started  string // the command that it was told to run, "" for none yet
}

func newSessions(client *ssh.Client, usual string) *sessions {
	s := &sessions{client: client, usual: usual}
	s.openAhead()
	return s
}

func (s *sessions) openAhead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.spare) < kept {
		ahead := make(chan opening, 1)
		s.spare = append(s.spare, ahead)
		go func() { ahead <- s.openStarted() }()
	}
}

// openStarted opens a session and waits until the usual command runs there. A
// refusal to run it is for its user to see, as an end without a status.
func (s *sessions) openStarted() opening {
	o := s.open()
	if o.err == nil && s.usual != "" {
		o.started = s.usual
		_, _ = o.channel.SendRequest("exec", true, execPayload(s.usual))
	}
	return o
}

// opened waits until the server has answered to the sessions that are opened
// ahead. What it answered is for the first command to deal with.
func (s *sessions) opened(ctx context.Context) error {
	s.mu.Lock()
	spare := slices.Clone(s.spare)
	s.mu.Unlock()
	for _, ahead := range spare {
		select {
		case o := <-ahead:
			ahead <- o
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func (s *sessions) open() opening {
	channel, requests, err := s.client.OpenChannel("session", nil)
	return opening{channel: channel, requests: requests, err: err}
}

// take returns a session for a command: one that was opened ahead, or a new one.
// It blocks until the server answers or the connection is closed, as run does
// when ctx ends.
func (s *sessions) take(ctx context.Context, command string) opening {
	for ahead := s.pop(); ahead != nil; ahead = s.pop() {
		o := <-ahead
		switch {
		case o.err != nil:
		case o.started == "" || o.started == command:
			return o
		default:
			_ = o.channel.Close()
		}
	}
	o := s.open()
	for pause := 20 * time.Millisecond; refused(o.err) && pause < 2*time.Second; pause *= 2 {
		if sleep(ctx, pause) != nil { // the server may not be done with ending the last one
			break
		}
		o = s.open()
	}
	return o
}

func (s *sessions) pop() chan opening {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.spare) == 0 {
		return nil
	}
	ahead := s.spare[0]
	s.spare = s.spare[1:]
	return ahead
}

func refused(err error) bool {
	var e *ssh.OpenChannelError
	return errors.As(err, &e) && e.Reason != ssh.Prohibited
}

// run runs a command. When ctx ends, the connection is closed, which frees all
// that waits on it.
func (s *sessions) run(ctx context.Context, r request) (streams, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() { s.client.Close() })
	defer stop()

	o := s.take(ctx, r.command)
	if o.err != nil {
		return streams{}, s.lost(ctx, fmt.Errorf("cannot open a session: %w", o.err))
	}
	defer o.channel.Close()
	s.openAhead()
	sign := func() {}
	if r.patience > 0 {
		silence := time.AfterFunc(r.patience, func() {
			cancel(temporaryf("", "the server gave no sign within %v that it ran the command", r.patience))
		})
		defer silence.Stop()
		sign = func() { silence.Stop() }
	}
	out, err := o.exchange(r, sign)
	if err != nil || ctx.Err() != nil {
		return out, s.lost(ctx, err)
	}
	return out, nil
}

// endGrace bounds how long a command's output is waited for once it has ended.
const endGrace = 300 * time.Millisecond

// lost names why the connection ended, if it was by ctx.
func (s *sessions) lost(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if refused(err) {
		return temporaryf("the server may allow no more sessions at once (MaxSessions)", "%w", err)
	}
	return temporaryf("", "%w", err)
}

func execPayload(command string) []byte {
	return ssh.Marshal(struct{ Command string }{command})
}

// exchange sends the command, if that is not done yet, with its input and reads
// to the end. It does not wait for the server's consent, which would cost a round
// trip; a refusal shows as an end without a status.
func (o opening) exchange(r request, sign func()) (streams, error) {
	if o.started == "" {
		if _, err := o.channel.SendRequest("exec", false, execPayload(r.command)); err != nil {
			return streams{}, fmt.Errorf("cannot run a command: %w", err)
		}
	}
	var out streams
	var stdout, stderr capped
	stdout.sign, stderr.sign = sign, func() {}
	sink, ended := io.Writer(&stdout), func() {}
	if r.sink != nil {
		sink = r.sink
		ended = func() { time.AfterFunc(endGrace, func() { o.channel.Close() }) }
	}
	var both sync.WaitGroup
	var outErr error
	both.Go(func() { _, outErr = io.Copy(sink, o.channel) })
	both.Go(func() { _, _ = io.Copy(&stderr, o.channel.Stderr()) })
	// A command that ends without reading its input is judged by what it says.
	go func() {
		if _, err := o.channel.Write(r.stdin); err == nil && r.sink == nil {
			_ = o.channel.CloseWrite()
		}
	}()
	status, lost := o.await(ended)
	both.Wait()
	out.Stdout, out.Stderr, out.Status = stdout.Bytes(), stderr.Bytes(), status
	switch {
	case outErr != nil:
		return out, fmt.Errorf("cannot read the command's output: %w", outErr)
	case lost:
		return out, errors.New("the connection was lost before the command ended")
	}
	return out, nil
}

// await reads the session's requests to their end; ended is called when the
// command has ended, which may be long before. lost tells that there was
// neither a status nor a signal.
func (o opening) await(ended func()) (status int, lost bool) {
	status, lost = -1, true
	for req := range o.requests {
		switch req.Type {
		case "exit-status":
			var m struct{ Status uint32 }
			if ssh.Unmarshal(req.Payload, &m) == nil {
				status, lost = int(m.Status), false
				ended()
			}
		case "exit-signal":
			lost = false
			ended()
		}
		if req.WantReply {
			_ = req.Reply(false, nil)
		}
	}
	return status, lost
}

// capped is a buffer that refuses to grow beyond maxOutput and tells of its
// first byte.
type capped struct {
	bytes.Buffer
	sign func()
}

func (c *capped) Write(p []byte) (int, error) {
	c.sign()
	if c.Len()+len(p) > maxOutput {
		return 0, fmt.Errorf("more than %d bytes", maxOutput)
	}
	return c.Buffer.Write(p)
}
