package cli

import (
	"context"
	"slices"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/slavelist"
	"github.com/amirotate/amirotate/internal/verify"
)

// inputs are the files that a rotation reads: the list and the certificates.
type inputs struct {
	list     *slavelist.List
	notAfter time.Time // of the new certificate
	files    map[string]*cert.File
	news     []string // those of files that are to be put in place
	problems []rotate.Problem
	kept     *keptItems
	former   map[string][]verify.Digests // what stood in place of each of news before
	last     map[string]*cert.File       // of news that are kept, the certificates before them; with strategy overlap
	now      time.Time
}

// readInputs reads them all, and reports every certificate's problems.
func (g *globals) readInputs(ctx context.Context, c *config.Config) (*inputs, error) {
	return g.readInputsWith(ctx, c, g.keptOf(ctx, c))
}

func (g *globals) keptOf(ctx context.Context, c *config.Config) *keptItems {
	return &keptItems{load: func() (keep.Store, keep.Items, error) { return g.loadKept(ctx, c) }}
}

func (g *globals) readInputsWith(ctx context.Context, c *config.Config, kept *keptItems) (*inputs, error) {
	in := &inputs{files: map[string]*cert.File{}, kept: kept, now: g.Now()}
	list, err := g.readList(ctx, c)
	if err == nil {
		err = needHosts(c, list)
	}
	if err != nil {
		return nil, err
	}
	in.list = list
	in.warnings()
	key, err := g.readKey(c)
	if err != nil {
		return nil, err
	}
	for _, pair := range filePairs(c) {
		if err := in.readPair(pair, g.Now(), key, pair.new == c.Certificate.New); err != nil {
			return nil, err
		}
	}
	in.checkKeys()
	if c.Kept() {
		if in.former, err = in.kept.formerContents(in.news); err != nil {
			return nil, err
		}
	}
	if c.Overlaps() {
		return in, in.checkOverlap(c)
	}
	return in, nil
}

func (g *globals) readKey(c *config.Config) (*cert.File, error) {
	if c.Certificate.Key == "" {
		return nil, nil
	}
	return cert.LoadKey(c.Certificate.Key)
}

func (in *inputs) warnings() {
	for _, w := range in.list.Warnings() {
		in.problems = append(in.problems, rotate.Problem{Code: "list", Severity: rotate.Warning, Message: w.String()})
	}
}

// pair is old and new of a file to replace.
type pair struct {
	old []string
	new string
}

// filePairs are the configuration's own pair, and those of files that have one
// of their own.
func filePairs(c *config.Config) []pair {
	var pairs []pair
	if c.Certificate.New != "" && len(c.Certificate.Old) > 0 {
		pairs = append(pairs, pair{c.Certificate.Old, c.Certificate.New})
	}
	for _, f := range c.AllFiles() {
		own := pairOf(c, f)
		same := func(p pair) bool { return p.new == own.new && slices.Equal(p.old, own.old) }
		if !slices.ContainsFunc(pairs, same) {
			pairs = append(pairs, own)
		}
	}
	return pairs
}

func pairOf(c *config.Config, f config.File) pair {
	p := pair{f.Old, f.New}
	if len(p.old) == 0 {
		p.old = c.Certificate.Old
	}
	if p.new == "" {
		p.new = c.Certificate.New
	}
	return p
}

func (in *inputs) readPair(p pair, now time.Time, key *cert.File, main bool) error {
	if !main {
		key = nil
	}
	new, err := in.read(p.new, main)
	if err != nil {
		return err
	}
	in.news = append(in.news, p.new)
	var old []*cert.File
	for _, path := range p.old {
		f, err := in.read(path, main)
		if err != nil {
			return err
		}
		if f.Leaf() != nil {
			old = append(old, f)
		}
	}
	leaf := new.Leaf()
	if leaf == nil {
		return nil // a key, see checkKeys
	}
	if main || in.notAfter.IsZero() {
		in.notAfter = leaf.NotAfter
	}
	in.report(cert.CheckNew(new, old, key, now))
	return nil
}

func (in *inputs) report(problems []cert.Problem) {
	for _, p := range problems {
		in.problems = append(in.problems, problemOf(p))
	}
}

// problemOf makes a problem of a plan of one that a certificate has.
func problemOf(p cert.Problem) rotate.Problem {
	return rotate.Problem{Code: p.Code, Severity: rotate.Severity(p.Severity), Message: p.Message, Hint: p.Hint}
}

// checkKeys makes sure that a key which is put in place belongs to a certificate
// that is. One with a passphrase cannot be compared.
func (in *inputs) checkKeys() {
	certificates := in.certificates()
	for _, path := range in.news {
		f := in.files[path]
		if f.Leaf() != nil || f.Key() == nil || f.Key().Locked() || slices.ContainsFunc(certificates, f.Key().Matches) {
			continue
		}
		in.report([]cert.Problem{{Code: cert.CodeKeyMismatch, Severity: cert.SeverityError,
			Message: path + " is the key of none of the certificates that are put in place",
			Hint:    "name the key that was made with the certificate"}})
	}
}

func (in *inputs) certificates() []*cert.Certificate {
	var all []*cert.Certificate
	for _, path := range in.news {
		all = append(all, in.files[path].Certificates...)
	}
	return all
}

// read reads a file, or an item of the store. mustCertify says that it has to
// hold a certificate.
func (in *inputs) read(location string, mustCertify bool) (*cert.File, error) {
	if f := in.files[location]; f != nil {
		return f, nil
	}
	f, err := in.kept.read(location, mustCertify)
	if err != nil {
		return nil, err
	}
	in.files[location] = f
	return f, nil
}

// changes are what a platform's files are to become.
func (in *inputs) changes(c *config.Config, p config.Platform) []verify.Change {
	var changes []verify.Change
	for _, f := range p.Files {
		pair := pairOf(c, f)
		change := verify.Change{Path: f.Path, New: in.files[pair.new].Bytes()}
		for _, path := range pair.old {
			old := in.files[path]
			change.Old = append(change.Old, digestsOf(old))
		}
		change.Old = append(change.Old, in.former[pair.new]...)
		changes = append(changes, change)
	}
	return changes
}

// certificateOf is what the tags of an image say that it holds: the first
// certificate among the files, since a key's digest is nobody's business. Nil if
// there is none.
func (in *inputs) certificateOf(c *config.Config, p config.Platform) *cert.File {
	for _, f := range p.Files {
		if file := in.files[pairOf(c, f).new]; file.Leaf() != nil {
			return file
		}
	}
	return nil
}

func digestsOf(f *cert.File) verify.Digests {
	if f == nil {
		return verify.Digests{}
	}
	return verify.Digests{MD5: f.MD5, SHA256: f.SHA256}
}

func pinsOf(f *cert.File) []string {
	if f == nil {
		return nil
	}
	return f.Pins()
}
