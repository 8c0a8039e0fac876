package winrm

import (
	"context"
	"errors"
	"time"
)

// maxOutput bounds what a command may print, in bytes.
const maxOutput = 64 << 20

// Output is what a command printed and how it ended.
type Output struct {
	Stdout, Stderr []byte
	ExitCode       int
}

// exchange posts a message and reads the answer.
func (t *transport) exchange(ctx context.Context, message string) (*answer, error) {
	body, err := t.post(ctx, message)
	if err != nil {
		return nil, err
	}
	return parseAnswer(body)
}

// create opens a shell.
func (t *transport) create(ctx context.Context) (shell string, err error) {
	a, err := t.exchange(ctx, t.createMessage())
	if err != nil {
		return "", err
	}
	return a.shellID()
}

// execute runs a command line to its end. With input, the command gets that on
// its standard input and then the end of it.
func (t *transport) execute(ctx context.Context, shell, line string, input []byte, limit time.Duration) (*Output, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, kindf(Unavailable, "the command has not ended after %s", limit))
	defer cancel()
	a, err := t.exchange(ctx, t.commandMessage(shell, line, input != nil))
	if err != nil {
		return nil, err
	}
	command := a.Body.CommandID
	if command == "" {
		return nil, kindf(Nonsense, "the answer names no command")
	}
	if err := t.feed(ctx, shell, command, input); err != nil {
		return nil, err
	}
	output, err := t.collect(ctx, shell, command)
	if err != nil {
		return nil, err
	}
	// The command has ended; this only frees what the server keeps of it.
	if _, err := t.post(ctx, t.signalMessage(shell, command)); err != nil && ctx.Err() != nil {
		return nil, ended(ctx)
	}
	return output, nil
}

// feed sends all input.
func (t *transport) feed(ctx context.Context, shell, command string, input []byte) error {
	for len(input) > 0 {
		n := min(len(input), maxSend)
		if _, err := t.post(ctx, t.sendMessage(shell, command, input[:n], n == len(input))); err != nil {
			return err
		}
		input = input[n:]
	}
	return nil
}

// collect receives output until the command has ended.
func (t *transport) collect(ctx context.Context, shell, command string) (*Output, error) {
	var output Output
	for {
		asked := time.Now()
		a, err := t.exchange(ctx, t.receiveMessage(shell, command))
		if isFault(err, codeOperationTimeout) {
			// No output yet. A server that says so at once is not asked at full speed.
			if err := pause(ctx, minPoll-time.Since(asked)); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if a.Body.Receive == nil {
			return nil, kindf(Nonsense, "the answer to Receive holds no output")
		}
		done, err := output.add(a.Body.Receive)
		if err != nil || done {
			return &output, err
		}
		if len(output.Stdout)+len(output.Stderr) > maxOutput {
			return nil, kindf(Nonsense, "the command printed more than %d bytes", maxOutput)
		}
		if len(a.Body.Receive.Streams) == 0 {
			if err := pause(ctx, minPoll-time.Since(asked)); err != nil {
				return nil, err
			}
		}
	}
}

// minPoll is the least time between two questions that brought nothing.
const minPoll = 100 * time.Millisecond

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// remove ends a shell and all that runs in it. One that is gone already is fine.
func (t *transport) remove(ctx context.Context, shell string) error {
	_, err := t.post(ctx, t.deleteMessage(shell))
	if isFault(err, codeShellNotFound) {
		return nil
	}
	var fault *Fault
	if errors.As(err, &fault) && fault.Subcode == "w:InvalidSelectors" {
		return nil
	}
	return err
}
