package rotate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/verify"
)

// StaticHost is a computer on which static workers run: it is never launched,
// its files are replaced in place.
type StaticHost struct {
	Workers  []string // at least one; no other host has any of them
	Address  string   // for people
	Platform string
	Optional bool // unreachable is told, and no failure
	Bastion  bool // reached through the bastion
	Changes  []verify.Change
	// Inspection is what else is looked at there.
	Inspection Inspection
}

// StaticPlan is what would become of one static host.
type StaticPlan struct {
	Workers  []string     `json:"workers"`
	Address  string       `json:"address"`
	Platform string       `json:"platform"`
	Optional bool         `json:"optional"`
	Bastion  bool         `json:"bastion"`
	Action   Action       `json:"action"` // Replace or Blocked: what the host holds is seen when it is patched
	Changes  []ChangePlan `json:"changes"`

	changes    []verify.Change
	inspection Inspection
}

// Worker is the host's first worker in the list, which stands for it in events
// and problems.
func (p *StaticPlan) Worker() string { return p.Workers[0] }

// planStatic takes the static hosts into the plan. Whoever has named some is told
// which static workers have none.
func (p *planning) planStatic() {
	unnamed := slices.Clone(p.plan.StaticWorkers)
	for _, h := range p.req.Static {
		p.plan.Static = append(p.plan.Static, &StaticPlan{Workers: h.Workers, Address: h.Address, Platform: h.Platform,
			Optional: h.Optional, Bastion: h.Bastion, Action: Replace, Changes: changePlans(h.Changes), changes: h.Changes, inspection: h.Inspection})
		unnamed = slices.DeleteFunc(unnamed, func(w string) bool { return slices.Contains(h.Workers, w) })
	}
	if len(p.plan.Static) > 0 && len(unnamed) > 0 {
		p.report(Problem{Code: "static-unnamed", Severity: Warning,
			Message: fmt.Sprintf("no entry of static names %s, without ami= in the list: what they hold stays as it is", strings.Join(unnamed, ", ")),
			Hint:    "give each an entry with its address, or replace their certificate by hand"})
	}
}

// changePlans shows what is to become of files.
func changePlans(changes []verify.Change) []ChangePlan {
	plans := []ChangePlan{}
	for _, c := range changes {
		plans = append(plans, ChangePlan{Path: c.Path, OldMD5: c.OldMD5(), NewMD5: verify.Of(c.New).MD5})
	}
	return plans
}

// staticPlan finds a host's plan by one of its workers, or nil.
func (p *Plan) staticPlan(worker string) *StaticPlan {
	for _, s := range p.Static {
		if slices.Contains(s.Workers, worker) {
			return s
		}
	}
	return nil
}

// staticChangedSince says what is no longer as a saved plan had it.
func (p *Plan) staticChangedSince(saved *Plan) []string {
	var changed []string
	for _, was := range saved.Static {
		is := p.staticPlan(was.Worker())
		switch {
		case is == nil:
			changed = append(changed, fmt.Sprintf("static host of %s: was %s, is none", was.Worker(), was.Address))
		case !is.equal(was):
			changed = append(changed, fmt.Sprintf("static host of %s: was %s with %v, is %s with %v",
				was.Worker(), was.Address, was.Changes, is.Address, is.Changes))
		}
	}
	for _, is := range p.Static {
		if saved.staticPlan(is.Worker()) == nil {
			changed = append(changed, fmt.Sprintf("static host of %s: was none, is %s", is.Worker(), is.Address))
		}
	}
	return changed
}

func (p *StaticPlan) equal(q *StaticPlan) bool {
	return p.Address == q.Address && p.Platform == q.Platform && p.Optional == q.Optional && p.Bastion == q.Bastion &&
		slices.Equal(p.Workers, q.Workers) && slices.EqualFunc(p.Changes, q.Changes, ChangePlan.equal)
}
