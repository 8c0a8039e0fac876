package master

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
)

// Times of handshakes, real time.
const (
	handshakeTimeout = 10 * time.Second // for one of them
	firstPause       = 100 * time.Millisecond
	longestPause     = 2 * time.Second
)

// handshake asks the master once what it presents.
func (s *Switch) handshake(ctx context.Context) ([]*cert.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	chain, err := s.Handshake(ctx)
	if err == nil && len(chain) == 0 {
		err = errors.New("no certificate is presented")
	}
	if err != nil {
		// As text alone: to look at a port is no reading of a certificate's file.
		return nil, errors.New("cannot see what " + s.Check.Address + " presents: " + err.Error())
	}
	return chain, nil
}

// wanted tells what is wrong with a chain, nil for nothing.
type wanted func(chain []*cert.Certificate) error

// wantNew wants the new certificate, and that a worker which pins it accepts it.
func (s *Switch) wantNew(chain []*cert.Certificate) error {
	if err := s.want(s.New.Leaf())(chain); err != nil {
		return err
	}
	if err := s.New.Accepts(chain, s.Now()); err != nil {
		return fmt.Errorf("a worker that pins %s would not accept it: %w", s.New.Name, err)
	}
	return nil
}

// want wants one certificate.
func (s *Switch) want(c *cert.Certificate) wanted {
	return func(chain []*cert.Certificate) error {
		if bytes.Equal(chain[0].Raw, c.Raw) {
			return nil
		}
		what := "another certificate"
		if s.holds(chain[0]) == HoldsOld {
			what = "still the old certificate"
		}
		return fmt.Errorf("%s presents %s, that of %s until %s", s.Check.Address, what, chain[0].Subject, chain[0].NotAfter.UTC().Format("2006-01-02"))
	}
}

// settled tells whether the port presents what it should at the first look; also
// if there is no port to look at.
func (s *Switch) settled(ctx context.Context, want wanted, result *Result) bool {
	if s.Check.Address == "" {
		return true
	}
	chain, err := s.handshake(ctx)
	if err == nil {
		result.Presented = chain[0].FingerprintSHA256()
	}
	return err == nil && want(chain) == nil
}

// await waits until the port presents what it should.
func (s *Switch) await(ctx context.Context, want wanted, result *Result) error {
	if s.Check.Address == "" {
		return nil
	}
	report := s.timed(Present)
	report(Start, "")
	limited, cancel := context.WithTimeout(ctx, s.Check.Timeout)
	defer cancel()
	var last error
	for pause := firstPause; ; pause = min(pause*3/2, longestPause) {
		chain, err := s.handshake(limited)
		if err == nil {
			result.Presented = chain[0].FingerprintSHA256()
			err = want(chain)
		}
		if err == nil {
			report(OK, fmt.Sprintf("%s presents %s", s.Check.Address, result.Presented))
			return nil
		}
		if last == nil || limited.Err() == nil {
			last = err
		}
		select {
		case <-limited.Done():
		case <-time.After(pause):
			continue
		}
		if ctx.Err() != nil {
			last = context.Cause(ctx)
		} else {
			last = fmt.Errorf("the check failed for %v: %w", s.Check.Timeout, last)
		}
		report(Failed, last.Error())
		return last
	}
}
