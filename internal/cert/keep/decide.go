package keep

import (
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
)

// Action is what is to be done.
type Action string

// Actions.
const (
	ActionKeep Action = "keep" // all is good
	ActionMake Action = "make" // something is due
)

// Decision says what is to be done, and why.
type Decision struct {
	Action  Action   `json:"action"`
	Make    []string `json:"make"`    // items of the certificates that are due, such as ca-cert; empty to keep
	Reasons []string `json:"reasons"` // one for each of Make; to keep, one for each certificate
	Notes   []string `json:"notes"`   // what is odd about what is kept
}

// Decide looks at what a store holds. The error says that it cannot be judged (a
// key whose passphrase is not given, a key of a sort that is not read); then
// nothing may be made.
func Decide(now time.Time, items Items, policy Policy) (Decision, error) {
	p, err := policy.withDefaults()
	if err != nil {
		return Decision{}, err
	}
	s, err := survey(now, items, p)
	if err != nil {
		return Decision{}, err
	}
	return s.decision(), nil
}

// state is what is known of the items.
type state struct {
	now    time.Time
	policy Policy
	ca     *pair // nil without an authority
	leaves []*pair
}

func survey(now time.Time, items Items, p Policy) (*state, error) {
	s := &state{now: now, policy: p}
	if p.CA != nil {
		ca, err := readPair(items, "the authority", CACert, CAKey, p.Passphrase)
		if err != nil {
			return nil, err
		}
		ca.judge(now, p.RenewBefore)
		s.ca = ca
	}
	for _, l := range p.Leaves {
		leaf, err := readPair(items, l.title(), l.certItem(), l.keyItem(), p.Passphrase)
		if err != nil {
			return nil, err
		}
		leaf.judge(now, p.RenewBefore)
		s.judgeChain(leaf)
		s.leaves = append(s.leaves, leaf)
	}
	return s, nil
}

// judgeChain runs after judge: a leaf of an authority that is replaced is due
// with it, and one that the authority did not sign is not consistent.
func (s *state) judgeChain(leaf *pair) {
	switch {
	case s.ca == nil || leaf.defect != "":
	case s.ca.defect != "":
		leaf.defect = leaf.title + " is signed by an authority that is replaced"
	case !chainHolds(leaf.cert, leaf.file.Certificates, s.ca.file.Certificates, s.now, len(leaf.file.Certificates)):
		leaf.defect = leaf.title + " is not signed by the authority"
	}
}

// chainHolds looks for a way from c over the certificates beside it to a root
// that is still valid, in at most depth further steps.
func chainHolds(c *cert.Certificate, beside, roots []*cert.Certificate, now time.Time, depth int) bool {
	for _, root := range roots {
		if c.SignedBy(root) && !root.Expired(now) {
			return true
		}
	}
	for _, next := range beside {
		if depth > 0 && next != c && c.SignedBy(next) && !next.Expired(now) && chainHolds(next, beside, roots, now, depth-1) {
			return true
		}
	}
	return false
}

func (s *state) pairs() []*pair {
	if s.ca == nil {
		return s.leaves
	}
	return append([]*pair{s.ca}, s.leaves...)
}

func (s *state) decision() Decision {
	d := Decision{Action: ActionKeep, Make: []string{}, Notes: []string{}}
	for _, p := range s.pairs() {
		if p.defect != "" {
			d.Action = ActionMake
			d.Make = append(d.Make, p.certItem)
			d.Reasons = append(d.Reasons, p.defect)
		}
	}
	if d.Action == ActionMake {
		return d
	}
	for _, p := range s.pairs() {
		d.Reasons = append(d.Reasons, fmt.Sprintf("%s is good until %s (%d days)", p.title, p.cert.NotAfter.Format(time.RFC3339), p.cert.DaysLeft(s.now)))
		if p.cert.NotYetValid(s.now) {
			d.Notes = append(d.Notes, fmt.Sprintf("%s is valid only from %s; is this computer's clock right?", p.title, p.cert.NotBefore.Format(time.RFC3339)))
		}
	}
	return d
}
