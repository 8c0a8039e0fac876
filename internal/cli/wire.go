package cli

import (
	"context"
	"net"
	"slices"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/ec2ops"
	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/remote"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/verify"
)

// rotation is everything that plan and rotate need, put together.
type rotation struct {
	config *config.Config
	inputs *inputs
	store  listStore
	cloud  *ec2ops.Regions
	placed *placement
	static *staticFarm
	dialer *remote.Dialer
	master *master.Switch // nil: nobody looks after it
	getenv func(string) string
	now    func() time.Time
	byTags bool           // see rotate.Request
	claim  string         // see rotate.Runner
	update bool           // run the configured commands on builders
	access *accessTable   // by source image, filled in by the plan
	fleet  *rotate.Fleet  // as it was before the plan; with strategy overlap
	result *rotate.Result // nil until the plan has been carried out
}

func (g *globals) newRotation(ctx context.Context, f config.Flags) (*rotation, error) {
	c, err := g.settings(f)
	if err != nil {
		return nil, err
	}
	in, err := g.readInputs(ctx, c)
	if err != nil {
		return nil, err
	}
	return g.rotationOf(ctx, c, in)
}

// rotationOf puts a rotation of what has been read together.
func (g *globals) rotationOf(ctx context.Context, c *config.Config, in *inputs) (*rotation, error) {
	if err := checkBastionGiven(c, c.MasterEndpoint().Bastion); err != nil {
		return nil, err
	}
	store, err := g.listStore(c)
	if err != nil {
		return nil, err
	}
	r := &rotation{config: c, inputs: in, store: store, getenv: g.Getenv, now: g.Now, access: newAccessTable()}
	if err := r.checkLaunch(); err != nil {
		return nil, err
	}
	if r.cloud, r.placed, err = g.newRegions(ctx, c, in.list); err != nil {
		return nil, err
	}
	if r.master, err = g.masterOf(c, in.kept); err != nil {
		return nil, err
	}
	r.dialer = remote.NewDialer(remote.DialerOptions{
		Bastion:      bastionOf(c.Bastion),
		Access:       r.access.of,
		Console:      r.cloud.Console,
		PasswordData: r.cloud.PasswordData,
		Getenv:       g.Getenv,
		Pauses:       remote.Pauses{First: dialPause, Max: max(dialPause, c.Waits.Poll)},
	})
	return r, r.findStatic()
}

// dialPause is the first one between two attempts to reach a booting host.
const dialPause = 20 * time.Millisecond

// close ends the connections to the bastion, to static hosts and to EC2.
func (r *rotation) close() {
	_ = r.dialer.Close()
	r.static.close()
	r.cloud.Close()
}

func bastionOf(b config.Bastion) *remote.Bastion {
	if !b.Set() {
		return nil
	}
	out := &remote.Bastion{Address: b.Address, User: b.User, IdentityFiles: b.IdentityFiles}
	if b.KnownHosts != "" {
		out.KnownHosts = []string{b.KnownHosts}
	}
	return out
}

func accessOf(platform string, p config.Platform) remote.Access {
	a := remote.Access{
		Platform: platform, Transport: p.Transport, Port: p.Port, User: p.User,
		IdentityFiles: p.IdentityFiles, HostKey: p.HostKey, Algorithms: p.SSHAlgorithms,
		Password: remote.Password{Env: p.Password.Env, File: p.Password.File, EC2Key: p.Password.EC2},
		Auth:     p.Auth, CAFile: p.CAFile, Fingerprint: p.Fingerprint,
	}
	if p.KnownHosts != "" {
		a.KnownHosts = []string{p.KnownHosts}
	}
	return a
}

