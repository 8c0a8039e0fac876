package ec2ops

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/amirotate/amirotate/internal/cloud"
)

// Regions is EC2 in one or several regions of an account: a Client for each, with
// watches and limits of its own. Each call goes to the region in which its
// resource is, which is known for what Place was told of and for what has been
// made or seen since; what is not known is asked for in all regions.
//
// Its methods are the Client's and may be called from many goroutines.
type Regions struct {
	home    *Client
	clients []*Client // the home region's is the first
	mu      sync.Mutex
	of      map[string]*Client // by id, image name or client token
}

// NewRegions puts clients together. The first one's region is home.
func NewRegions(home *Client, others ...*Client) *Regions {
	return &Regions{home: home, clients: append([]*Client{home}, others...), of: map[string]*Client{}}
}

// Close is Client.Close of each.
func (r *Regions) Close() {
	for _, c := range r.clients {
		c.Close()
	}
}

// Region returns the home region.
func (r *Regions) Region() string { return r.home.Region() }

// In returns the Client of a region, or nil.
func (r *Regions) In(region string) *Client {
	i := slices.IndexFunc(r.clients, func(c *Client) bool { return c.Region() == region })
	if i < 0 {
		return nil
	}
	return r.clients[i]
}

// Place tells in which region a resource is.
func (r *Regions) Place(region string, ids ...string) {
	if c := r.In(region); c != nil {
		r.keep(c, ids...)
	}
}

// Calls counts the calls that were made so far, of all regions together.
func (r *Regions) Calls() []cloud.Calls {
	type kind struct {
		action string
		dryRun bool
	}
	sums := map[kind]*cloud.Calls{}
	var all []*cloud.Calls
	for _, c := range r.clients {
		for _, calls := range c.Calls() {
			k := kind{calls.Action, calls.DryRun}
			if sums[k] == nil {
				sums[k] = &cloud.Calls{Action: calls.Action, DryRun: calls.DryRun}
				all = append(all, sums[k])
			}
			sums[k].Count += calls.Count
			sums[k].Failed += calls.Failed
		}
	}
	slices.SortStableFunc(all, func(a, b *cloud.Calls) int { return cmp.Compare(a.Action, b.Action) })
	out := make([]cloud.Calls, len(all))
	for i, calls := range all {
		out[i] = *calls
	}
	return out
}

// keep notes where things are.
func (r *Regions) keep(c *Client, keys ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range keys {
		if key != "" {
			r.of[key] = c
		}
	}
}

// known returns the Client of a resource's region, or nil if there are several
// regions and it is not known which.
func (r *Regions) known(key string) *Client {
	if len(r.clients) == 1 {
		return r.home
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[key]
}

// client returns the Client to ask about one resource. One of which nobody has
// heard is looked for at home.
func (r *Regions) client(key string) *Client {
	if c := r.known(key); c != nil {
		return c
	}
	return r.home
}

// split sorts keys by region. Those that are not known belong to all regions.
func (r *Regions) split(keys []string) map[*Client][]string {
	parts := map[*Client][]string{}
	for _, key := range distinct(keys) {
		if c := r.known(key); c != nil {
			parts[c] = append(parts[c], key)
			continue
		}
		for _, c := range r.clients {
			parts[c] = append(parts[c], key)
		}
	}
	return parts
}

// gather asks each region for its part at the same time, and notes where the
// answers are. The answers are in the regions' order.
func gather[T any](ctx context.Context, r *Regions, parts map[*Client][]string, idOf func(T) string,
	ask func(ctx context.Context, c *Client, part []string) ([]T, error),
) ([]T, error) {
	answers := make([][]T, len(r.clients))
	group, ctx := errgroup.WithContext(ctx)
	for i, c := range r.clients {
		part, asked := parts[c]
		if !asked {
			continue
		}
		group.Go(func() (err error) {
			answers[i], err = ask(ctx, c, part)
			for _, one := range answers[i] {
				r.keep(c, idOf(one))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(answers...), nil
}

// everywhere is for what no id tells the region of.
func (r *Regions) everywhere() map[*Client][]string {
	parts := map[*Client][]string{}
	for _, c := range r.clients {
		parts[c] = nil
	}
	return parts
}

// Names returns the regions, home first.
func (r *Regions) Names() []string {
	names := make([]string, len(r.clients))
	for i, c := range r.clients {
		names[i] = c.Region()
	}
	return names
}

// String is for people.
func (r *Regions) String() string { return strings.Join(r.Names(), ", ") }
