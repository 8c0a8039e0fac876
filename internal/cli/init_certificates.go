package cli

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/config"
)

// candidate is a certificate file that lies about.
type candidate struct {
	path string
	file *cert.File
	leaf *cert.Certificate
}

// lyingAbout reads the certificates and keys beside the configuration and here.
func (s *survey) lyingAbout() (certificates, keys []candidate) {
	for _, path := range s.pemFiles() {
		file, err := cert.LoadAny(path)
		if err != nil {
			continue
		}
		if leaf := file.Leaf(); leaf != nil {
			certificates = append(certificates, candidate{path, file, leaf})
		} else if file.Key() != nil {
			keys = append(keys, candidate{path: path, file: file})
		}
	}
	return certificates, keys
}

func (s *survey) pemFiles() []string {
	var paths []string
	for _, dir := range slices.Compact([]string{s.base, s.g.Dir}) {
		for _, pattern := range []string{"*.pem", "*.crt", "*.cer", "*.key"} {
			found, _ := filepath.Glob(filepath.Join(dir, pattern))
			for _, path := range found {
				if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() <= cert.MaxSize {
					paths = append(paths, path)
				}
			}
		}
	}
	return paths
}

// fromCertificates finds old and new among the files that lie about: old is
// what the endpoint presents, or has expired, or is named so; new is valid and
// another. What several files might be is left to the reader.
func (s *survey) fromCertificates() {
	certificates, keys := s.lyingAbout()
	now := s.g.Now()
	if !s.draft.Has("certificate.old") {
		s.choose("certificate.old", certificates, func(c candidate) int {
			return points(c.leaf.Expired(now), 2) + points(named(c, "old"), 1)
		})
	}
	old := s.leafOf(certificates, "certificate.old")
	if !s.draft.Has("certificate.new") {
		s.choose("certificate.new", certificates, func(c candidate) int {
			if c.leaf.Expired(now) || c.leaf.NotYetValid(now) || old != nil && c.leaf.FingerprintSHA256() == old.FingerprintSHA256() {
				return 0
			}
			return 1 + points(named(c, "new"), 2) + points(old != nil && c.leaf.Subject.String() == old.Subject.String(), 1)
		})
	}
	s.findKey(keys, s.leafOf(certificates, "certificate.new"))
}

func points(when bool, n int) int {
	if when {
		return n
	}
	return 0
}

func named(c candidate, word string) bool {
	return strings.Contains(strings.ToLower(filepath.Base(c.path)), word)
}

// choose sets a key to the one candidate with most points.
func (s *survey) choose(path string, candidates []candidate, score func(candidate) int) {
	best, most := []candidate(nil), 1
	for _, c := range candidates {
		switch n := score(c); {
		case n > most:
			best, most = []candidate{c}, n
		case n == most:
			best = append(best, c)
		}
	}
	if len(best) == 1 {
		s.set(path, s.describe(best[0]), s.local(best[0].path))
		return
	}
	var names []string
	for _, c := range best {
		names = append(names, s.shown(c.path))
	}
	if len(names) > 1 {
		s.draft.Suggest(path, "one of "+some(names)+"?", "")
	}
}

// describe says what a certificate is in a few words.
func (s *survey) describe(c candidate) string {
	verb := "valid until"
	if c.leaf.Expired(s.g.Now()) {
		verb = "expired"
	}
	return fmt.Sprintf("%s, %s %s", c.leaf.Subject.String(), verb, c.leaf.NotAfter.UTC().Format("2006-01-02"))
}

// leafOf is the certificate that a key of the draft names, nil if it is not known.
func (s *survey) leafOf(known []candidate, path string) *cert.Certificate {
	if path == "certificate.old" && s.endpoint != nil {
		return s.endpoint.Leaf()
	}
	name := s.draft.First(path)
	for _, c := range known {
		if name != "" && c.path == s.resolved(name) {
			return c.leaf
		}
	}
	if name == "" || isURL(name) {
		return nil
	}
	if file, err := cert.LoadAny(s.resolved(name)); err == nil {
		return file.Leaf()
	}
	return nil
}

func (s *survey) findKey(keys []candidate, leaf *cert.Certificate) {
	if leaf == nil {
		return
	}
	for _, k := range keys {
		if slices.ContainsFunc(k.file.Keys, func(key *cert.Key) bool { return key.Matches(leaf) }) {
			s.set("certificate.key", "the key of the new certificate", s.local(k.path))
		}
	}
}

// fromEndpoint takes the old certificate from a TLS server: the file here that
// holds it, or else one that is to be written.
func (s *survey) fromEndpoint(ctx context.Context, address string) error {
	if address == "" || s.draft.Has("certificate.old") {
		return nil
	}
	c := config.New(s.g.Getenv)
	dialer := s.g.endpointDialer(c)
	defer func() { _ = dialer.Close() }()
	file, err := readEndpoint(ctx, dialer, config.Endpoint{Address: address})
	if err != nil {
		return err
	}
	s.endpoint = file
	certificates, _ := s.lyingAbout()
	for _, have := range certificates {
		if have.leaf.FingerprintSHA256() == file.Leaf().FingerprintSHA256() {
			s.set("certificate.old", address+" presents it", s.local(have.path))
			return nil
		}
	}
	s.presented = cert.EncodeCertificates(file.Leaf())
	s.presentedPath = s.freeName(address)
	s.set("certificate.old", "as "+address+" presents it; hosts must hold the same bytes", s.local(s.presentedPath))
	return nil
}

// freeName is where the endpoint's certificate is written: never over a file.
func (s *survey) freeName(address string) string {
	path := filepath.Join(s.base, "old-cert.pem")
	if _, err := os.Lstat(path); err == nil {
		host, _, _ := net.SplitHostPort(address)
		path = filepath.Join(s.base, "old-cert-"+strings.ReplaceAll(host, ":", "-")+".pem")
	}
	return path
}

// save writes the endpoint's certificate, if no file here holds it.
func (s *survey) save() error {
	if s.presented == nil {
		return nil
	}
	return writeNew(s.presentedPath, s.presented, false)
}
