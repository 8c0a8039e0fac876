package rotate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/amirotate/amirotate/internal/command"
)

// CommandRunner is a Host on which commands can be run. An exit status other
// than 0 is not an error.
type CommandRunner interface {
	Run(ctx context.Context, c command.Command) (command.Output, error)
}

// errClaimed tells that another run runs commands on a builder.
var errClaimed = errors.New("another run has claimed it for its commands")

// commandError is a command that failed. No image is made of its builder.
type commandError struct {
	instance string
	command  command.Command
	status   int
	output   string
}

func (e *commandError) Error() string {
	text := fmt.Sprintf("cannot make an image of %s: the command %q ended with status %d", e.instance, e.command.Brief(), e.status)
	if e.output != "" {
		text += ": " + e.output
	}
	return text
}

// Hint says what to do.
func (*commandError) Hint() string {
	return "mend the command or what it complains of, and run 'amirotate refresh' again; 'amirotate rotate' runs no commands"
}

// runCommands runs the configured commands on the builder, one after the other.
func (ir *imageRun) runCommands(ctx context.Context, host Host, id string) error {
	runner, ok := host.(CommandRunner)
	if !ok {
		return fmt.Errorf("cannot run commands on %s: its connection has no way to", id)
	}
	ir.begin(Update)
	if err := ir.claimBuilder(ctx, id); err != nil {
		return err
	}
	var said []string
	for i, c := range ir.plan.commands {
		words, err := ir.runCommand(ctx, runner, id, c)
		if err != nil {
			return err
		}
		said = append(said, words)
		if i+1 < len(ir.plan.commands) {
			ir.note("%s", words)
		}
	}
	if err := ir.stillOurs(ctx, id); err != nil {
		return err
	}
	ir.done("%s", strings.Join(said, "; "))
	return nil
}

// runCommand returns in words what became of a command.
func (ir *imageRun) runCommand(ctx context.Context, host CommandRunner, id string, c command.Command) (string, error) {
	var out command.Output
	began := ir.Now()
	what := fmt.Sprintf("the command %q on %s to end", c.Brief(), id)
	err := within(ctx, c.Timeout, what, "the command's timeout", func(ctx context.Context) (err error) {
		out, err = host.Run(ctx, command.Command{Run: c.Run})
		return err
	})
	words := lastWords(out)
	ir.result.Commands = append(ir.result.Commands, CommandResult{Run: c.Run, Status: out.Status, Elapsed: ir.Now().Sub(began), Output: words})
	switch {
	case err != nil && words != "":
		return "", fmt.Errorf("%w; its last words: %s", err, words)
	case err != nil:
		return "", err
	case out.Status != 0:
		return "", &commandError{instance: id, command: c, status: out.Status, output: words}
	case words == "":
		return fmt.Sprintf("%q is done", c.Brief()), nil
	}
	return fmt.Sprintf("%q: %s", c.Brief(), words), nil
}

// lastWords are the last lines of a command's output on one line, at most some
// kilobytes.
func lastWords(out command.Output) string {
	const most = 2000
	words := []rune(strings.ReplaceAll(out.Summary(10), "\n", " | "))
	if excess := len(words) - most; excess > 0 {
		return "…" + string(words[excess:])
	}
	return string(words)
}
