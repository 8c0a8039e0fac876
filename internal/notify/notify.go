// Package notify runs the commands that are told how a run ended: with JSON on
// standard input and a few words of it in environment variables. What becomes of
// such a command never changes what it is told about.
package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/command"
)

// DefaultTimeout is how long a command may take unless it says so itself, real
// time.
const DefaultTimeout = time.Minute

// Message is what a command is told.
type Message struct {
	JSON      []byte            // on standard input
	Variables map[string]string // beside the environment that it is given
}

// maxValue is how many bytes of a variable's value are handed on: systems limit
// them, and the whole text is in the JSON.
const maxValue = 4 << 10

// Send runs a command for the shell, with an environment of NAME=value, until it has ended.
// The error says that it could not be run, failed or took too long; it then is
// ended with all that it has started.
func Send(ctx context.Context, c command.Command, m Message, environ []string) error {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := shell(ctx, c.Run)
	cmd.Env = append(slices.Clone(environ), m.environ()...)
	cmd.Stdin = bytes.NewReader(m.JSON)
	var output command.Tail
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = 500 * time.Millisecond // for what it has started in the background
	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		endAll(cmd)
		return fmt.Errorf("cannot notify by %q: it took longer than %s%s", c.Brief(), timeout, said(&output))
	case ctx.Err() != nil:
		endAll(cmd)
		return fmt.Errorf("cannot notify by %q: %w", c.Brief(), context.Cause(ctx))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay) && !unread(err, cmd):
		return fmt.Errorf("cannot notify by %q: %w%s", c.Brief(), err, said(&output))
	}
	return nil
}

// unread tells whether all that went wrong is that a command which succeeded has
// not read its input to the end.
func unread(err error, cmd *exec.Cmd) bool {
	var exit *exec.ExitError
	return !errors.As(err, &exit) && cmd.ProcessState != nil && cmd.ProcessState.Success()
}

func (m Message) environ() []string {
	var env []string
	for name, value := range m.Variables {
		value = strings.ReplaceAll(value, "\x00", "")
		env = append(env, name+"="+strings.ToValidUTF8(value[:min(len(value), maxValue)], ""))
	}
	slices.Sort(env)
	return env
}

// said is the end of the last line that a command printed, to be added to an
// error.
func said(output *command.Tail) string {
	const most = 1 << 10 // bytes
	last := output.Output(0).Summary(1)
	if last == "" {
		return ""
	}
	return ": " + strings.TrimSpace(strings.ToValidUTF8(last[max(0, len(last)-most):], "\uFFFD"))
}
