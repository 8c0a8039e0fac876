package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
	"github.com/amirotate/amirotate/internal/verify"
)

// pinned are the certificates that hosts pin: the old ones, the new one, and
// both in one file for the time of the change.
type pinned struct {
	new      *cert.File
	olds     []*cert.File
	both     *cert.File // nil where there is no old one
	problems []cert.Problem
}

// readPinned reads the certificates that the configuration itself names.
func readPinned(c *config.Config, kept *keptItems, now time.Time) (*pinned, error) {
	if c.Certificate.New == "" {
		return nil, usagef("set certificate.new, or use --new-cert", "cannot tell who is behind: no new certificate is given")
	}
	new, err := kept.read(c.Certificate.New, true)
	if err != nil {
		return nil, err
	}
	var olds []*cert.File
	for _, path := range c.Certificate.Old {
		old, err := kept.read(path, true)
		if err != nil {
			return nil, err
		}
		olds = append(olds, old)
	}
	return pin(new, olds, now)
}

// pin makes one file of new and old: the new certificates, then the old ones,
// and nothing else, so that its bytes depend on nothing else.
func pin(new *cert.File, olds []*cert.File, now time.Time) (*pinned, error) {
	p := &pinned{new: new, olds: olds}
	if len(olds) == 0 {
		return p, nil
	}
	const allowExpired = true // a host may pin one that is of no use
	data, problems := cert.Bundle(p.all(), allowExpired, now)
	p.problems = problems
	both, err := cert.Parse("old and new of "+new.Name, data)
	if err != nil {
		return nil, fmt.Errorf("cannot put %s and the old certificates into one file: %w", new.Name, err)
	}
	p.both = both
	return p, nil
}

func (p *pinned) all() []*cert.File { return append([]*cert.File{p.new}, p.olds...) }

// keyed returns the first file that holds a private key, which can't be old and
// new at once; nil if there is none.
func (p *pinned) keyed() *cert.File {
	for _, f := range p.all() {
		if len(f.Keys) > 0 {
			return f
		}
	}
	return nil
}

// pins is what rotate is to know of them.
func (p *pinned) pins() rotate.Pins {
	pins := rotate.Pins{New: p.new.Pins(), Files: map[verify.Digests][]string{}, Read: pinsIn}
	files := p.all()
	if p.both != nil {
		files = append(files, p.both)
	}
	for _, f := range files {
		pins.Files[digestsOf(f)] = f.Pins()
	}
	for _, old := range p.olds {
		pins.Old = append(pins.Old, old.Pins()...)
	}
	return pins
}

// pinsIn reads a file that was found on a host.
func pinsIn(content []byte) (pins []string, notAfter string) {
	f, err := cert.Parse("a host's file", content)
	if err != nil {
		return nil, ""
	}
	return f.Pins(), f.Leaf().NotAfter.UTC().Format(time.RFC3339)
}

// accepting returns the pins of those certificates by which a host accepts a
// master that presents leaf.
func (p *pinned) accepting(leaf *cert.Certificate) []string {
	var pins []string
	for _, f := range p.all() {
		pins = append(pins, f.PinsAccepting(leaf)...)
	}
	return slices.Compact(pins)
}
