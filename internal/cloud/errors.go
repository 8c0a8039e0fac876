package cloud

import (
	"errors"
	"fmt"
)

// Kind says what an EC2 error means for what is to be done next.
type Kind string

// Kinds of errors. Throttling, 5xx and lost connections have been retried
// already when one of them gets this far.
const (
	Unknown         Kind = "unknown"
	NotFound        Kind = "not-found"
	NameTaken       Kind = "name-taken"       // InvalidAMIName.Duplicate
	TokenMismatch   Kind = "token-mismatch"   // IdempotentParameterMismatch, IdempotentInstanceTerminated
	Denied          Kind = "denied"           // UnauthorizedOperation, AccessDenied
	Credentials     Kind = "credentials"      // none, expired or not valid
	Capacity        Kind = "capacity"         // InsufficientInstanceCapacity, SpotMaxPriceTooLow …
	Quota           Kind = "quota"            // VcpuLimitExceeded, InstanceLimitExceeded …
	Throttled       Kind = "throttled"        // RequestLimitExceeded, and it did not pass
	Invalid         Kind = "invalid"          // a parameter that EC2 refuses
	WrongState      Kind = "wrong-state"      // IncorrectInstanceState …
	Unavailable     Kind = "unavailable"      // 5xx or no answer, and it did not pass
	UnknownRegion   Kind = "unknown-region"   // no such region, or not enabled
	UnsupportedCall Kind = "unsupported-call" // the endpoint does not know the action
	ForeignResource Kind = "foreign-resource" // refused by us: it does not bear our tags
	InterruptedCall Kind = "interrupted"      // the context ended
)

// Error is an EC2 call that failed.
type Error struct {
	Kind    Kind
	Op      string // the action, such as RunInstances
	ID      string // the resource it was about, if there was one
	Code    string // EC2's code, "" if there was no answer
	Message string // EC2's words
	Err     error  // the cause, for errors.Is
}

// Error reads "cannot OP ID: message (code)".
func (e *Error) Error() string {
	what := e.Op
	if e.ID != "" {
		what += " " + e.ID
	}
	if e.Code != "" {
		return fmt.Sprintf("cannot %s: %s (%s)", what, e.Message, e.Code)
	}
	return fmt.Sprintf("cannot %s: %s", what, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// Final tells that the same call again can't succeed.
func (e *Error) Final() bool {
	switch e.Kind {
	case Denied, Credentials, Invalid, ForeignResource, UnknownRegion, UnsupportedCall:
		return true
	}
	return false
}

// KindOf returns the kind of an error, Unknown if it is not an EC2 error.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Unknown
}
