package rotate_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// timeline is a night as text: a strip for the master and for each worker, a
// letter a minute, and what happened when.
type timeline struct {
	names  []string // of the strips, in their order
	strips map[string][]rune
	events []string
}

// Letters of a worker's strip, beside those of legend.
const (
	absent    = '.'
	lockedOut = '!'
)

const legend = "o old alone, b old and new, n new alone, . not running, ! meets a master that it does not trust"

func (t *timeline) put(name string, letter rune) {
	if t.strips == nil {
		t.strips = map[string][]rune{}
	}
	if !slices.Contains(t.names, name) {
		t.names = append(t.names, name)
	}
	t.strips[name] = append(t.strips[name], letter)
}

func (t *timeline) tell(minute int, format string, args ...any) {
	t.events = append(t.events, fmt.Sprintf("%4d  %s", minute, fmt.Sprintf(format, args...)))
}

// String draws an hour a block.
func (t *timeline) String() string {
	const hour = int(time.Hour / time.Minute)
	var b strings.Builder
	minutes := len(t.strips[t.names[0]])
	for from := 0; from < minutes; from += hour {
		fmt.Fprintf(&b, "%-8s", "minute")
		for m := from; m < min(from+hour, minutes); m += 10 {
			fmt.Fprintf(&b, "%-10d", m)
		}
		b.WriteByte('\n')
		for _, name := range t.names {
			fmt.Fprintf(&b, "%-8s%s\n", name, string(t.strips[name][from:min(from+hour, minutes)]))
		}
		b.WriteByte('\n')
	}
	return b.String() + legend + "\n\n" + strings.Join(t.events, "\n") + "\n"
}
