package cli

import (
	"context"
	"slices"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/verify"
)

const useCutover = "use strategy: cutover, or --strategy cutover"

// checkOverlap finds what keeps old and new from overlapping at all.
func (in *inputs) checkOverlap(c *config.Config) error {
	if c.Kept() {
		if err := in.readLast(); err != nil {
			return err
		}
	}
	known, err := in.pinned(pair{c.Certificate.Old, c.Certificate.New})
	if err != nil {
		return err
	}
	pins := known.pins()
	if len(pins.Old) > 0 && !slices.ContainsFunc(pins.Old, func(pin string) bool { return !slices.Contains(pins.New, pin) }) {
		return usagef("name the new certificate alone: both are put into one file for the time of the overlap",
			"cannot let old and new overlap: %s holds the old certificate already", c.Certificate.New)
	}
	return nil
}

// pinned returns what hosts hold of a pair before, during and after an overlap.
func (in *inputs) pinned(p pair) (*pinned, error) {
	var olds []*cert.File
	for _, path := range p.old {
		olds = append(olds, in.files[path])
	}
	if last := in.last[p.new]; last != nil {
		olds = append(olds, last)
	}
	known, err := pin(in.files[p.new], olds, in.now)
	if err != nil {
		return nil, err
	}
	if f := known.keyed(); f != nil {
		return nil, usagef(useCutover, "cannot let old and new overlap in %s: there can be only one private key", f.Name)
	}
	return known, nil
}

// overlapping is what a platform's files are to become while old and new
// overlap: both in one file or, without the old one, the new one alone. A file
// may hold what another stage has given it.
func (in *inputs) overlapping(c *config.Config, p config.Platform, keepOld bool) (changes []verify.Change, certificate *cert.File, err error) {
	for _, f := range p.Files {
		pair := pairOf(c, f)
		known, err := in.pinned(pair)
		if err != nil {
			return nil, nil, err
		}
		to, also := known.new, known.both
		switch {
		case keepOld && known.both == nil:
			return nil, nil, usagef("set certificate.old to what hosts hold now", "cannot let old and new overlap in %s: what is old is not known", f.Path)
		case keepOld:
			to, also = known.both, known.new
		}
		changes = append(changes, in.changeTo(f.Path, pair, to, append(slices.Clone(known.olds), also)))
		if pair.new == c.Certificate.New && certificate == nil {
			certificate = to
		}
	}
	if certificate == nil && len(p.Files) > 0 {
		return nil, nil, usagef(useCutover, "cannot let old and new overlap: none of the files is to hold %s", c.Certificate.New)
	}
	return changes, certificate, nil
}

func (in *inputs) changeTo(path string, p pair, to *cert.File, from []*cert.File) verify.Change {
	change := verify.Change{Path: path, New: to.Bytes()}
	expect := func(d verify.Digests) {
		if d.MD5 != "" && d.SHA256 != to.SHA256 && !slices.Contains(change.Old, d) {
			change.Old = append(change.Old, d)
		}
	}
	for _, f := range from {
		expect(digestsOf(f))
	}
	for _, d := range in.former[p.new] {
		expect(d)
	}
	return change
}

// readLast reads, of each certificate that is kept, the one before.
func (in *inputs) readLast() error {
	in.last = map[string]*cert.File{}
	for _, location := range in.news {
		former, err := in.kept.formerCertificates(location)
		if err != nil {
			return err
		}
		if len(former) > 0 {
			in.last[location] = former[0]
		}
	}
	return nil
}

// knownByTags refuses an image whose tags say that it holds a certificate that
// is neither old nor new: it may be what the master presents, and would be lost.
func knownByTags(image cloud.Image, changes []verify.Change) error {
	md5 := image.Tags[cloud.TagCertMD5]
	if md5 == "" {
		return nil
	}
	for _, c := range changes {
		if md5 == verify.Of(c.New).MD5 || slices.Contains(c.OldMD5(), md5) {
			return nil
		}
	}
	return usagef("add that certificate to certificate.old, or "+useCutover,
		"cannot let old and new overlap on %s: its tags say that it holds a certificate (md5 %s) that is neither", image.ID, md5)
}

// afterOverlap lets a cutover replace old and new in one file on an image whose
// tags say that it holds them: then an overlap was begun and is cut short.
func (in *inputs) afterOverlap(c *config.Config, p config.Platform, changes []verify.Change, image cloud.Image) {
	for i, f := range p.Files {
		known, err := in.pinned(pairOf(c, f))
		if err != nil || known.both == nil || image.Tags[cloud.TagCertMD5] != known.both.MD5 {
			continue
		}
		if both := digestsOf(known.both); !slices.Contains(changes[i].Old, both) {
			changes[i].Old = append(changes[i].Old, both)
		}
	}
}

// overlapProblems tells, before hosts are given both in one file, what is odd
// about that file.
func (in *inputs) overlapProblems(c *config.Config, stage rotate.Stage) []rotate.Problem {
	known, err := in.pinned(pair{c.Certificate.Old, c.Certificate.New})
	if err != nil || stage != rotate.StageIntroduce {
		return nil
	}
	var problems []rotate.Problem
	for _, p := range known.problems {
		if p.Code == cert.CodeExpired {
			p.Hint = "nobody accepts it any more, so an overlap gains nothing: " + useCutover
		}
		problems = append(problems, problemOf(p))
	}
	return problems
}

// fleetLook is what plan and rotate look with: by tags alone.
func (r *rotation) fleetLook() (*rotate.FleetLook, error) {
	known, err := r.inputs.pinned(pair{r.config.Certificate.Old, r.config.Certificate.New})
	if err != nil {
		return nil, err
	}
	return &rotate.FleetLook{Static: r.static.unprobed(r.config), StaticProbe: r.static.probe(r.config), Reader: r.cloud, Pins: known.pins(), Overlap: true, Switches: r.master != nil,
		Endpoint: masterEndpoint(r.config, r.dialer, known, r.now)}, nil
}

// lookAtFleet finds out, before a plan is made, which stage the overlap is at.
func (r *rotation) lookAtFleet(ctx context.Context) error {
	look, err := r.fleetLook()
	if err != nil {
		return err
	}
	r.fleet, err = look.At(ctx, r.inputs.list)
	return err
}

// stage finds out the same once the list may have been rewritten and the static
// hosts patched.
func (r *rotation) stage(ctx context.Context) (rotate.Progress, error) {
	look, err := r.fleetLook()
	if err != nil {
		return rotate.Progress{}, err
	}
	data, err := r.store.Read(ctx)
	if err != nil {
		return rotate.Progress{}, err
	}
	list, err := parseList(r.config.SlaveList, data)
	if err != nil {
		return rotate.Progress{}, err
	}
	fleet, err := look.At(ctx, list)
	if err != nil {
		return rotate.Progress{}, err
	}
	return *fleet.Overlap, nil
}
