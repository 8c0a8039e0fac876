package ssmapi

import (
	"errors"
	"fmt"
	"net/http"
)

// apiError is one of Systems Manager's.
type apiError struct {
	code, message string
	status        int
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func refuse(code, format string, args ...any) error {
	return &apiError{code: code, message: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

func invalid(format string, args ...any) error {
	return refuse("ValidationException", format, args...)
}

func asError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	return &apiError{code: "InternalServerError", message: err.Error(), status: http.StatusInternalServerError}
}

// faultError words an error that a scenario asks for.
func faultError(code, action string) error {
	e := &apiError{code: code, status: http.StatusBadRequest}
	switch code {
	case "ThrottlingException":
		e.message = "Rate exceeded"
	case "AccessDeniedException", "AccessDenied":
		e.message = "User is not authorized to perform: ssm:" + action + " because no identity-based policy allows the ssm:" + action + " action"
	case "InternalServerError", "InternalFailure":
		e.status, e.message = http.StatusInternalServerError, "An internal error has occurred"
	case "ServiceUnavailable":
		e.status, e.message = http.StatusServiceUnavailable, "The service is unavailable. Please try again shortly."
	case "ExpiredTokenException":
		e.message = "The security token included in the request is expired"
	case "ParameterNotFound":
	default:
		e.message = "The scenario of this sandbox lets this call fail with " + code + "."
	}
	return e
}
