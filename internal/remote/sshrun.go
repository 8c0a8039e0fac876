package remote

import (
	"context"
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/remote/scripts"
)

// Run runs a command with /bin/sh. An exit status other than 0 is not an error.
// With an error, as when the time is over, the output is what came until then;
// the connection is closed, which ends the command with all that it started.
func (h *SSHHost) Run(ctx context.Context, c command.Command) (command.Output, error) {
	ctx, cancel := bounded(ctx, c.Timeout)
	defer cancel()
	var tail command.Tail
	out, err := h.run(ctx, request{command: posixShell, stdin: []byte(posixRun(c.Run, "yes")), sink: &tail})
	if err != nil {
		return tail.Output(-1), fmt.Errorf("cannot run a command on %s: %w", h.name, err)
	}
	return tail.Output(out.Status), nil
}

// posixRun composes what goes to the standard input of a POSIX shell; watch is
// yes if that stays open while the command runs, or "".
func posixRun(run, watch string) string {
	return "ar_command=" + shellQuote(run) + " ar_watch=" + watch + "\n" + scripts.POSIXRun
}

// bounded limits the time, 0 for no limit.
func bounded(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, timeout, temporaryf("", "it has not ended within %v", timeout))
}
