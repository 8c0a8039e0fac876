package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/amirotate/amirotate/internal/rotate"
)

// withSignals ends the context at the first interrupt, so that what is in
// flight can end cleanly, and the process at the second. A terminal that goes
// away is an interrupt, too, unless nohup says otherwise; a pipe that nobody
// reads any more is none, for a rotation is worth more than its log.
func withSignals(parent context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGPIPE)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			cancel(rotate.ErrInterrupted)
		case <-done:
			return
		}
		select {
		case <-signals:
			fmt.Fprintln(stderr, "amirotate: cannot finish: interrupted twice, so what is in flight was left as it is\n"+
				"  hint: "+runAgain+"; it cleans up, too")
			os.Exit(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// interruptNotice tells, once a run is interrupted, that it is ending.
const interruptNotice = "interrupted: ending what is in flight; interrupt again to end at once"

// onInterrupt has tell called when ctx is interrupted. The returned function
// ends that; afterwards tell is not running.
func onInterrupt(ctx context.Context, tell func(string)) (stop func()) {
	told := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(told)
		tell(interruptNotice)
	})
	return func() {
		if !unhook() {
			<-told
		}
	}
}
