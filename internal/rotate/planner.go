package rotate

import (
	"context"
	"fmt"
	"slices"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/verify"
)

// Request is what a plan is made for.
type Request struct {
	Region   string
	ListPath string
	List     *slavelist.List
	// Elsewhere tells of an image that it is in another region, which has a
	// request of its own; nil: none is.
	Elsewhere func(image string) bool

	// Settings returns what the configuration says for an image that these
	// workers use. Its error is a problem of that image.
	Settings func(image cloud.Image, workers []string) (Settings, error)

	SecurityGroups  []string // names or ids
	LikeInstance    string   // take subnet, groups and key pair from this instance where they are not given
	Subnet          string
	KeyPair         string
	InstanceProfile string
	Spot            bool

	Epochs       Epochs // part of the patch id; a new epoch rebakes everything
	CertNotAfter string // RFC 3339; of the new certificate, for the tags
	// ByTags says that what the tags of proven replacements say that they hold is
	// expected there, beside what Settings say.
	ByTags bool

	// Static are the computers that workers without ami= run on.
	Static []StaticHost

	// BastionAddress is the bastion's host name or address, "" for none.
	BastionAddress string

	Overlap *Progress // how far an overlap has come; nil for none

	// Problems were found before, in the certificates say.
	Problems []Problem
}

// Settings are an image's own: what to patch and how it is reached.
type Settings struct {
	Changes      []verify.Change
	Inspection   Inspection
	Certificate  verify.Digests // of the certificate among them, for the tags
	Trusts       []string       // pins of the certificates in that file, for the tags
	InstanceType string         // "" for the list's
	Port         int            // TCP port of the transport, for the security groups
	// Commands are run on the builder after the patch. Each must have a timeout.
	// What they are is no part of the patch: another command alone replaces nothing.
	Commands []command.Command
}

// Planner finds out what a rotation would do. It changes nothing: all its calls
// are Describe*, or RunInstances with DryRun.
type Planner struct {
	Images       Images
	Instances    Instances
	Surroundings Surroundings
	Rehearsal    Rehearsal
	// CheckBastion connects to the bastion and checks its key; nil for none.
	CheckBastion func(ctx context.Context) error
	// Resolve looks a host name up.
	Resolve func(ctx context.Context, host string) ([]string, error)
}

// planning is one plan in the making.
type planning struct {
	*Planner
	req   Request
	plan  *Plan
	ports map[int]bool // transport ports that the groups must let the bastion in on
	// goOnIn is the neighbouring epoch in which another run has begun, "" for none.
	goOnIn string

	bastionChecked bool
}

