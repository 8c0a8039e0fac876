package hint_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/amirotate/amirotate/internal/hint"
)

type hinted struct {
	error
	hint string
}

func (h hinted) Hint() string  { return h.hint }
func (h hinted) Unwrap() error { return h.error }

func TestOf(t *testing.T) {
	plain := errors.New("plain")
	knows := hinted{plain, "do this"}
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"no error":              {nil, ""},
		"no remedy":             {plain, ""},
		"a remedy":              {knows, "do this"},
		"wrapped":               {fmt.Errorf("cannot: %w", knows), "do this"},
		"the outermost":         {hinted{knows, "do that"}, "do that"},
		"the outer one is mute": {hinted{fmt.Errorf("cannot: %w", knows), ""}, "do this"},
		"the second of several": {errors.Join(plain, hinted{plain, ""}, knows), "do this"},
	} {
		if got := hint.Of(tc.err); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
