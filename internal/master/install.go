package master

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/amirotate/amirotate/internal/verify"
)

// install backs the old pair up, marks that a switch is under way, puts the new
// pair in place and reads it back. Both files change in one step of the host, or
// as near to that as it comes; what a crash leaves between is known by its
// content.
func (s *Switch) install(ctx context.Context, h Host, seen *sight, changes []verify.Change, result *Result) (err error) {
	report := s.timed(Install)
	report(Start, "")
	defer func() {
		if err != nil {
			report(Failed, err.Error())
			return
		}
		report(OK, fmt.Sprintf("%s; the old is kept as %s", s.inPlace(changes), s.kept(result.Backup)))
	}()
	if result.Backup, err = s.keep(ctx, h, seen); err != nil {
		return err
	}
	if err := s.setMark(ctx, h, seen); err != nil {
		return err
	}
	if _, err := h.Replace(ctx, changes); err != nil {
		return fmt.Errorf("cannot put the new pair in place: %w", err)
	}
	return s.readBack(ctx, h, changes, result)
}

func (s *Switch) inPlace(changes []verify.Change) string {
	paths := make([]string, len(changes))
	for i, c := range changes {
		paths[i] = c.Path
		if c.Path == s.Certificate && s.Key != "" || s.Key == "" {
			paths[i] += " md5 " + verify.Of(c.New).MD5
		}
		if s.Key == "" {
			paths[i] = c.Path // with a key in it, whose digest is nobody's business
		}
	}
	return strings.Join(paths, " and ")
}

func (s *Switch) setMark(ctx context.Context, h Host, seen *sight) error {
	if seen.unfinished(s.mark()) {
		return nil
	}
	return h.Copy(ctx, s.Certificate, s.mark())
}

// readBack makes sure that the host holds what was put there.
func (s *Switch) readBack(ctx context.Context, h Host, changes []verify.Change, result *Result) error {
	paths := make([]string, len(changes))
	for i, c := range changes {
		paths[i] = c.Path
	}
	files, err := h.Read(ctx, paths)
	if err != nil {
		return fmt.Errorf("cannot read back what was put in place: %w", err)
	}
	for i, c := range changes {
		if outcome := c.Judge(files[i]); outcome != verify.MatchNew {
			return fmt.Errorf("cannot read back %s: it holds something else than was put there", c.Path)
		}
		if c.Path == s.Certificate {
			result.Certificate.After = files[i].Digests
		} else if result.Key != nil {
			result.Key.Replaced = true
		}
	}
	return nil
}

// hideKey takes the digests away where they are those of a private key.
func (r *Result) hideKey(seen *sight) {
	if seen.parsed != nil && len(seen.parsed.Keys) > 0 {
		r.Certificate.Before, r.Certificate.After = verify.Digests{}, verify.Digests{}
	}
}

// explain takes away from a refusal what it says of a key's digest.
func (s *Switch) explain(err error) error {
	var refusal *verify.Refusal
	if errors.As(err, &refusal) && (refusal.Change.Path == s.Key || s.Key == "") {
		return fmt.Errorf("%s%s was changed by somebody else at the same time; it is as they left it", refusal.Change.Path, s.onHost())
	}
	return err
}
