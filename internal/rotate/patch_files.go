package rotate

import (
	"context"
	"fmt"

	"github.com/amirotate/amirotate/internal/verify"
)

// patchFiles replaces the files of a host, a builder's and a static host's
// alike, if they are the expected ones, and takes what stood there before into
// results. It returns how many were written; the error is a *verify.Refusal if
// one holds anything but old or new, and a *StunnelError if they are not those
// that stunnel reads; then none was.
func patchFiles(ctx context.Context, host Host, n Inspection, changes []verify.Change, results []FileResult) (written int, err error) {
	if err := n.checkStunnel(ctx, host, changes); err != nil {
		return 0, err
	}
	before, err := host.Replace(ctx, changes)
	noteBefore(results, before)
	if err != nil {
		return 0, err
	}
	for i, c := range changes {
		if i < len(before) && c.Judge(before[i]) == verify.MatchOld {
			written++
		}
	}
	return written, nil
}

// readBack reads the files of a host by a command of its own and is satisfied
// only if all hold the new content. What it saw goes into results.
func readBack(ctx context.Context, host Host, changes []verify.Change, results []FileResult) ([]verify.File, error) {
	after, err := readAndJudge(ctx, host, changes)
	noteAfter(results, after)
	return after, err
}

// readAndJudge reads the files and is satisfied only if all hold the new content.
func readAndJudge(ctx context.Context, host Host, changes []verify.Change) ([]verify.File, error) {
	paths := make([]string, len(changes))
	for i, c := range changes {
		paths[i] = c.Path
	}
	files, err := host.Read(ctx, paths)
	if err != nil {
		return nil, err
	}
	if len(files) != len(changes) {
		return files, fmt.Errorf("cannot read %d files: the host answered for %d", len(changes), len(files))
	}
	for i, c := range changes {
		if outcome := c.Judge(files[i]); outcome != verify.MatchNew {
			return files, &verify.Refusal{Change: c, Seen: files[i], Outcome: outcome}
		}
	}
	return files, nil
}

func replacedText(written, all int) string {
	if written == 0 {
		return "already new, nothing written"
	}
	return fmt.Sprintf("replaced %d of %d", written, all)
}

func digestText(files []verify.File) string {
	text := ""
	for _, f := range files {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%s md5 %s sha256 %s", f.Path, f.MD5, f.SHA256)
	}
	return text
}
