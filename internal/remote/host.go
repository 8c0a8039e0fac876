package remote

import (
	"context"

	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/verify"
)

// Host is a computer whose files can be read and replaced. All paths are the
// host's own, absolute.
type Host interface {
	// Read reports what stands at each path, in order, with the content of each
	// file that is present. A file that cannot be read is an answer, not an error.
	Read(ctx context.Context, paths []string) ([]verify.File, error)
	// Replace replaces all the files whose content is an expected old one, or,
	// if any of them holds anything but old or new, none of them: then the error
	// is a *verify.Refusal. It returns what stood there before, in order.
	Replace(ctx context.Context, changes []verify.Change) ([]verify.File, error)
	// Run runs a command, on Windows with PowerShell, else with /bin/sh. An exit
	// status other than 0 is not an error; with an error, as when the command's
	// time is over, the output is what came until then.
	Run(ctx context.Context, c command.Command) (command.Output, error)
	// Find returns the files that a search finds, as far as the user may see
	// them, with path and digests, which are "" if the user may not read a file.
	// What it found before an error it returns beside it.
	Find(ctx context.Context, s verify.Search) ([]verify.File, error)
	Close() error
}
