package slavelist

import (
	"fmt"
	"io"
	"log/slog"
)

// Stars stand wherever a password would: always as many, so that they don't
// tell its length.
const Stars = "********"

// Password is a worker's password. However it is printed, logged or encoded,
// only stars come out; Reveal alone gives the password itself.
type Password struct {
	reveal func() string // a function, since reflection can't look into it
}

// NewPassword wraps a password.
func NewPassword(s string) Password {
	return Password{func() string { return s }}
}

// Reveal returns the password itself.
func (p Password) Reveal() string {
	if p.reveal == nil {
		return ""
	}
	return p.reveal()
}

// Equal tells whether both are the same password.
func (p Password) Equal(q Password) bool { return p.Reveal() == q.Reveal() }

// Format writes stars, whatever the verb and its flags.
func (Password) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Stars) }

func (Password) String() string { return Stars }

// GoString returns stars, for %#v.
func (Password) GoString() string { return Stars }

// MarshalText returns stars, for JSON, XML and YAML alike.
func (Password) MarshalText() ([]byte, error) { return []byte(Stars), nil }

// LogValue returns stars.
func (Password) LogValue() slog.Value { return slog.StringValue(Stars) }
