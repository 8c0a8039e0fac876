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
)

// DefaultTimeout is how long a command may take unless it says so itself.
const DefaultTimeout = time.Minute

// Command is a command for the shell.
type Command struct {
	Run     string
	Timeout time.Duration // 0 is DefaultTimeout
}

// Message is what a command is told.
type Message struct {
	JSON      []byte            // on standard input
	Variables map[string]string // beside the environment that it is given
}

// maxValue is how many bytes of a variable's value are handed on: systems limit
// them, and the whole text is in the JSON.
const maxValue = 4 << 10

// Send runs a command, with an environment of NAME=value, until it has ended.
// The error says that it could not be run, failed or took too long; it then is
// ended with all that it has started.
func Send(ctx context.Context, c Command, m Message, environ []string) error {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := shell(ctx, c.Run)
	cmd.Env = append(slices.Clone(environ), m.environ()...)
	cmd.Stdin = bytes.NewReader(m.JSON)
	var output tail
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = 500 * time.Millisecond // for what it has started in the background
	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		endAll(cmd)
		return fmt.Errorf("cannot notify by %q: it took longer than %s%s", brief(c.Run), timeout, output.said())
	case ctx.Err() != nil:
		endAll(cmd)
		return fmt.Errorf("cannot notify by %q: %w", brief(c.Run), context.Cause(ctx))
	case err != nil && !errors.Is(err, exec.ErrWaitDelay) && !unread(err, cmd):
		return fmt.Errorf("cannot notify by %q: %w%s", brief(c.Run), err, output.said())
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

// brief is the beginning of a command's first line.
func brief(command string) string {
	line, _, more := strings.Cut(strings.TrimSpace(command), "\n")
	if runes := []rune(line); len(runes) > 60 {
		line, more = string(runes[:60]), true
	}
	if more {
		line += "…"
	}
	return line
}

// tail keeps the last bytes of what a command prints.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 1 << 10
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(0, len(t.kept)-most):]
	return len(p), nil
}

// said is the last line that was printed, to be added to an error.
func (t *tail) said() string {
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(t.kept), "\uFFFD")), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return ": " + last
	}
	return ""
}
