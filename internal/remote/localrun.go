package remote

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/command"
)

// Run runs a command with /bin/sh, on Windows with PowerShell, in the working
// directory and with the environment of this program. An exit status other than
// 0 is not an error. When the context or the time ends, the command is ended
// with all that it started, and the output is what came until then.
func (Local) Run(ctx context.Context, c command.Command) (command.Output, error) {
	ctx, cancel := bounded(ctx, c.Timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return command.Output{Status: -1}, fmt.Errorf("cannot run a command: %w", context.Cause(ctx))
	}
	return runLocal(ctx, c)
}

// outputGrace is how long a command's output is waited for once it has ended: a
// service that it started may hold that open for ever.
const outputGrace = 300 * time.Millisecond

// runProgram runs a program with text as its input, both its outputs together.
func runProgram(ctx context.Context, input string, program string, args ...string) (command.Output, error) {
	var tail command.Tail
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &tail, &tail
	cmd.WaitDelay = outputGrace
	leadGroup(cmd)
	err := cmd.Run()
	if ctx.Err() != nil {
		killGroup(cmd)
		return tail.Output(-1), fmt.Errorf("cannot run a command: %w", context.Cause(ctx))
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return tail.Output(-1), fmt.Errorf("cannot run a command: %w", err)
	}
	return tail.Output(cmd.ProcessState.ExitCode()), nil
}
