package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// Exit codes. Scripts rely on them.
const (
	exitOK          = 0   // done, or nothing to do
	exitFailed      = 1   // failed
	exitUsage       = 2   // bad usage, configuration or input; nothing was started
	exitDue         = 3   // something is due
	exitPartial     = 4   // partly done; run again to go on
	exitInterrupted = 130 // ended by a signal
)

// exitCodesHelp stands in the help of every command that starts something.
const exitCodesHelp = `Exit codes: 0 done, or nothing to do; 1 failed; 2 bad usage, configuration or
input, nothing was started; 4 partly done, run again to go on; the list is
untouched while an image is not done, unless --allow-partial; 130 interrupted.`

// usageError is a mistake in usage, configuration or input: nothing was started.
type usageError struct {
	err  error
	hint string
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }
func (e *usageError) Hint() string  { return e.hint }

func usagef(hint, format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...), hint: hint}
}

// hintedError is an error with a remedy.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }
func (e *hintedError) Hint() string  { return e.hint }

// codeError asks for an exit code without being a failure to tell about.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// exitCode is the one table from errors to exit codes.
func exitCode(err error) int {
	var (
		code      codeError
		partial   *rotate.PartialError
		static    *rotate.StaticError
		untouched *untouchedError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, rotate.ErrInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &partial):
		return exitOfPartial(partial)
	case errors.As(err, &static):
		return exitOfStatic(static)
	case errors.Is(err, rotate.ErrListChanged), errors.As(err, &untouched):
		return exitPartial
	case isInput(err):
		return exitUsage
	}
	return exitFailed
}

// isInput tells whether an error is a mistake in what the command was given.
func isInput(err error) bool {
	var (
		usage   *usageError
		conf    *config.Error
		list    *slavelist.ParseError
		file    *cert.Error
		blocked *rotate.BlockedError
	)
	return errors.As(err, &usage) || errors.As(err, &conf) || errors.As(err, &list) ||
		errors.As(err, &file) || errors.As(err, &blocked)
}

// exitOfPartial: where no image at all got through there is nothing partial
// about it, except that what was refused, by us or by a lack of permission, can be
// mended and run again.
func exitOfPartial(partial *rotate.PartialError) int {
	if partial.Done == 0 && partial.Refused == 0 && !anyDenied(partial.Causes) {
		return exitFailed
	}
	return exitPartial
}

// exitOfStatic: the same, where every image got through.
func exitOfStatic(static *rotate.StaticError) int {
	if static.Through == 0 && static.Refused == 0 {
		return exitFailed
	}
	return exitPartial
}
