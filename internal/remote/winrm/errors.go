package winrm

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what an error means for what is to be done next.
type Kind string

// Kinds of errors.
const (
	Settings    Kind = "settings"    // the Options can never work
	Interrupted Kind = "interrupted" // the context ended
	Unreachable Kind = "unreachable" // refused, timed out, reset
	Certificate Kind = "certificate" // the server is not who it should be
	Unproven    Kind = "unproven"    // the console does not show a fingerprint yet
	Denied      Kind = "denied"      // user or password refused, or not set yet by a booting host
	Faulted     Kind = "fault"       // the server answered with a SOAP fault
	Unavailable Kind = "unavailable" // HTTP 5xx, or a time-out of ours
	Nonsense    Kind = "nonsense"    // an answer that is none
	Unsealed    Kind = "unsealed"    // over HTTP: the server would not encrypt; nothing was sent in plain text
	Damaged     Kind = "damaged"     // what arrived is not what was sent; nothing was changed
	Failed      Kind = "failed"      // the script could not do it
)

// Error is what every method of this package returns, but for *verify.Refusal.
type Error struct {
	Kind Kind
	Op   string // what could not be done, such as "connect to"
	Host string // host:port
	Err  error
}

// Error reads "cannot OP HOST: cause".
func (e *Error) Error() string { return fmt.Sprintf("cannot %s %s: %v", e.Op, e.Host, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Temporary tells whether the same call may succeed later, in particular
// against a host that is still booting: then its port is closed, its password
// is not set yet, its console is empty. A call that failed midway may be
// repeated, for a replace finds out what it did.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case Unreachable, Unproven, Denied, Unavailable, Damaged:
		return true
	case Faulted:
		var f *Fault
		return errors.As(e.Err, &f) && f.temporary()
	}
	return false
}

// Final tells that trying again cannot help.
func (e *Error) Final() bool { return !e.Temporary() && e.Kind != Interrupted }

// Hint says what to do about it, in a sentence, or "".
func (e *Error) Hint() string {
	switch e.Kind {
	case Certificate:
		return "name the right fingerprint or authority; if the computer was rebuilt, its certificate is a new one"
	case Unproven:
		return "only images that print RDPCERTIFICATE-THUMBPRINT at boot can be verified by their console"
	case Unsealed:
		return "reach it over HTTPS (port 5986) instead"
	case Denied:
		return "an image made from a running Windows keeps its password unless it is set to make a new one"
	}
	return ""
}

// Faults that mean something to us, as WSManFault codes (MS-WSMV 2.2.4.43 and
// wsmerror.h).
const (
	codeOperationTimeout = 2150858793 // w:TimedOut: no output within OperationTimeout
	codeShellNotFound    = 2150858843 // w:InvalidSelectors: the shell ended
	codeShellQuota       = 2150859173 // w:QuotaLimit: too many shells of this user
	codeOperationQuota   = 2150859174 // w:QuotaLimit: too many operations of this user
)

// Fault is a SOAP fault.
type Fault struct {
	Status  int    // HTTP status
	Subcode string // such as w:InvalidSelectors
	Code    uint64 // of the WSManFault in its detail, 0 for none
	Reason  string
}

func (f *Fault) Error() string {
	return fmt.Sprintf("%s (%s, WSMan error %d)", f.Reason, f.Subcode, f.Code)
}

func (f *Fault) temporary() bool {
	switch f.Code {
	case codeOperationTimeout, codeShellQuota, codeOperationQuota:
		return true
	}
	return false
}

// isFault tells whether err is a fault with that code.
func isFault(err error, code uint64) bool {
	var f *Fault
	return errors.As(err, &f) && f.Code == code
}

// classified is an error with its kind, before it is known what it hindered.
type classified struct {
	kind Kind
	err  error
}

func (c *classified) Error() string { return c.err.Error() }
func (c *classified) Unwrap() error { return c.err }

func kindf(kind Kind, format string, args ...any) error {
	return &classified{kind: kind, err: fmt.Errorf(format, args...)}
}

// ended is the error for a context that ended: its cause, with a kind.
func ended(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.As(cause, new(*classified)) {
		return cause
	}
	return kindf(Interrupted, "%w", cause)
}

// dress makes an *Error of any error.
func dress(op, host string, err error) error {
	if err == nil {
		return nil
	}
	kind := Unreachable
	var c *classified
	switch {
	case errors.As(err, &c):
		kind = c.kind
	case errors.As(err, new(*Fault)):
		kind = Faulted
	}
	return &Error{Kind: kind, Op: op, Host: host, Err: err}
}
