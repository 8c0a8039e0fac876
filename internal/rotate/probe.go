package rotate

import (
	"context"
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
	"golang.org/x/sync/errgroup"
)

// Probe logs in to running instances and reads what they hold. It writes
// nothing there.
type Probe struct {
	Dialer Dialer
	// Paths returns the paths of the certificate files on an instance of an
	// image, which workers of the list share, and lets the Dialer know how such
	// instances are reached.
	Paths    func(image, platform string, workers []string) ([]string, error)
	Patience time.Duration // for one instance
	Parallel int           // instances at once
}

// all probes the running instances of a fleet. One that can't be probed keeps
// what the tags say, and the reason.
func (p *Probe) all(ctx context.Context, pins Pins, fleet *Fleet) {
	var group errgroup.Group
	group.SetLimit(max(p.Parallel, 1))
	for i := range fleet.Instances {
		it := &fleet.Instances[i]
		if it.State != string(cloud.InstanceRunning) {
			continue
		}
		group.Go(func() error {
			files, err := p.read(ctx, it, fleet.workersOf(it.Listed))
			if err != nil {
				it.Problem = err.Error()
				return nil
			}
			it.Held, it.Problem = pins.heldIn(files)
			it.Trust = pins.Judge(it.Held.Trusts)
			return nil
		})
	}
	_ = group.Wait() // each one's problem stands with it
	for _, it := range fleet.Instances {
		if it.Problem != "" && it.Held.From != FromProbe {
			fleet.Unprobed++
		}
	}
}

func (f *Fleet) workersOf(image string) []string {
	for _, img := range f.Images {
		if img.Image == image {
			return img.Workers
		}
	}
	return nil
}

func (p *Probe) read(ctx context.Context, i *InstanceStatus, workers []string) ([]verify.File, error) {
	paths, err := p.Paths(i.Image, i.platform, workers)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.Patience)
	defer cancel()
	host, err := p.Dialer.Dial(ctx, Target{Source: i.Image, InstanceID: i.Instance, Address: i.address})
	if err != nil {
		return nil, err
	}
	defer host.Close()
	return host.Read(ctx, paths)
}

// heldIn is what the files on a host say. Where there are several, it trusts
// what all of them hold; one that holds no certificate is a problem, and then it
// trusts nothing.
func (p Pins) heldIn(files []verify.File) (held Held, problem string) {
	held.From = FromProbe
	for n, f := range files {
		trusts, notAfter := p.in(f)
		switch {
		case f.Status != verify.Present:
			problem = fmt.Sprintf("%s is %s", f.Path, f.Status)
		case len(trusts) == 0:
			problem = fmt.Sprintf("%s (md5 %s) holds no certificate", f.Path, f.MD5)
		}
		if n == 0 {
			held.MD5, held.SHA256, held.NotAfter, held.Trusts = f.MD5, f.SHA256, notAfter, trusts
			continue
		}
		held.Trusts = without(held.Trusts, without(held.Trusts, trusts))
	}
	return held, problem
}

func (p Pins) in(f verify.File) (pins []string, notAfter string) {
	if f.Status != verify.Present {
		return nil, ""
	}
	if p.Read != nil {
		if pins, notAfter = p.Read(f.Content); len(pins) > 0 {
			return pins, notAfter
		}
	}
	return p.inFile(f.Digests), ""
}
