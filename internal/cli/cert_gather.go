package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/remote"
)

// gathering collects what is known of every certificate of a configuration. One
// that cannot be read is an error in errs; the others are gathered all the same.
type gathering struct {
	g           *globals
	config      *config.Config
	now         time.Time
	renewBefore time.Duration
	passphrase  []byte

	infos []cert.Info // all that was found, also what stands beside a certificate
	rows  []row       // what is judged
	errs  []error
}

func (g *globals) newGathering(c *config.Config) (*gathering, error) {
	passphrase, err := g.passphrase(c)
	if err != nil {
		return nil, err
	}
	before := c.Certificate.RenewBefore
	if before == 0 {
		before = keep.DefaultRenewBefore
	}
	return &gathering{g: g, config: c, now: g.Now(), renewBefore: before, passphrase: passphrase}, nil
}

func (a *gathering) fail(source, kind string, err error) {
	if !strings.HasPrefix(err.Error(), "cannot ") {
		err = fmt.Errorf("cannot read %s: %w", source, err)
	}
	a.errs = append(a.errs, err)
	a.rows = append(a.rows, row{Source: source, Kind: kind, State: stateUnreadable, Reason: err.Error()})
}

// all gathers from everywhere. The certificates that hosts hold no more, those
// under old, are not in use and not looked at.
func (a *gathering) all(ctx context.Context) error {
	kept, err := a.kept(ctx)
	if err != nil {
		return err
	}
	for _, path := range a.paths(kept) {
		a.path(ctx, path)
	}
	a.endpoints(ctx)
	return ctx.Err()
}

// kept gathers what the configuration keeps. It tells whether that is in the
// files new and key.
func (a *gathering) kept(ctx context.Context) (inFiles bool, err error) {
	k, err := a.g.newKeeper(ctx, a.config)
	if errors.Is(err, errNothingKept) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	inFiles = k.file != ""
	snapshot, err := k.store.Load(ctx)
	if err != nil {
		a.fail(k.store.Name(), cert.SourceStore, storeError(err))
		return inFiles, ctx.Err()
	}
	decision, err := keep.Decide(a.now, snapshot.Items, k.policy)
	if err != nil {
		a.fail(k.store.Name(), cert.SourceStore, err)
		return inFiles, nil
	}
	infos, _ := k.inspect(snapshot.Items, a.now) // what is unreadable is due
	a.infos = append(a.infos, infos...)
	a.judgeItems(k, infos, decision)
	return inFiles, nil
}

// judgeItems makes a row of each certificate that is kept. Others may stand
// beside it: an authority that is still trusted, a chain.
func (a *gathering) judgeItems(k *keeper, infos []cert.Info, decision keep.Decision) {
	for _, item := range k.policy.Items() {
		if keep.IsKey(item) {
			continue
		}
		source := k.source(item)
		r := row{Source: source, Kind: cert.SourceStore, State: stateMissing}
		for _, i := range infos {
			own := i.KeyMatches != nil && *i.KeyMatches
			if i.Source == source && (own || r.NotAfter == nil) {
				r = a.judge(i)
			}
		}
		if n := slices.Index(decision.Make, item); n >= 0 {
			r.Reason = decision.Reasons[n]
			if r.State == stateOK {
				r.State = stateDue
			}
		}
		a.rows = append(a.rows, r)
	}
}

// paths are the files that the configuration names, but for those that it keeps.
func (a *gathering) paths(kept bool) []string {
	var paths []string
	add := func(path string) {
		isKept := kept && path == a.config.Certificate.New
		isKept = isKept || strings.HasPrefix(path, config.StorePrefix)
		if path != "" && !isKept && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	add(a.config.Certificate.New)
	for _, f := range a.config.AllFiles() {
		add(f.New)
	}
	for _, path := range a.config.Certificate.Check.Files {
		add(path)
	}
	return paths
}

func (a *gathering) path(ctx context.Context, path string) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		file, err := cert.LoadAny(path)
		a.found(cert.Found{Path: path, File: file, Err: err})
		return
	}
	found, err := cert.Folder(ctx, path)
	if err != nil {
		a.fail(path, cert.SourceFile, err)
		return
	}
	for _, f := range found {
		a.found(f)
	}
}

