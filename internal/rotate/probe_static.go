package rotate

import (
	"context"
	"time"

	"github.com/amirotate/amirotate/internal/verify"
	"golang.org/x/sync/errgroup"
)

// StaticStatus is a static host. No tag tells what it holds: it is probed, or it
// is not known.
type StaticStatus struct {
	Workers  []string `json:"workers"`
	Address  string   `json:"address"`
	Optional bool     `json:"optional"`
	Held     Held     `json:"certificate"`
	Trust    Trust    `json:"trust"`
	Behind   bool     `json:"behind"`
	Problem  string   `json:"problem,omitempty"` // NotProbed, or what the probe met: no way in, no such file

	paths []string
}

// Worker is the first of its workers, which stands for the host.
func (s StaticStatus) Worker() string { return s.Workers[0] }

// NotProbed is the problem of a static host that nobody has asked.
const NotProbed = "not probed"

// NewStaticStatus is a static host that has not been looked at, with the paths
// of its certificate files.
func NewStaticStatus(workers []string, address string, optional bool, paths []string) StaticStatus {
	return StaticStatus{Workers: workers, Address: address, Optional: optional, Trust: TrustUnknown, Problem: NotProbed, paths: paths}
}

// StaticProbe logs in to static hosts and reads what they hold. It writes
// nothing there.
type StaticProbe struct {
	Dial     func(ctx context.Context, worker string) (Host, error)
	Patience time.Duration // for one host
	Parallel int           // hosts at once
}

func (p *StaticProbe) all(ctx context.Context, pins Pins, hosts []StaticStatus) {
	var group errgroup.Group
	group.SetLimit(max(p.Parallel, 1))
	for i := range hosts {
		h := &hosts[i]
		group.Go(func() error {
			files, err := p.read(ctx, h)
			if err != nil {
				h.Problem = err.Error()
				return nil
			}
			h.Held, h.Problem = pins.heldIn(files)
			h.Trust = pins.Judge(h.Held.Trusts)
			return nil
		})
	}
	_ = group.Wait() // each one's problem stands with it
}

func (p *StaticProbe) read(ctx context.Context, h *StaticStatus) ([]verify.File, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Patience)
	defer cancel()
	host, err := p.Dial(ctx, h.Worker())
	if err != nil {
		return nil, err
	}
	defer host.Close()
	return host.Read(ctx, h.paths)
}

// KeepsOldOn tells whether a rotation is to give the static host of a worker the
// old certificate beside the new one.
func (f *Fleet) KeepsOldOn(worker string) bool {
	for _, s := range f.Static {
		if s.Worker() == worker {
			return f.presents().keepsOld(s.Trust)
		}
	}
	return f.presents() != PresentsNew
}
