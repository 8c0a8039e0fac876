// Package hint finds what an error says to do about it. An error that knows a
// remedy has a method Hint, which returns it, or "" for none; what wraps it need
// not have one.
package hint

import "errors"

// Of returns the outermost remedy in an error's tree, "" if there is none.
func Of(err error) string {
	if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" {
		return h.Hint()
	}
	if inner := errors.Unwrap(err); inner != nil {
		return Of(inner)
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, inner := range several.Unwrap() {
			if hint := Of(inner); hint != "" {
				return hint
			}
		}
	}
	return ""
}
