package master

import (
	"context"
	"fmt"

	"github.com/amirotate/amirotate/internal/verify"
)

// Prepare makes sure that the master can be switched, and marks that a switch is
// under way: it comes before the slave list is rewritten, so that whatever
// happens after that the commands will be run.
func (s *Switch) Prepare(ctx context.Context) error {
	err := s.visit(ctx, func(h Host, seen *sight) error {
		if _, err := s.changes(seen); err != nil {
			return err
		}
		return s.setMark(ctx, h, seen)
	})
	if err != nil {
		return &Error{Untouched: true, Err: fmt.Errorf("cannot prepare the master%s: %w", s.onHost(), s.explain(err))}
	}
	return nil
}

// Order says what is asked of a switch.
type Order struct {
	ListRewritten bool   // Buildbot must be restarted to see another image
	Hold          string // why the old pair must stay for now; "" if it need not
}

// Carry installs the pair, runs the commands and checks what the master
// presents; on hold it installs nothing, and the master must present what its
// file holds. What is done already is left alone; the commands are run if anything
// was changed, by this run or by one that died, if the slave list was rewritten,
// or if the master does not present the new certificate. The result is there in
// any case; an error is an *Error.
func (s *Switch) Carry(ctx context.Context, order Order) (*Result, error) {
	result := s.newResult(nil)
	var changes []verify.Change
	err := s.visit(ctx, func(h Host, seen *sight) (err error) {
		result = s.newResult(seen)
		defer result.hideKey(seen)
		if changes, err = s.changes(seen); err != nil {
			return err
		}
		want, why := wanted(s.wantNew), "already installed"
		if order.Hold != "" && len(changes) > 0 {
			changes, want, why = nil, s.want(seen.parsed.Certificates[0]), "the master waits: "+order.Hold
		}
		due := order.ListRewritten || seen.unfinished(s.mark())
		if len(changes) == 0 && !due && s.settled(ctx, want, result) {
			result.Status = StatusUnchanged
			s.Report(Install, Skipped, 0, why)
			return nil
		}
		result.Status = StatusRestarted
		if len(changes) > 0 {
			result.Status = StatusSwitched
			err = s.install(ctx, h, seen, changes, result)
		} else {
			err = s.goOn(ctx, h, seen, result, why)
		}
		if err != nil {
			return err
		}
		return s.finish(ctx, h, want, result, s.secrets(seen)...)
	})
	return result, s.failed(err, result)
}

// goOn is the place of install where that has been done before, by a run that
// kept the old pair.
func (s *Switch) goOn(ctx context.Context, h Host, seen *sight, result *Result, why string) error {
	s.Report(Install, Skipped, 0, why)
	if b, err := s.back(ctx, h, seen); err == nil {
		result.Backup = b.stamp
	}
	return s.setMark(ctx, h, seen)
}

// finish runs the commands, waits for the port and takes the mark away.
func (s *Switch) finish(ctx context.Context, h Host, want wanted, result *Result, keys ...[]byte) error {
	if err := s.runAll(ctx, h, result, keys...); err != nil {
		return err
	}
	if err := s.await(ctx, want, result); err != nil {
		return err
	}
	return h.RemoveCopy(ctx, s.Certificate, s.mark())
}

// visit logs in, looks and does something.
func (s *Switch) visit(ctx context.Context, do func(h Host, seen *sight) error) error {
	if refused := s.checkInputs(); refused != nil {
		return refused
	}
	h, err := s.Dial(ctx)
	if err != nil {
		return err
	}
	defer h.Close()
	seen, err := s.look(ctx, h)
	if err != nil {
		return err
	}
	return do(h, seen)
}

// secrets are what no output may show.
func (s *Switch) secrets(seen *sight) [][]byte {
	secrets := [][]byte{seen.key.Content}
	if s.NewKey != nil {
		secrets = append(secrets, s.NewKey.Bytes())
	}
	if seen.parsed != nil && len(seen.parsed.Keys) > 0 {
		secrets = append(secrets, seen.certificate.Content)
	}
	return secrets
}

// failed makes an *Error of what went wrong.
func (s *Switch) failed(err error, result *Result) error {
	if err == nil {
		return nil
	}
	err = s.explain(err)
	e := &Error{Err: fmt.Errorf("cannot switch the master%s: %w", s.onHost(), err), Untouched: result.Status == ""}
	if result.Backup != "" {
		e.Undo = s.undo(result)
	}
	result.Status, result.Error = StatusFailed, err.Error()
	return e
}

// undo says how to put the old pair back by hand.
func (s *Switch) undo(result *Result) []string {
	undo := []string{fmt.Sprintf("cp -p %s.%s %s", s.Certificate, result.Backup, s.Certificate)}
	if s.Address != Local {
		undo[0] = "on " + s.Address + ": " + undo[0]
	}
	if s.Key != "" {
		undo = append(undo, fmt.Sprintf("cp -p %s.%s %s", s.Key, result.Backup, s.Key))
	}
	for _, c := range s.Commands {
		undo = append(undo, c.Run)
	}
	return undo
}