// Plan looks at everything and reports every problem that it finds. An error
// means that it could not look.
func (pl *Planner) Plan(ctx context.Context, req Request) (*Plan, error) {
	p := &planning{Planner: pl, req: req, ports: map[int]bool{}, plan: &Plan{
		Region: req.Region,
		List: ListPlan{
			Path:    req.ListPath,
			SHA256:  verify.Of(req.List.Pack()).SHA256,
			Entries: len(req.List.Entries()),
		},
		Overlap:       req.Overlap,
		Images:        []*ImagePlan{},
		StaticWorkers: []string{},
		Static:        []*StaticPlan{},
		Problems:      slices.Clone(req.Problems),
		list:          req.List,
	}}
	p.readList()
	p.planStatic()
	if err := p.lookAtImages(ctx); err != nil {
		return nil, err
	}
	if err := p.lookAtReplacements(ctx); err != nil {
		return nil, err
	}
	if p.goOnIn != "" {
		req.Epochs = Epochs{Now: p.goOnIn}
		return pl.Plan(ctx, req)
	}
	if slices.ContainsFunc(p.plan.Images, func(img *ImagePlan) bool { return img.Action == Replace }) {
		if err := p.lookAtSurroundings(ctx); err != nil {
			return nil, err
		}
	}
	if slices.ContainsFunc(p.plan.Static, func(s *StaticPlan) bool { return s.Bastion }) {
		if err := p.checkBastion(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.plan.fillEdits(); err != nil {
		return nil, err
	}
	if p.plan.Problems == nil {
		p.plan.Problems = []Problem{}
	}
	return p.plan, nil
}

// readList makes an image plan for each distinct image, in the list's order.
func (p *planning) readList() {
	for _, e := range p.req.List.Entries() {
		if e.AMI == "" {
			p.plan.StaticWorkers = append(p.plan.StaticWorkers, e.Name)
			continue
		}
		if p.req.Elsewhere != nil && p.req.Elsewhere(e.AMI) {
			continue
		}
		img := p.plan.source(e.AMI)
		if img == nil {
			img = &ImagePlan{Source: e.AMI, Region: p.req.Region, InstanceType: e.InstanceType, Action: Replace, Changes: []ChangePlan{}}
			p.plan.Images = append(p.plan.Images, img)
		}
		img.Workers = append(img.Workers, e.Name)
	}
}

// lookAtImages finds the images and judges each by itself.
func (p *planning) lookAtImages(ctx context.Context) error {
	ids := make([]string, len(p.plan.Images))
	for i, img := range p.plan.Images {
		ids[i] = img.Source
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := p.Images.Images(ctx, ids)
	if err != nil {
		return err
	}
	for _, img := range p.plan.Images {
		i := slices.IndexFunc(found, func(c cloud.Image) bool { return c.ID == img.Source })
		if i < 0 {
			p.block(img, Problem{Code: "image-missing",
				Message: fmt.Sprintf("%s does not exist in %s, or you may not see it", img.Source, p.req.Region),
				Hint:    "correct the list, or check region and account"})
			continue
		}
		p.judgeImage(img, found[i])
	}
	return nil
}

// judgeImage fills an image plan in from the image and the configuration.
func (p *planning) judgeImage(img *ImagePlan, c cloud.Image) {
	img.image, img.Name, img.Platform = c, c.Name, c.Platform
	img.certNotAfter = p.req.CertNotAfter
	for _, problem := range imageProblems(c) {
		p.block(img, problem)
	}
	settings, err := p.req.Settings(c, img.Workers)
	if err != nil {
		p.block(img, problemFrom("no-settings", err))
		return
	}
	if len(settings.Changes) == 0 {
		p.block(img, Problem{Code: "no-path",
			Message: fmt.Sprintf("no file to replace is configured for %s images (%s)", c.Platform, img.Source),
			Hint:    fmt.Sprintf("give --%s-path, or platforms.%s.files in the configuration", c.Platform, c.Platform)})
		return
	}
	img.commands = settings.Commands
	img.changes, img.certificate, img.trusts = settings.Changes, settings.Certificate, settings.Trusts
	img.inspection = settings.Inspection
	defer img.tellChanges()
	img.Patch = PatchID(settings.Changes, p.req.Epochs.Now)
	if settings.InstanceType != "" {
		img.InstanceType = settings.InstanceType
	}
	if img.Action == Replace && p.isCurrent(img, c) {
		img.Action = None
		return
	}
	p.expectTagged(img, c)
	if img.Action == Replace {
		p.ports[settings.Port] = true
	}
}

// tellChanges puts what is to be replaced into words.
func (p *ImagePlan) tellChanges() {
	for _, change := range p.changes {
		p.Changes = append(p.Changes, ChangePlan{Path: change.Path, OldMD5: change.OldMD5(), NewMD5: verify.Of(change.New).MD5})
	}
}

// isCurrent tells whether an image is itself a proven replacement with the patch,
// or with that of an epoch that has begun by another machine's clock.
func (p *planning) isCurrent(img *ImagePlan, c cloud.Image) bool {
	if c.Tags[cloud.TagProvenAt] == "" {
		return false
	}
	patches := []string{img.Patch}
	if next := p.req.Epochs.Next; next != "" && next != p.req.Epochs.Now {
		patches = append(patches, PatchID(img.changes, next))
	}
	for _, patch := range patches {
		if bears(c, c.Tags[cloud.TagSourceImage], patch) {
			img.Patch = patch
			return true
		}
	}
	return false
}

// bears tells whether an image is our replacement of source with that patch.
func bears(c cloud.Image, source, patch string) bool {
	return c.Tags[cloud.TagRole] == cloud.RoleReplacement &&
		c.Tags[cloud.TagSourceImage] == source && c.Tags[cloud.TagPatch] == patch
}

// lookAtReplacements finds what earlier runs have made, and whether a stranger
// has a name that we need.
func (p *planning) lookAtReplacements(ctx context.Context) error {
	var sources, names []string
	for _, img := range p.plan.Images {
		if img.Action == Replace {
			sources = append(sources, img.Source)
			names = append(names, replacementName(img.image, img.Patch))
		}
	}
	if len(sources) == 0 {
		return nil
	}
	made, err := p.Images.Replacements(ctx, sources)
	if err != nil {
		return err
	}
	if p.goOnIn, err = p.unfinished(ctx, sources, made); err != nil || p.goOnIn != "" {
		return err
	}
	named, err := p.Images.ImagesNamed(ctx, names)
	if err != nil {
		return err
	}
	for _, img := range p.plan.Images {
		if img.Action != Replace {
			continue
		}
		if best := bestReplacement(made, img.Source, img.Patch); best != nil && best.proven() {
			img.Action, img.Replacement = Reuse, best.ID
			continue
		}
		name := replacementName(img.image, img.Patch)
		for _, c := range named {
			if c.Name == name && !bears(c, img.Source, img.Patch) {
				p.block(img, strangersName(name, c.ID))
			}
		}
	}
	return p.lookAtPermissions(ctx)
}

func strangersName(name, id string) Problem {
	return Problem{Code: "name-taken",
		Message: fmt.Sprintf("the name %q is taken by %s, which amirotate did not make", name, id),
		Hint:    "deregister or rename that image if it is not needed"}
}

// lookAtPermissions finds out whether launch permissions may be read. One image
// stands for all: those of the others are read while its image is being made.
func (p *planning) lookAtPermissions(ctx context.Context) error {
	i := slices.IndexFunc(p.plan.Images, func(img *ImagePlan) bool { return img.Action == Replace })
	if i < 0 {
		return nil
	}
	_, err := p.plan.Images[i].readPermissions(ctx, p.Images)
	return err
}

// block reports a problem of severity error on an image.
func (p *planning) block(img *ImagePlan, problem Problem) {
	img.Action = Blocked
	problem.Severity, problem.Image = Error, img.Source
	p.plan.Problems = append(p.plan.Problems, problem)
}

// report reports a problem of the whole run.
func (p *planning) report(problem Problem) {
	p.plan.Problems = append(p.plan.Problems, problem)
}