func (a *gathering) found(f cert.Found) {
	if f.Err != nil {
		a.fail(f.Path, cert.SourceFile, f.Err)
		return
	}
	if len(f.File.Certificates) == 0 {
		return // a key
	}
	a.file(f.File, cert.Inspect(f.File, a.keyOf(f.File), a.now))
}

// keyOf returns the configured key if the file is the configured certificate.
func (a *gathering) keyOf(f *cert.File) *cert.File {
	if a.config.Certificate.Key == "" || f.Name != a.config.Certificate.New {
		return nil
	}
	key, err := readPrivateKey(a.config.Certificate.Key, a.passphrase)
	if err != nil {
		a.errs = append(a.errs, err)
		return nil
	}
	return key
}

// file judges by the certificate that lasts longest of those that signed no
// other: a bundle of old and new is good while the new one is.
func (a *gathering) file(f *cert.File, infos []cert.Info) {
	a.infos = append(a.infos, infos...)
	best := -1
	for i, c := range f.Certificates {
		signed := slices.ContainsFunc(f.Certificates, func(o *cert.Certificate) bool { return o != c && o.SignedBy(c) })
		if !signed && (best < 0 || c.NotAfter.After(f.Certificates[best].NotAfter)) {
			best = i
		}
	}
	a.rows = append(a.rows, a.judge(infos[max(best, 0)]))
}

func (a *gathering) endpoints(ctx context.Context) {
	endpoints := a.config.Certificate.Check.Endpoints
	if len(endpoints) == 0 {
		return
	}
	dialer := a.g.endpointDialer(a.config)
	defer func() { _ = dialer.Close() }()
	for _, e := range endpoints {
		a.endpoint(ctx, dialer, e)
	}
}

func (a *gathering) endpoint(ctx context.Context, dialer *remote.Dialer, e config.Endpoint) {
	file, err := readEndpoint(ctx, dialer, e)
	if err != nil {
		a.fail(e.Address, cert.SourceEndpoint, err)
		return
	}
	infos := cert.Inspect(file, nil, a.now)
	a.infos = append(a.infos, infos...)
	a.rows = append(a.rows, a.judge(infos[0])) // the leaf comes first
}

// images gathers from the tags of the list's images. An image without them was
// not made by amirotate: what it holds is not known.
func (a *gathering) images(ctx context.Context) {
	if a.config.SlaveList == "" {
		return
	}
	list, err := a.g.readList(ctx, a.config)
	if err == nil {
		err = needHosts(a.config, list)
	}
	if err != nil {
		a.fail(filepath.Base(a.config.SlaveList), cert.SourceImage, err)
		return
	}
	if len(list.Images()) == 0 {
		return
	}
	client, err := a.g.newEC2(ctx, a.config)
	if err != nil {
		a.fail("images", cert.SourceImage, err)
		return
	}
	images, err := client.Images(ctx, list.Images())
	if err != nil {
		a.fail("images", cert.SourceImage, err)
		return
	}
	for _, id := range list.Images() {
		n := slices.IndexFunc(images, func(i cloud.Image) bool { return i.ID == id })
		if n < 0 {
			a.fail(id, cert.SourceImage, fmt.Errorf("cannot look at image %s: there is no such image", id))
			continue
		}
		a.image(images[n])
	}
}

func (a *gathering) image(image cloud.Image) {
	end, err := time.Parse(time.RFC3339, image.Tags[cloud.TagCertNotAfter])
	if err != nil {
		a.rows = append(a.rows, row{Source: image.ID, Kind: cert.SourceImage, Name: image.Name, State: stateUnknown, Reason: "it bears no " + cloud.TagCertNotAfter + " tag"})
		return
	}
	info := cert.Info{Source: image.ID, SourceKind: cert.SourceImage, NotAfter: end}
	r := a.judge(info)
	r.Name = image.Name
	a.infos, a.rows = append(a.infos, info), append(a.rows, r)
}
