package keep

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// attempts bounds how often Ensure starts over when others change the store.
const attempts = 5

// Result is what Ensure found or did.
type Result struct {
	Store    string   `json:"store"`
	Changed  bool     `json:"changed"`
	Decision Decision `json:"decision"`
	Notes    []string `json:"notes"` // what a person should know of the change
	Items    Items    `json:"-"`     // what the store holds now
}

// Ensure looks at a store and replaces what is due. It may be run as often as
// one likes: while all is good it writes nothing. clock is asked at each look.
//
// A store that cannot be asked, a key that cannot be opened, and a policy that
// cannot be carried out are errors, and nothing is written. Cancelling ctx during
// the replacement leaves the old items or the new ones.
func Ensure(ctx context.Context, store Store, policy Policy, clock func() time.Time) (Result, error) {
	p, err := policy.withDefaults()
	if err != nil {
		return Result{}, err
	}
	for range attempts {
		result, err := ensureOnce(ctx, store, p, clock())
		if !errors.Is(err, ErrChanged) {
			return result, err
		}
	}
	return Result{}, fmt.Errorf("cannot keep the certificates of %s: %w", store.Name(), ErrChanged)
}

func ensureOnce(ctx context.Context, store Store, p Policy, now time.Time) (Result, error) {
	result := Result{Store: store.Name()}
	if f, ok := store.(Finisher); ok {
		if err := f.Finish(ctx); err != nil {
			return result, fmt.Errorf("cannot ask %s, nothing was made: %w", store.Name(), err)
		}
	}
	snapshot, err := store.Load(ctx)
	if err != nil {
		return result, fmt.Errorf("cannot ask %s, nothing was made: %w", store.Name(), err)
	}
	s, err := survey(now, snapshot.Items, p)
	if err != nil {
		return result, err
	}
	result.Decision, result.Items = s.decision(), snapshot.Items
	result.Notes = result.Decision.Notes
	if result.Decision.Action == ActionKeep {
		return result, nil
	}
	m, err := s.make(snapshot.Items)
	if err != nil {
		return result, err
	}
	if err := prove(now, m.items, p); err != nil {
		return result, err
	}
	if err := ctx.Err(); err != nil {
		return result, err
	}
	if err := store.Replace(ctx, snapshot, m.items, now); err != nil {
		return result, fmt.Errorf("cannot replace the certificates of %s: %w", store.Name(), err)
	}
	result.Changed, result.Items, result.Notes = true, m.items, m.notes
	return result, nil
}

// prove makes sure, before anything is written, that what was made will be kept
// by the next run: else each would make new ones.
func prove(now time.Time, items Items, p Policy) error {
	d, err := Decide(now, items, p)
	if err != nil {
		return fmt.Errorf("cannot read what was made: %w", err)
	}
	if d.Action != ActionKeep {
		return fmt.Errorf("cannot use what was made: %v", d.Reasons)
	}
	return nil
}