// plan makes the plan.
func (r *rotation) plan(ctx context.Context) (*rotate.Plan, error) {
	c := r.config
	planner := rotate.Planner{Resolve: net.DefaultResolver.LookupHost}
	req := rotate.Request{
		ListPath: c.SlaveList, List: r.inputs.list,
		SecurityGroups: c.Launch.SecurityGroups, LikeInstance: c.Launch.LikeInstance, Subnet: c.Launch.Subnet,
		KeyPair: c.Launch.KeyPair, InstanceProfile: c.Launch.InstanceProfile, Spot: c.Launch.Spot,
		Epochs: rotate.EpochsAt(c.Epoch, rotate.Period(c.Refresh.Epoch), r.now()), CertNotAfter: r.inputs.notAfter.UTC().Format(time.RFC3339),
		Settings: r.settingsFor, ByTags: r.byTags && !c.Overlaps(),
		Problems: slices.Concat(r.inputs.problems, r.static.problems),
	}
	if c.Bastion.Set() {
		host, _, err := net.SplitHostPort(c.Bastion.Address)
		if err != nil {
			return nil, usagef("bastion.address is host:port", "cannot read the bastion's address %q: %w", c.Bastion.Address, err)
		}
		req.BastionAddress = host
		planner.CheckBastion = r.dialer.CheckBastion
	}
	if c.Overlaps() {
		if err := r.lookAtFleet(ctx); err != nil {
			return nil, beforeStart(err)
		}
		req.Overlap = r.fleet.Overlap
		req.Problems = append(req.Problems, r.inputs.overlapProblems(c, r.fleet.Overlap.Stage)...)
	}
	var err error
	if req.Static, err = r.staticRequests(); err != nil {
		return nil, err
	}
	plan, err := r.planRegions(ctx, planner, req)
	if err != nil {
		return nil, beforeStart(err)
	}
	if !r.hasImages() {
		plan.Region = c.Region
	}
	r.learnAccess(plan)
	r.static.checkAccess(plan, r.getenv)
	if r.master != nil {
		planMaster(ctx, r.master, plan)
	}
	if ctx.Err() != nil { // what could not be looked at is no problem of the plan's
		return nil, context.Cause(ctx)
	}
	return plan, nil
}

func (r *rotation) settingsFor(image cloud.Image, workers []string) (rotate.Settings, error) {
	p, err := r.config.For(image.Platform, workers)
	if err != nil {
		return rotate.Settings{}, err
	}
	changes, file, err := r.changesOn(image, p)
	var commands []command.Command
	if r.update {
		for _, c := range p.Commands {
			commands = append(commands, command.Command(c))
		}
	}
	return rotate.Settings{Commands: commands, Changes: changes, Certificate: digestsOf(file), Trusts: pinsOf(file),
		Inspection: r.inputs.inspection(r.config, image.Platform, p), InstanceType: p.InstanceType, Port: p.Port}, err
}

// changesOn are what an image's files are to become, and which of the new files
// is its certificate.
func (r *rotation) changesOn(image cloud.Image, p config.Platform) ([]verify.Change, *cert.File, error) {
	if r.config.Overlaps() {
		changes, file, err := r.inputs.overlapping(r.config, p, r.fleet.KeepsOld(image.ID))
		if err == nil {
			err = knownByTags(image, changes)
		}
		return changes, file, err
	}
	changes := r.inputs.changes(r.config, p)
	r.inputs.afterOverlap(r.config, p, changes, image)
	return changes, r.inputs.certificateOf(r.config, p), nil
}

// learnAccess notes how the instances of each planned image are reached,
// and finds what would keep them from being reached.
func (r *rotation) learnAccess(plan *rotate.Plan) {
	for _, img := range plan.Images {
		if img.Platform == "" {
			continue
		}
		p, err := r.config.For(img.Platform, img.Workers)
		if err != nil {
			continue // a problem of the plan already
		}
		r.access.set(img.Source, accessOf(img.Platform, p))
		if img.Action == rotate.Replace {
			if err := checkAccess(p, r.getenv); err != nil {
				block(plan, img, err)
			}
		}
	}
}

// runner puts together what carries a plan out.
func (r *rotation) runner(g *globals, reporter rotate.Reporter, allowPartial bool) *rotate.Runner {
	w := r.config.Waits
	runner := &rotate.Runner{
		Images: r.cloud, Instances: r.cloud, Maker: r.cloud, Destroyer: r.cloud, Watcher: r.cloud,
		Dialer: dialer{r.dialer}, Static: r.static, ListFile: r.store, Reporter: reporter,
		Waits:      rotate.Waits{Launch: w.Launch, Connect: w.Connect, Static: w.Static, Patch: w.Patch, Stop: w.Stop, Image: w.Image, Prove: w.Prove},
		RetryPause: w.Poll, MaxParallel: r.config.MaxParallel, AllowPartial: allowPartial, Claim: r.claim, Now: g.Now,
	}
	if r.config.Overlaps() {
		runner.Stage = r.stage
	}
	if r.master != nil {
		reportTo(reporter, r.master)
		runner.Master = r.master
	}
	return runner
}

// dialer fits the remote hosts into rotate's port.
type dialer struct{ *remote.Dialer }

func (d dialer) Dial(ctx context.Context, t rotate.Target) (rotate.Host, error) {
	return d.Dialer.Dial(ctx, remote.Target{Source: t.Source, InstanceID: t.InstanceID, Address: t.Address})
}
