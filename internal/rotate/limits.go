package rotate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Waits are the longest that each wait may take. Each stands in the error that
// it ends with, together with the setting that raises it.
type Waits struct {
	Launch  time.Duration // from RunInstances until the instance runs
	Connect time.Duration // until it answers; a Windows boot takes minutes
	Static  time.Duration // until a static host answers, which runs already or doesn't
	Patch   time.Duration // to replace the files and read them back
	Stop    time.Duration // until it is stopped or terminated
	Image   time.Duration // until the image is available; EC2 may take up to 24 hours
	Prove   time.Duration // to read the files on the prover
}

// defaultWaits are generous: a wait that ends too early costs a night.
var defaultWaits = Waits{
	Launch:  10 * time.Minute,
	Connect: 20 * time.Minute,
	Static:  time.Minute,
	Patch:   10 * time.Minute,
	Stop:    15 * time.Minute,
	Image:   2 * time.Hour,
	Prove:   10 * time.Minute,
}

// OrDefault fills in what is not set.
func (w Waits) OrDefault() Waits {
	def := func(have *time.Duration, otherwise time.Duration) {
		if *have <= 0 {
			*have = otherwise
		}
	}
	def(&w.Launch, defaultWaits.Launch)
	def(&w.Connect, defaultWaits.Connect)
	def(&w.Static, defaultWaits.Static)
	def(&w.Patch, defaultWaits.Patch)
	def(&w.Stop, defaultWaits.Stop)
	def(&w.Image, defaultWaits.Image)
	def(&w.Prove, defaultWaits.Prove)
	return w
}

// TimeoutError says which wait was too long and how to raise it.
type TimeoutError struct {
	What    string // "i-0123 to run"
	Limit   time.Duration
	Setting string // key in the configuration
	Last    error  // what was seen last, may be nil
}

func (e *TimeoutError) Error() string {
	if e.Last != nil {
		return fmt.Sprintf("waited %s for %s: %v", e.Limit, e.What, e.Last)
	}
	return fmt.Sprintf("waited %s for %s", e.Limit, e.What)
}

// Hint names the setting that raises the limit.
func (e *TimeoutError) Hint() string {
	return fmt.Sprintf("if it only needs longer, raise %s in the configuration and run the same command again", e.Setting)
}

func (e *TimeoutError) Unwrap() error { return e.Last }

// within runs f with a limit of its own, and turns the limit's end into a
// TimeoutError; ctx ending by itself stays what it is.
func within(ctx context.Context, limit time.Duration, what, setting string, f func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := f(limited)
	if err == nil || ctx.Err() != nil || limited.Err() == nil {
		return err
	}
	last := err
	if cloud.KindOf(err) == cloud.InterruptedCall || errors.Is(err, context.DeadlineExceeded) && errors.Unwrap(err) == nil {
		last = nil
	}
	return &TimeoutError{What: what, Limit: limit, Setting: setting, Last: last}
}
