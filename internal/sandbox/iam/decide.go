package iam

import (
	"fmt"
	"slices"
	"strings"
)

// Request is one thing that a call must be allowed to do. A call may need
// several to be allowed.
type Request struct {
	Action   string              // such as ec2:RunInstances
	Resource string              // ARN; * for an action that knows no resources
	Keys     map[string][]string // condition keys, in any letter case
}

// Refusal is why a call is not allowed.
type Refusal struct {
	Request
	Explicit bool // a statement denies it
}

// Reason says so in the words of AWS.
func (r *Refusal) Reason(user string) string {
	why := fmt.Sprintf("because no identity-based policy allows the %s action", r.Action)
	if r.Explicit {
		why = "with an explicit deny in an identity-based policy"
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", user, r.Action, r.Resource, why)
}

// Check returns the first of the requests that the policy does not allow, nil if
// it allows them all. No policy allows everything.
func (p *Policy) Check(requests ...Request) *Refusal {
	if p == nil {
		return nil
	}
	for _, r := range requests {
		if refusal := p.check(r); refusal != nil {
			return refusal
		}
	}
	return nil
}

func (p *Policy) check(r Request) *Refusal {
	keys := map[string][]string{}
	for k, v := range r.Keys {
		keys[strings.ToLower(k)] = v
	}
	allowed := false
	for _, s := range p.Statements {
		switch {
		case !s.applies(r, keys):
		case s.Deny:
			return &Refusal{r, true}
		default:
			allowed = true
		}
	}
	if allowed {
		return nil
	}
	return &Refusal{r, false}
}

func (s Statement) applies(r Request, keys map[string][]string) bool {
	action := strings.ToLower(r.Action)
	return slices.ContainsFunc(s.Actions, func(a string) bool { return match(strings.ToLower(a), action) }) &&
		slices.ContainsFunc(s.Resources, func(pattern string) bool { return match(pattern, r.Resource) }) &&
		!slices.ContainsFunc(s.Conditions, func(c Condition) bool {
			has, present := keys[c.Key]
			return !c.holds(has, present)
		})
}
