package remote

import (
	"errors"
	"fmt"
)

// fault is an error that knows whether trying again can help, and what would.
type fault struct {
	err   error
	hint  string
	final bool
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// Hint says what to do about it, in a sentence, or "".
func (f *fault) Hint() string { return f.hint }

// Final tells that trying again cannot help.
func (f *fault) Final() bool { return f.final }

// finalf makes an error that trying again cannot mend. The hint may be "".
func finalf(hint, format string, args ...any) error {
	return &fault{err: fmt.Errorf(format, args...), hint: hint, final: true}
}

// temporaryf makes an error that may pass by itself. The hint may be "".
func temporaryf(hint, format string, args ...any) error {
	return &fault{err: fmt.Errorf(format, args...), hint: hint}
}

// IsFinal tells whether trying again cannot help: a wrong host key, refused
// credentials, a bastion that forbids forwarding, a mistake in the settings.
func IsFinal(err error) bool {
	var f interface{ Final() bool }
	return errors.As(err, &f) && f.Final()
}
