package paramstore

import (
	"context"
	"fmt"
	"strconv"

	"github.com/amirotate/amirotate/internal/cert/keep"
)

// contents are the parameters of all items that are there.
type contents map[string]value

func (c contents) items() keep.Items {
	items := keep.Items{}
	for item, v := range c {
		items[item], _ = decode(v.text)
	}
	return items
}

// read reads all items, one by one: GetParameters also calls a name invalid
// whose absence is not certain.
func (s *Store) read(ctx context.Context) (contents, error) {
	c := contents{}
	for _, item := range s.items {
		v, found, err := s.get(ctx, s.parameter(item))
		if err != nil {
			return nil, err
		}
		if found {
			c[item] = v
		}
	}
	return c, nil
}

// Load returns what the parameters hold or, while a replacement is committed
// and not finished, what they are to hold.
func (s *Store) Load(ctx context.Context) (keep.Snapshot, error) {
	const tries = 5 // a replacement between two reads starts over
	for range tries {
		before, err := s.readLog(ctx)
		if err != nil {
			return keep.Snapshot{}, err
		}
		items, err := s.holds(ctx, before)
		if err != nil {
			return keep.Snapshot{}, err
		}
		after, err := s.readLog(ctx)
		if err != nil {
			return keep.Snapshot{}, err
		}
		if before.next == after.next {
			return keep.Snapshot{Items: items, Version: version(after.next, items)}, nil
		}
	}
	return keep.Snapshot{}, fmt.Errorf("cannot read %s: it changes all the time", s.Name())
}

// version is a snapshot's: by the log for those who use it, by the contents for
// those who don't.
func version(next int64, items keep.Items) string {
	return strconv.FormatInt(next, 10) + " " + items.Digest()
}

func (s *Store) holds(ctx context.Context, p position) (keep.Items, error) {
	c, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	items := c.items()
	if p.open == nil {
		return items, nil
	}
	pending, err := s.pending(ctx, p.open, items)
	if err != nil {
		return nil, err
	}
	for item, v := range pending {
		items[item], _ = decode(v.text)
	}
	return items, nil
}

// pending returns the staged values that have yet to be put in place, none if
// somebody else has changed an item since: then what is there holds.
func (s *Store) pending(ctx context.Context, e *entry, items keep.Items) (contents, error) {
	staged := contents{}
	for item, sum := range e.New {
		data, there := items[item]
		now := ""
		if there {
			now = digest(data)
		}
		if now == sum {
			continue
		}
		if now != e.Was[item] {
			return nil, nil
		}
		v, found, err := s.get(ctx, s.staged(item, e.ID))
		if err != nil {
			return nil, err
		}
		if data, _ := decode(v.text); !found || digest(data) != sum {
			return nil, nil
		}
		staged[item] = v
	}
	return staged, nil
}
