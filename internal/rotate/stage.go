package rotate

import (
	"fmt"
	"slices"
	"strings"
)

// Stage is how far the overlap of an old and a new certificate has come. It is
// derived from what is observed, each time anew.
type Stage string

// Stages, in their order.
const (
	StageIntroduce Stage = "introduce" // images and static workers are to trust old and new
	StageWait      Stage = "wait"      // running instances trust the old one alone
	StageSwitch    Stage = "switch"    // the master may present the new one
	StageDrop      Stage = "drop"      // images and static workers are to trust the new one alone
	StageDone      Stage = "done"      // the old one is of no use any more
	StageUnknown   Stage = "unknown"   // nobody has asked the static workers, and the others are no reason for a rotation
)

// Presents is which certificate the master presents.
type Presents string

// Which certificate it may be.
const (
	PresentsNew     Presents = "new"
	PresentsOld     Presents = "old"
	PresentsOther   Presents = "other"   // neither
	PresentsUnknown Presents = "unknown" // no endpoint is configured, or it did not answer
)

// keepsOld tells whether a host that now has this trust is to hold the old
// certificate beside the new one. While nobody knows what the master presents,
// one that has dropped the old is left so.
func (p Presents) keepsOld(t Trust) bool {
	switch p {
	case PresentsNew:
		return false
	case PresentsOld:
		return true
	}
	return t != TrustsNew
}

// accepts tells whether a host surely accepts what the master presents; sure is
// false if nobody can tell.
func (t Trust) accepts(p Presents) (accepted, sure bool) {
	switch {
	case t == TrustUnknown || p == PresentsUnknown:
		return false, false
	case t == TrustsBoth:
		return p != PresentsOther, true
	}
	return string(t) == string(p) && t != TrustsOther, true
}

// Holder is a host, or an image of hosts, and what it trusts.
type Holder struct {
	ID        string
	Trust     Trust
	Optional  bool // never stands in the way
	NotProbed bool // nobody has asked it: neither safe nor in the way
}

// Observed is all that a stage is derived from.
type Observed struct {
	Images   []Holder // of the list
	Static   []Holder // static workers
	Running  []Holder // instances that booted from those images, or from ones that they have replaced
	Presents Presents // "" is unknown
	Expired  bool     // what the master presents has expired: nobody accepts it
	Switches bool     // a rotation itself switches the master, and restarts it
}

// Progress is a stage, and why.
type Progress struct {
	Stage Stage  `json:"stage"`
	Why   string `json:"why"`
	Next  string `json:"next"` // what is to be done
	// InTheWay are those who would lose a master that presents the new
	// certificate; LockedOut those who surely don't accept the present one.
	InTheWay  []string `json:"in_the_way"`
	LockedOut []string `json:"locked_out"`
}

// MaySwitch tells whether the master may present the new certificate.
func (p Progress) MaySwitch() bool {
	return p.Stage != StageIntroduce && p.Stage != StageWait && p.Stage != StageUnknown
}

