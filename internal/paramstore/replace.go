package paramstore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/cloud"
)

// maxValue is how many bytes an advanced parameter holds.
// Source: "Managing parameter tiers", Systems Manager User Guide.
const maxValue = 8192

// Replace implements keep.Store.
func (s *Store) Replace(ctx context.Context, was keep.Snapshot, items keep.Items, at time.Time) error {
	r := &replacement{Store: s, items: items}
	if err := r.compare(ctx, was); err != nil {
		return err
	}
	var err error
	if r.known, err = s.describe(ctx); err != nil {
		return err
	}
	r.entry = entry{Base: r.log.next, ID: newID(), Open: true, At: at.UTC(), Was: digests(r.old.items()), New: digests(items), By: "amirotate cert ensure"}
	staged, err := r.stage(ctx)
	if err != nil {
		return r.withdraw(staged, err)
	}
	won, err := s.commit(ctx, r.entry)
	if err != nil && isAnswer(err) {
		return r.withdraw(staged, err)
	}
	if err != nil {
		return fmt.Errorf("%w; run it again: it finds out whether that took effect, and goes on", err)
	}
	if !won {
		return r.withdraw(staged, keep.ErrChanged)
	}
	return s.Finish(ctx)
}

// isAnswer tells whether an error says that the call was not carried out.
func isAnswer(err error) bool {
	switch cloud.KindOf(err) {
	case cloud.Denied, cloud.Credentials, cloud.Invalid, cloud.Quota, cloud.Throttled:
		return true
	}
	return false
}

// replacement is one run of Replace.
type replacement struct {
	*Store
	items keep.Items // as they are to be
	log   position
	old   contents
	known map[string]types.ParameterMetadata
	entry entry
}

// compare reads everything again.
func (r *replacement) compare(ctx context.Context, was keep.Snapshot) error {
	var err error
	if r.log, err = r.readLog(ctx); err != nil {
		return err
	}
	if r.old, err = r.read(ctx); err != nil {
		return err
	}
	if r.log.open != nil || version(r.log.next, r.old.items()) != was.Version {
		return keep.ErrChanged
	}
	return nil
}

// stage writes what is to change under names of its own; it also returns what it
// had written when it failed.
func (r *replacement) stage(ctx context.Context) (names []string, err error) {
	values := contents{}
	for item, data := range r.items {
		if sum, there := r.entry.Was[item]; there && sum == r.entry.New[item] {
			continue
		}
		v := value{text: encode(data, r.formOf(item)), kind: r.kindOf(item)}
		if len(v.text) > maxValue {
			return nil, fmt.Errorf("cannot write parameter %s: it would have %d bytes, and Parameter Store takes %d; choose a smaller key_type", r.parameter(item), len(v.text), maxValue)
		}
		values[item] = v
	}
	for _, item := range slices.Sorted(maps.Keys(values)) {
		name := r.staged(item, r.entry.ID)
		names = append(names, name)
		if _, _, err := r.put(ctx, name, values[item], r.keyFor(r.parameter(item), r.known), false); err != nil {
			return names, err
		}
	}
	return names, nil
}

// withdraw deletes what was staged for nothing, even when ctx has ended.
func (r *replacement) withdraw(staged []string, why error) error {
	const patience = 20 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := r.remove(ctx, staged); err != nil {
		return fmt.Errorf("%w (and %w)", why, err)
	}
	return why
}

// formOf keeps the form that the item has now, else that of another item.
func (r *replacement) formOf(item string) form {
	if v, there := r.old[item]; there {
		_, f := decode(v.text)
		return f
	}
	for _, other := range slices.Sorted(maps.Keys(r.old)) {
		if _, f := decode(r.old[other].text); f != plain {
			return f
		}
	}
	return plain
}

// kindOf encrypts keys, however they were kept before.
func (r *replacement) kindOf(item string) types.ParameterType {
	if v, there := r.old[item]; !keep.IsKey(item) && there {
		return v.kind
	}
	if keep.IsKey(item) {
		return types.ParameterTypeSecureString
	}
	return types.ParameterTypeString
}

// keyFor is the KMS key for a parameter: that of the configuration, else the one
// that it is encrypted with; "" for SSM's own.
func (s *Store) keyFor(name string, known map[string]types.ParameterMetadata) string {
	if s.kmsKey != "" {
		return s.kmsKey
	}
	return aws.ToString(known[name].KeyId)
}

// Finish carries out what is committed, whoever committed it, and tidies up. It
// writes nothing if there is nothing to finish.
func (s *Store) Finish(ctx context.Context) error {
	log, err := s.readLog(ctx)
	if err != nil || log.open == nil {
		return err
	}
	return s.finish(ctx, log)
}

func (s *Store) finish(ctx context.Context, log position) error {
	old, err := s.read(ctx)
	if err != nil {
		return err
	}
	pending, err := s.pending(ctx, log.open, old.items())
	if err != nil {
		return err
	}
	known, err := s.describe(ctx)
	if err != nil {
		return err
	}
	for _, item := range keysFirst(pending) {
		if err := s.exchange(ctx, log.open, item, old, pending[item], known); err != nil {
			return err
		}
	}
	if err := s.remove(ctx, s.leftovers(log.open, known)); err != nil {
		return err
	}
	closing := entry{Base: log.next, ID: log.open.ID, At: log.open.At, Was: log.open.Was, New: log.open.New, By: log.open.By}
	_, err = s.append(ctx, closing)
	return err
}

// exchange backs an item up and puts the new value in its place.
func (s *Store) exchange(ctx context.Context, e *entry, item string, old contents, v value, known map[string]types.ParameterMetadata) error {
	name := s.parameter(item)
	if was, there := old[item]; there {
		if err := s.backup(ctx, name, was, e.At, s.keyFor(name, known)); err != nil {
			return err
		}
	}
	_, _, err := s.put(ctx, name, v, s.keyFor(s.staged(item, e.ID), known), false)
	return err
}

// backup copies a parameter to a name with the time in it.
func (s *Store) backup(ctx context.Context, name string, was value, at time.Time, kmsKey string) error {
	base := name + "." + at.UTC().Format(stamp)
	for n, to := 2, base; ; n++ {
		_, taken, err := s.put(ctx, to, was, kmsKey, true)
		if err != nil || !taken {
			return err
		}
		there, found, err := s.get(ctx, to)
		if err != nil || found && bytes.Equal([]byte(there.text), []byte(was.text)) {
			return err
		}
		to = fmt.Sprintf("%s-%d", base, n)
	}
}

// keysFirst orders items so that a reader who sees a new certificate finds its
// key.
func keysFirst(c contents) []string {
	items := slices.Sorted(maps.Keys(c))
	slices.SortStableFunc(items, func(a, b string) int { return rank(a) - rank(b) })
	return items
}

func rank(item string) int {
	switch {
	case item == keep.CACert:
		return 0 // the bundle of old and new: everybody's peers are in it
	case keep.IsKey(item):
		return 1
	}
	return 2
}

// abandoned is how old a staged value of somebody else has to be to count as a
// dead writer's.
const abandoned = time.Hour

// leftovers are the staged values of an entry, and those of writers that died
// before they committed theirs.
func (s *Store) leftovers(e *entry, known map[string]types.ParameterMetadata) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(known)) {
		for _, item := range s.items {
			id, isStaged := strings.CutPrefix(name, s.parameter(item)+stagedInfix)
			old := e.At.Sub(aws.ToTime(known[name].LastModifiedDate)) > abandoned
			if isStaged && (id == e.ID || old) {
				names = append(names, name)
			}
		}
	}
	return names
}
