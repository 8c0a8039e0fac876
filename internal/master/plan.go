package master

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/hint"
)

// Action is what a plan means to do with the master.
type Action string

// Actions.
const (
	ActionInstall Action = "install" // replace certificate and key, run the commands, check
	ActionRestart Action = "restart" // both are in place; run the commands and check
	ActionNone    Action = "none"    // nothing, unless the slave list changes: then as restart
	ActionBlocked Action = "blocked" // a problem stands in the way
)

// Plan is what a switch would do. Its JSON is a contract.
type Plan struct {
	Address     string        `json:"address"`
	Action      Action        `json:"action"`
	Certificate PlanFile      `json:"certificate"`
	Key         *PlanFile     `json:"key,omitempty"` // left out: in the certificate's file
	Presents    *PlanEndpoint `json:"presents,omitempty"`
	Commands    []string      `json:"commands"`
}

// PlanFile is a file on the master. A key tells no digest.
type PlanFile struct {
	Path     string     `json:"path"`
	Holds    Held       `json:"holds"`
	MD5      string     `json:"md5,omitempty"`
	NotAfter *time.Time `json:"not_after,omitempty"`
}

// PlanEndpoint is what the master's port presents.
type PlanEndpoint struct {
	Address     string     `json:"address"`
	Holds       Held       `json:"holds"` // unknown if it did not answer
	Fingerprint string     `json:"fingerprint_sha256,omitempty"`
	NotAfter    *time.Time `json:"not_after,omitempty"`
}

// Plan looks at the master and says what a switch would do, and what stands in
// the way. It changes nothing.
func (s *Switch) Plan(ctx context.Context) (*Plan, []cert.Problem) {
	p := &Plan{Address: s.Address, Action: ActionBlocked, Certificate: PlanFile{Path: s.Certificate, Holds: Unknown}, Commands: []string{}}
	if s.Key != "" {
		p.Key = &PlanFile{Path: s.Key, Holds: Unknown}
	}
	for _, c := range s.Commands {
		p.Commands = append(p.Commands, c.Run)
	}
	problems := s.planPort(ctx, p)
	err := s.visit(ctx, func(_ Host, seen *sight) error {
		s.describe(p, seen)
		changes, err := s.changes(seen)
		switch {
		case err != nil:
			return err
		case len(changes) > 0:
			p.Action = ActionInstall
		case seen.unfinished(s.mark()) || p.Presents != nil && p.Presents.Holds != HoldsNew:
			p.Action = ActionRestart
		default:
			p.Action = ActionNone
		}
		return nil
	})
	if err != nil {
		problems = append(problems, s.problem(err))
	}
	return p, problems
}

func (s *Switch) describe(p *Plan, seen *sight) {
	p.Certificate.Holds = seen.cert
	if p.Key != nil {
		p.Key.Holds = seen.keyIs
	}
	if seen.parsed == nil {
		return
	}
	p.Certificate.NotAfter = &seen.parsed.Certificates[0].NotAfter
	if len(seen.parsed.Keys) == 0 {
		p.Certificate.MD5 = seen.certificate.MD5
	}
}

// planPort looks at the port; a master that is down is no reason not to begin.
func (s *Switch) planPort(ctx context.Context, p *Plan) []cert.Problem {
	if s.Check.Address == "" || s.checkInputs() != nil {
		return nil
	}
	p.Presents = &PlanEndpoint{Address: s.Check.Address, Holds: Unknown}
	chain, err := s.handshake(ctx)
	if err != nil {
		return []cert.Problem{{Code: CodeEndpoint, Severity: cert.SeverityWarning, Message: err.Error(),
			Hint: "if it should be up, check master.check.address; the switch waits for it after the commands"}}
	}
	p.Presents.Holds, p.Presents.Fingerprint, p.Presents.NotAfter = s.holds(chain[0]), chain[0].FingerprintSHA256(), &chain[0].NotAfter
	return nil
}

func (s *Switch) problem(err error) cert.Problem {
	var refused *Refused
	if errors.As(err, &refused) {
		return cert.Problem{Code: refused.Code, Severity: cert.SeverityError, Message: refused.Message, Hint: refused.Remedy}
	}
	return cert.Problem{Code: CodeUnreachable, Severity: cert.SeverityError,
		Message: fmt.Sprintf("cannot look at the master%s: %v", s.onHost(), err),
		Hint:    cmp.Or(hint.Of(err), "check master.address, and that this user may log in there")}
}