// StageOf derives the stage.
func StageOf(o Observed) Progress {
	if o.Presents == "" {
		o.Presents = PresentsUnknown
	}
	p := Progress{InTheWay: []string{}, LockedOut: o.lockedOut()}
	due, waiting := o.due(), behind(o.Running)
	silent := o.notProbed()
	switch {
	case len(silent) > 0 && len(due) == 0:
		p.Stage, p.Why = StageUnknown, these(silent, "were", "was")+" not probed, and no tag tells what they hold"
		p.Next, p.InTheWay = "amirotate status --probe: it asks them", waiting
	case o.Presents == PresentsNew && len(due) > 0:
		p.Stage, p.Why = StageDrop, "the master presents the new certificate, and "+these(due, "don't", "doesn't")+" hold it alone"
		p.Next = "amirotate rotate: it takes the old certificate away"
	case o.Presents == PresentsNew:
		p.Stage, p.Why = StageDone, "the master presents the new certificate, and no image or static worker holds the old one"
	case len(due) > 0:
		p.Stage, p.Why = StageIntroduce, these(due, "don't", "doesn't")+" trust the old and the new certificate"
		p.Next = "amirotate rotate: it gives them both"
		p.InTheWay = slices.Concat(behind(o.Images), behind(o.Static), waiting)
	case len(waiting) > 0 && !o.Expired:
		p.Stage, p.Why = StageWait, these(waiting, "booted", "booted")+" without the new certificate"
		p.Next = o.replaceThem()
		p.InTheWay = waiting
	case len(waiting) > 0:
		p.Stage, p.Why = StageSwitch, "what the master presents has expired and nobody accepts it, so nothing is gained by waiting"
		p.Next, p.InTheWay = o.switchIt(), waiting
	default:
		p.Stage, p.Why = StageSwitch, "all trust the new certificate"+o.Presents.notYet()
		p.Next = o.switchIt()
	}
	if len(p.LockedOut) > 0 {
		p.Why += "; " + these(p.LockedOut, "don't", "doesn't") + " accept what the master presents now"
	}
	return p
}

// due are the images and static workers that don't hold what they should.
func (o Observed) due() []string {
	return idsOf(slices.Concat(o.Images, o.Static), func(h Holder) bool {
		wanted := TrustsNew
		if o.Presents.keepsOld(h.Trust) {
			wanted = TrustsBoth
		}
		return h.counts() && h.Trust != wanted
	})
}

// lockedOut are hosts only: an image meets no master.
func (o Observed) lockedOut() []string {
	return idsOf(slices.Concat(o.Static, o.Running), func(h Holder) bool {
		accepted, sure := h.Trust.accepts(o.Presents)
		return o.Expired || sure && !accepted
	})
}

// behind are those who would lose a master that presents the new certificate.
func behind(holders []Holder) []string {
	return idsOf(holders, func(h Holder) bool { return h.counts() && !h.Trust.New() })
}

// counts tells whether what a host trusts may stand in the way.
func (h Holder) counts() bool { return !h.Optional && !h.NotProbed }

// notProbed are the static workers of whom it must be known what they hold, and
// is not.
func (o Observed) notProbed() []string {
	return idsOf(o.Static, func(h Holder) bool { return h.NotProbed && !h.Optional })
}

func (p Presents) notYet() string {
	switch p {
	case PresentsOld:
		return ", and the master presents the old one"
	case PresentsOther:
		return ", and the master presents neither the old nor the new one"
	}
	return "; what the master presents is not known"
}

func (o Observed) replaceThem() string {
	if o.Switches {
		return "let them be replaced; each amirotate rotate looks whether they are"
	}
	return "restart the Buildbot master if it still launches the previous images (a reconfig is not enough), and let them be replaced"
}

func (o Observed) switchIt() string {
	if o.Switches {
		return "amirotate rotate: it switches the master"
	}
	next := "let the master present the new certificate, and run amirotate rotate again to take the old one away"
	if o.Presents == PresentsUnknown {
		next += "; name its port, or no run will see it: --endpoint host:port"
	}
	return next
}

func idsOf(holders []Holder, match func(Holder) bool) []string {
	ids := []string{}
	for _, h := range holders {
		if match(h) {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

// namedAtMost is how many of many a sentence names.
const namedAtMost = 4

// these names them, with the verb that fits their number.
func these(ids []string, plural, singular string) string {
	if len(ids) == 1 {
		return ids[0] + " " + singular
	}
	if len(ids) > namedAtMost {
		return fmt.Sprintf("%s and %d more %s", strings.Join(ids[:namedAtMost], ", "), len(ids)-namedAtMost, plural)
	}
	return fmt.Sprintf("%s and %s %s", strings.Join(ids[:len(ids)-1], ", "), ids[len(ids)-1], plural)
}
