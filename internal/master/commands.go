package master

import (
	"context"
	"fmt"

	"github.com/amirotate/amirotate/internal/command"
)

// shownLines is how many lines of a failed command's output an error has.
const shownLines = 5

// runAll runs the commands one after the other until one fails. What they print
// of the keys is masked.
func (s *Switch) runAll(ctx context.Context, h Host, result *Result, keys ...[]byte) error {
	for i, c := range s.Commands {
		if err := s.runOne(ctx, h, c, result, keys); err != nil {
			return fmt.Errorf("cannot go on after command %d of %d, %q: %w", i+1, len(s.Commands), c.Run, err)
		}
	}
	return nil
}

func (s *Switch) runOne(ctx context.Context, h Host, c command.Command, result *Result, keys [][]byte) error {
	report := s.timed(Commands)
	report(Start, "")
	started := s.Now()
	out, err := h.Run(ctx, c)
	out.Text = s.mask(out.Text, keys...)
	done := CommandResult{Run: c.Run, Status: out.Status, ElapsedMS: s.Now().Sub(started).Milliseconds(), Output: out.Text, Dropped: out.Dropped}
	if err == nil && out.Status != 0 {
		err = fmt.Errorf("exit status %d", out.Status)
	}
	if err != nil {
		done.Error = err.Error()
		if said := out.Summary(shownLines); said != "" {
			err = fmt.Errorf("%w; it said: %s", err, said)
		}
		report(Failed, c.Run+": "+err.Error())
	} else {
		detail := c.Run
		if said := out.Summary(1); said != "" {
			detail += ": " + said
		}
		report(OK, detail)
	}
	result.Commands = append(result.Commands, done)
	return err
}
