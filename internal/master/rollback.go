package master

import (
	"bytes"
	"context"
	"fmt"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/verify"
)

// PrepareRollback makes sure that the old pair can be put back, and with
// listToo marks that it is under way: it comes before the slave list is put back.
func (s *Switch) PrepareRollback(ctx context.Context, listToo bool) error {
	err := s.visit(ctx, func(h Host, seen *sight) error {
		if _, err := s.back(ctx, h, seen); err != nil || !listToo {
			return err
		}
		return s.setMark(ctx, h, seen)
	})
	if err != nil {
		return &Error{Back: true, Untouched: true, Err: fmt.Errorf("cannot roll the master%s back: %w", s.onHost(), s.explain(err))}
	}
	return nil
}

// Rollback puts the old pair back from the copies beside it, byte for byte, runs
// the commands and waits until the master presents the old certificate. Like
// Carry it does only what is left to do.
func (s *Switch) Rollback(ctx context.Context, listRewritten bool) (*Result, error) {
	result := s.newResult(nil)
	err := s.visit(ctx, func(h Host, seen *sight) error {
		result = s.newResult(seen)
		defer result.hideKey(seen)
		b, err := s.back(ctx, h, seen)
		if err != nil {
			return err
		}
		want := s.want(b.certificate)
		due := listRewritten || seen.unfinished(s.mark())
		if len(b.changes) == 0 && !due && s.settled(ctx, want, result) {
			result.Status = StatusUnchanged
			s.Report(Install, Skipped, 0, "the old pair is in place")
			return nil
		}
		result.Status = StatusRolledBack
		if err := s.putBack(ctx, h, seen, b, result); err != nil {
			return err
		}
		return s.finish(ctx, h, want, result, s.secrets(seen)...)
	})
	if err == nil {
		return result, nil
	}
	err = s.explain(err)
	e := &Error{Back: true, Untouched: result.Status == "", Err: fmt.Errorf("cannot roll the master%s back: %w", s.onHost(), err)}
	result.Status, result.Error = StatusFailed, err.Error()
	return result, e
}

// wayBack is what puts the old pair back.
type wayBack struct {
	changes     []verify.Change // none: it is in place
	certificate *cert.Certificate
	stamp       string // of the copies, "" if none are needed
}

// back finds the newest copies that what is in place was made from.
func (s *Switch) back(ctx context.Context, h Host, seen *sight) (*wayBack, error) {
	if refused := s.refuseCertificate(seen); refused != nil {
		return nil, refused
	}
	if seen.cert == HoldsOld && seen.keyIs != HoldsNew {
		return &wayBack{certificate: seen.parsed.Certificates[0]}, nil
	}
	have, err := s.readBackups(ctx, h, seen)
	if err != nil {
		return nil, err
	}
	for _, stamp := range have.stamps {
		if b := s.backTo(have, stamp, seen); b != nil {
			return b, nil
		}
	}
	return nil, &Refused{Code: CodeCertificate,
		Message: fmt.Sprintf("no copy of the old pair lies beside %s%s", s.Certificate, s.onHost()),
		Remedy:  "put the old certificate and its key there by hand, and run the commands"}
}

// backTo is the way to the copies of a time; nil if they are no old pair, or
// one that what is in place was not made from.
func (s *Switch) backTo(have *backups, stamp string, seen *sight) *wayBack {
	held, parsed := s.judgeCertificate(have.certificate[stamp])
	if parsed == nil || held == HoldsNew {
		return nil
	}
	b := &wayBack{certificate: parsed.Certificates[0], stamp: stamp}
	if !b.add(seen.certificate, have.certificate[stamp], seen.cert == HoldsNew) {
		return nil
	}
	if s.Key == "" {
		return b
	}
	key := have.key[stamp]
	if key.Status != verify.Present || !belongs(key, b.certificate) || !b.add(seen.key, key, seen.keyIs == HoldsNew) {
		return nil
	}
	return b
}

// add puts a copy back in the place of the new file; what is back already stays.
func (b *wayBack) add(now, was verify.File, isNew bool) bool {
	if bytes.Equal(now.Content, was.Content) {
		return true
	}
	if isNew {
		b.changes = append(b.changes, replacing(now, was.Content)) // at its own path
	}
	return isNew
}

// belongs tells whether a key is that of a certificate, or may be.
func belongs(key verify.File, c *cert.Certificate) bool {
	parsed, err := cert.ParseAny(key.Path, key.Content)
	if err != nil || parsed.Key() == nil {
		return false
	}
	return parsed.Key().Locked() || matchesAny(parsed, c)
}

func (s *Switch) putBack(ctx context.Context, h Host, seen *sight, b *wayBack, result *Result) (err error) {
	if len(b.changes) == 0 {
		s.Report(Install, Skipped, 0, "the old pair is in place")
		return s.setMark(ctx, h, seen)
	}
	report := s.timed(Install)
	report(Start, "")
	if err = s.setMark(ctx, h, seen); err == nil {
		_, err = h.Replace(ctx, b.changes)
	}
	if err == nil {
		err = s.readBack(ctx, h, b.changes, result)
	}
	if err != nil {
		report(Failed, s.explain(err).Error())
		return err
	}
	report(OK, "back from "+s.kept(b.stamp))
	return nil
}
