package ec2state

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// Options are what a State needs.
type Options struct {
	Dir     string // holds images/ and instances/
	Clock   *clock.Clock
	Drivers map[string]machine.Driver // by platform
	Bastion netip.Addr                // whom a group's "from: bastion" lets in
	// FirstSubnet is how many subnets the regions before have: addresses are
	// unique over all regions.
	FirstSubnet int
}

// State is the account. Its methods may be called at any time by anyone.
type State struct {
	opts    Options
	timings timings
	Region  string
	Account string
	Zones   []string
	offers  offers

	ctx    context.Context // ends with the State; bounds what goes on behind calls
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu        sync.Mutex // guards everything below; never held while a computer or a folder is waited for
	order     int64
	images    table[image]
	instances table[instance]
	volumes   table[Volume]
	snapshots table[Snapshot]
	groups    table[Group]
	vpcs      table[VPC]
	subnets   table[Subnet]
	keys      table[KeyPair]
	spots     table[SpotRequest]
	tokens    map[string]*launched // by client token
	hidden    map[string]int       // ids not to be seen yet, and for how many looks
	addresses map[netip.Addr]bool  // in use
	next      map[string]netip.Addr
}

type timings struct {
	pending, stop, image, terminate, forget time.Duration
	boot                                    map[string]time.Duration
}

// image is an Image and its folder.
type image struct {
	Image
	files sync.RWMutex // held for reading while the folder is copied from
}

// instance is an Instance, its folder and its computer.
type instance struct {
	Instance
	generation int // counts the commands that changed its state; a change that is under way yields to a newer one

	power    sync.Mutex // guards what follows, and the folder; taken before State.mu
	computer machine.Computer
	console  []byte
	password string
	booted   bool // once, ever
}

// table is a kind of resource in the order of making.
type table[T any] struct {
	rows  map[string]*T
	order map[string]int64
}

func newTable[T any]() table[T] {
	return table[T]{rows: map[string]*T{}, order: map[string]int64{}}
}

func (t table[T]) ids() []string {
	ids := make([]string, 0, len(t.rows))
	for id := range t.rows {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(t.order[a], t.order[b]) })
	return ids
}

func (t table[T]) drop(id string) {
	delete(t.rows, id)
	delete(t.order, id)
}

// put adds a row; s.mu is held.
func put[T any](s *State, t table[T], id string, row *T) {
	s.order++
	t.rows[id], t.order[id] = row, s.order
}

// list copies what is to be seen, in the order of making.
func list[T, V any](s *State, t table[T], value func(*T) V) []V {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	var out []V
	for _, id := range t.ids() {
		if !s.stillHidden(id) {
			out = append(out, value(t.rows[id]))
		}
	}
	return out
}

// Images returns the images as they are now.
func (s *State) Images() []Image {
	return list(s, s.images, func(i *image) Image { return i.Image })
}

// Instances returns the instances as they are now.
func (s *State) Instances() []Instance {
	return list(s, s.instances, func(i *instance) Instance { return i.Instance })
}

// Volumes returns the volumes as they are now.
func (s *State) Volumes() []Volume { return list(s, s.volumes, deref[Volume]) }

// Snapshots returns the snapshots as they are now.
func (s *State) Snapshots() []Snapshot { return list(s, s.snapshots, deref[Snapshot]) }

// Groups returns the security groups as they are now.
func (s *State) Groups() []Group { return list(s, s.groups, deref[Group]) }

// VPCs returns the VPCs as they are now.
func (s *State) VPCs() []VPC { return list(s, s.vpcs, deref[VPC]) }

// Subnets returns the subnets as they are now.
func (s *State) Subnets() []Subnet { return list(s, s.subnets, deref[Subnet]) }

// KeyPairs returns the key pairs as they are now.
func (s *State) KeyPairs() []KeyPair { return list(s, s.keys, deref[KeyPair]) }

// SpotRequests returns the spot requests as they are now.
func (s *State) SpotRequests() []SpotRequest { return list(s, s.spots, deref[SpotRequest]) }

func deref[T any](row *T) T { return *row }

// Hide makes a resource invisible to the next looks at it, as right after a
// create.
func (s *State) Hide(id string, looks int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden[id] = looks
}

// stillHidden counts a look; s.mu is held.
func (s *State) stillHidden(id string) bool {
	n, ok := s.hidden[id]
	if !ok {
		return false
	}
	if n--; n <= 0 {
		delete(s.hidden, id)
	} else {
		s.hidden[id] = n
	}
	return true
}

// look finds a row by id, unless it is hidden; s.mu is held.
func look[T any](s *State, t table[T], id string) *T {
	row := t.rows[id]
	if row == nil || s.stillHidden(id) {
		return nil
	}
	return row
}

// forget drops what was terminated long ago; s.mu is held.
func (s *State) forget() {
	if s.timings.forget == 0 {
		return
	}
	before := s.opts.Clock.Now().Add(-s.timings.forget)
	for id, in := range s.instances.rows {
		if in.State == Terminated && in.ended.Before(before) {
			s.instances.drop(id)
		}
	}
}

// behind runs f until it returns or the State is closed.
func (s *State) behind(f func(ctx context.Context)) {
	s.work.Go(func() { f(s.ctx) })
}

// later runs f, with s.mu held, after a simulated time.
func (s *State) later(after time.Duration, f func()) {
	s.behind(func(ctx context.Context) {
		if s.opts.Clock.Sleep(ctx, after) != nil {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		f()
	})
}

// Close ends what goes on, and switches every computer off. The folders stay.
func (s *State) Close() {
	s.cancel()
	s.work.Wait()
	s.mu.Lock()
	rows := slices.Collect(maps.Values(s.instances.rows))
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, in := range rows {
		in.power.Lock()
		in.switchOff(ctx)
		in.power.Unlock()
	}
}

// newID makes an id of 17 hexadecimal digits, as EC2 has since 2016.
func newID(prefix string) string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return prefix + "0" + hex.EncodeToString(b[:])
}
