package ec2state

import "fmt"

// Error is a refusal in EC2's words.
type Error struct {
	Code    string
	Message string
	Status  int // HTTP status, 0 for 400
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Refuse makes an error with EC2's code and text.
func Refuse(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// DryRunOperation is what a call with DryRun ends with if it would have gone
// through.
func DryRunOperation() *Error {
	return &Error{Code: "DryRunOperation", Message: "Request would have succeeded, but DryRun flag is set.", Status: 412}
}

func internalError(err error) *Error {
	return &Error{Code: "InternalError", Message: "An internal error has occurred: " + err.Error(), Status: 500}
}
