package cli

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/ec2ops"
	"github.com/amirotate/amirotate/internal/remote"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/verify"
)

// staticFarm are the computers of workers without ami=, and how each is reached.
type staticFarm struct {
	hosts    []config.StaticHost
	byWorker map[string]config.StaticHost // by a host's first worker
	problems []rotate.Problem
	direct   *remote.Dialer
	bastion  *remote.Dialer
}

// newStaticFarm finds what the configuration says of the list's static workers.
// bastion is the dialer that goes through it.
func newStaticFarm(c *config.Config, list *slavelist.List, getenv func(string) string, bastion *remote.Dialer) (*staticFarm, error) {
	var static, launched []string
	for _, e := range list.Entries() {
		if e.AMI == "" {
			static = append(static, e.Name)
		} else {
			launched = append(launched, e.Name)
		}
	}
	hosts, unused, err := c.StaticHosts(static, launched)
	if err != nil {
		return nil, err
	}
	f := &staticFarm{hosts: hosts, byWorker: map[string]config.StaticHost{}, bastion: bastion}
	for _, h := range hosts {
		f.byWorker[h.Workers[0]] = h
	}
	for _, p := range unused {
		f.problems = append(f.problems, rotate.Problem{Code: "static-unused", Severity: rotate.Warning,
			Message: fmt.Sprintf("line %d: %s", p.Line, p.Message), Hint: p.Hint})
	}
	f.direct = remote.NewDialer(remote.DialerOptions{Access: f.access, Getenv: getenv, Pauses: remote.Pauses{First: dialPause, Max: staticPause}})
	return f, nil
}

// findStatic finds the computers of the list's static workers.
func (r *rotation) findStatic() (err error) {
	if r.static, err = newStaticFarm(r.config, r.inputs.list, r.getenv, r.dialer); err != nil {
		return err
	}
	r.static.tell(r.access)
	return nil
}

// tell lets the bastion's dialer know how the hosts behind it are reached.
func (f *staticFarm) tell(access *accessTable) {
	for worker, h := range f.byWorker {
		if h.Bastion {
			access.set(worker, accessOf(h.System, h.Settings))
		}
	}
}

// newHome makes the client of the configuration's own region. A list without
// images needs none: its client knows no credentials and is never called.
func (g *globals) newHome(ctx context.Context, c *config.Config, list *slavelist.List) (*ec2ops.Client, error) {
	if len(list.Images()) == 0 {
		return ec2ops.New(ctx, ec2ops.Options{Region: "us-east-1", Getenv: func(string) string { return "" }})
	}
	return g.newEC2(ctx, c)
}

// checkLaunch says what a list with images needs that one without doesn't.
func (r *rotation) checkLaunch() error {
	if !r.hasImages() {
		return nil
	}
	return r.config.ValidateLaunch()
}

func (r *rotation) hasImages() bool { return len(r.inputs.list.Images()) > 0 }

// staticRequests are what the plan is to hold of static hosts.
func (r *rotation) staticRequests() ([]rotate.StaticHost, error) {
	var hosts []rotate.StaticHost
	for _, h := range r.static.hosts {
		changes, err := r.changesInPlace(h)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, rotate.StaticHost{Workers: h.Workers, Address: net.JoinHostPort(h.Host, strconv.Itoa(h.Settings.Port)),
			Platform: h.System, Optional: h.Optional, Bastion: h.Bastion, Changes: changes,
			Inspection: r.inputs.inspection(r.config, h.System, h.Settings)})
	}
	return hosts, nil
}

// changesInPlace are what a static host's files are to become.
func (r *rotation) changesInPlace(h config.StaticHost) ([]verify.Change, error) {
	if r.config.Overlaps() {
		changes, _, err := r.inputs.overlapping(r.config, h.Settings, r.fleet.KeepsOldOn(h.Workers[0]))
		return changes, err
	}
	changes := r.inputs.changes(r.config, h.Settings)
	r.inputs.expectBoth(r.config, h.Settings, changes)
	return changes, nil
}

// expectBoth lets a cutover replace old and new in one file, what a host holds
// if an overlap was begun and is cut short. No tag tells that of a static host.
func (in *inputs) expectBoth(c *config.Config, p config.Platform, changes []verify.Change) {
	for i, f := range p.Files {
		known, err := in.pinned(pairOf(c, f))
		if err != nil || known.both == nil {
			continue
		}
		if both := digestsOf(known.both); !slices.Contains(changes[i].Old, both) {
			changes[i].Old = append(changes[i].Old, both)
		}
	}
}

// checkAccess finds what would keep each host from being reached. At an optional
// one that is only a warning.
func (f *staticFarm) checkAccess(plan *rotate.Plan, getenv func(string) string) {
	for _, host := range plan.Static {
		err := checkAccess(f.byWorker[host.Worker()].Settings, getenv)
		if err == nil {
			continue
		}
		problem := accessProblem(err)
		problem.Worker = host.Worker()
		if host.Optional {
			problem.Severity = rotate.Warning
		} else {
			host.Action = rotate.Blocked
		}
		plan.Problems = append(plan.Problems, problem)
	}
}

// access tells how the host of a worker is reached.
func (f *staticFarm) access(worker string) (remote.Access, error) {
	h, ok := f.byWorker[worker]
	if !ok {
		return remote.Access{}, fmt.Errorf("cannot tell how to reach worker %s", worker)
	}
	return accessOf(h.System, h.Settings), nil
}

// staticPause is the longest one between two attempts to reach a static host.
const staticPause = 2 * time.Second

// DialStatic fits the remote hosts into rotate's port.
func (f *staticFarm) DialStatic(ctx context.Context, worker string) (rotate.Host, error) {
	h, dialer := f.byWorker[worker], f.direct
	if h.Bastion {
		dialer = f.bastion
	}
	return dialer.Dial(ctx, remote.Target{Source: worker, InstanceID: worker, Address: h.Host, Settled: true})
}

func (f *staticFarm) close() { _ = f.direct.Close() }
