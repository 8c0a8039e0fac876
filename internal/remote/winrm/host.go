package winrm

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/remote/scripts"
)

// Host is a Windows computer that is logged in to. Its methods may be called
// from several goroutines; the scripts run one after the other.
type Host struct {
	*Files
	address   string
	transport *transport

	mu    sync.Mutex // one script at a time; guards shell
	shell string     // "" when there is none
}

// Dial connects, verifies the server, logs in and opens a shell. It tries once;
// Error.Temporary tells whether trying again may help.
func Dial(ctx context.Context, options Options) (*Host, error) {
	options = options.withDefaults()
	fail := func(err error) (*Host, error) { return nil, dress("connect to", options.Address, err) }
	if err := options.check(); err != nil {
		return fail(kindf(Settings, "%w", err))
	}
	t, err := newTransport(options)
	if err != nil {
		return fail(kindf(Settings, "%w", err))
	}
	h := &Host{address: options.Address, transport: t}
	h.Files = NewFiles(options.Address, h.run)
	if h.shell, err = t.create(ctx); err != nil {
		t.close()
		return fail(err)
	}
	return h, nil
}

// Script runs a PowerShell script that is no part of amirotate. What it prints and
// its exit code are the caller's to judge.
func (h *Host) Script(ctx context.Context, script string) (*Output, error) {
	// The bootstrap hands every script a request; one without parameters
	// ignores it.
	output, err := h.run(ctx, script, "{}", 0)
	return output, dress("run a script on", h.address, err)
}

// run runs a script in the shell, in a new one if the server has ended it.
func (h *Host) run(ctx context.Context, script, request string, limit time.Duration) (*Output, error) {
	if limit == 0 {
		limit = h.transport.options.CommandTimeout
	}
	line, input := commandFor(script, request)
	h.mu.Lock()
	defer h.mu.Unlock()
	for attempt := 0; ; attempt++ {
		if h.shell == "" {
			shell, err := h.transport.create(ctx)
			if err != nil {
				return nil, err
			}
			h.shell = shell
		}
		output, err := h.transport.execute(ctx, h.shell, line, input, limit)
		if attempt == 0 && isFault(err, codeShellNotFound) {
			h.shell = "" // idle for too long; the command was not started
			continue
		}
		return output, err
	}
}

// closeTimeout bounds Close, real time. A shell that could not be ended in it
// ends by itself when it has been idle for long enough.
const closeTimeout = time.Second

// Close ends the shell and the connection.
func (h *Host) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.transport.close()
	if h.shell == "" {
		return nil
	}
	err := h.transport.remove(ctx, h.shell)
	h.shell = ""
	return dress("end the shell on", h.address, err)
}

// scriptError is a script that printed no result.
func scriptError(o *Output) error {
	said := lastWords(o.Stderr)
	if said == "" {
		said = lastWords(o.Stdout)
	}
	return kindf(Failed, "PowerShell ended with exit code %d and no %sline: %s", o.ExitCode, scripts.ResultMark, said)
}

// lastWords is the end of what a program printed, short enough for an error.
func lastWords(b []byte) string {
	const most = 400
	if len(b) > most {
		b = b[len(b)-most:]
	}
	if len(b) == 0 {
		return ""
	}
	return fmt.Sprintf("%q", b)
}
