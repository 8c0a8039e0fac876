package keep

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/issue"
)

// made are the items after the making, and what is worth saying of it.
type made struct {
	items Items
	notes []string
}

// make returns items with everything that is due made anew.
func (s *state) make(items Items) (*made, error) {
	m := &made{items: maps.Clone(items)}
	if m.items == nil {
		m.items = Items{}
	}
	if s.ca == nil {
		return m, s.makeSelfSigned(m)
	}
	a, err := s.authority(m)
	if err != nil {
		return nil, err
	}
	for i, l := range s.policy.Leaves {
		if s.leaves[i].defect == "" {
			continue
		}
		if err := s.makeLeaf(m, a, l, s.leaves[i]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (s *state) makeSelfSigned(m *made) error {
	old, leaf := s.leaves[0], s.policy.Leaves[0]
	spec, err := s.spec(leaf.Subject, old)
	if err != nil {
		return err
	}
	key, err := s.newKey(m, old)
	if err != nil {
		return err
	}
	der, err := issue.SelfSigned(spec, key, s.now)
	if err != nil {
		return err
	}
	return m.put(old.certItem, der)
}

// signer is the authority that signs leaves, and the certificates that go along
// with them.
type signer struct {
	issue.Authority
	beside []*cert.Certificate
}

// authority returns the one that is there, or makes one.
func (s *state) authority(m *made) (*signer, error) {
	if s.ca.defect != "" {
		return s.makeAuthority(m)
	}
	if s.ca.cert.X509 == nil {
		return nil, fmt.Errorf("cannot sign with the authority %s: %s", s.ca.cert.Subject, s.ca.cert.Quirk)
	}
	key, err := s.ca.key.Signer()
	if err != nil {
		return nil, err
	}
	return &signer{Authority: issue.Authority{Certificate: s.ca.cert.X509, Key: key}, beside: s.crossed()}, nil
}

// crossed are the authority's certificates that an older one signed. They stand
// behind the leaves until they end.
func (s *state) crossed() []*cert.Certificate {
	var found []*cert.Certificate
	for _, leaf := range s.leaves {
		if leaf.file == nil {
			continue
		}
		for _, c := range leaf.file.Certificates {
			ours := bytes.Equal(c.Key.Raw, s.ca.cert.Key.Raw) && bytes.Equal(c.Subject.Raw, s.ca.cert.Subject.Raw)
			if ours && !bytes.Equal(c.Raw, s.ca.cert.Raw) && !c.Expired(s.now) && !contains(found, c) {
				found = append(found, c)
			}
		}
	}
	return found
}

func (s *state) makeAuthority(m *made) (*signer, error) {
	spec, err := s.spec(*s.policy.CA, s.ca)
	if err != nil {
		return nil, err
	}
	spec.Names = issue.Names{}
	old := s.stillTrusted()
	for _, c := range old {
		if bytes.Equal(c.Subject.Raw, spec.Subject) {
			if spec.Subject, err = issue.Distinct(spec.Subject, s.now); err != nil {
				return nil, err
			}
		}
	}
	key, err := s.newKey(m, s.ca)
	if err != nil {
		return nil, err
	}
	der, err := issue.CA(spec, key, s.now)
	if err != nil {
		return nil, err
	}
	if err := m.put(CACert, der, old...); err != nil {
		return nil, err
	}
	ca, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("cannot read the new authority: %w", err)
	}
	return &signer{Authority: issue.Authority{Certificate: ca, Key: key}, beside: s.cross(m, ca)}, nil
}

// stillTrusted are the old authorities that go into the bundle.
func (s *state) stillTrusted() []*cert.Certificate {
	var found []*cert.Certificate
	if s.ca.file == nil {
		return nil
	}
	for _, c := range s.ca.file.Certificates {
		if !c.Expired(s.now) && !contains(found, c) {
			found = append(found, c)
		}
	}
	return found
}

// cross has the old authority sign the new one, where that helps.
func (s *state) cross(m *made, ca *x509.Certificate) []*cert.Certificate {
	old := s.ca.cert
	if old == nil || old.Expired(s.now) {
		return nil
	}
	der, err := s.crossSign(ca)
	if err != nil {
		m.note("who knows the old authority alone will not accept the new certificates: %s", err)
		return nil
	}
	c, err := cert.ParseCertificate(der)
	if err != nil {
		m.note("who knows the old authority alone will not accept the new certificates: %s", err)
		return nil
	}
	return []*cert.Certificate{c}
}

func (s *state) crossSign(ca *x509.Certificate) ([]byte, error) {
	old := s.ca.cert
	if s.ca.key == nil || !s.ca.key.Matches(old) || old.X509 == nil {
		return nil, errors.New("cannot sign the new authority by the old one: its key is not at hand")
	}
	key, err := s.ca.key.Signer()
	if err != nil {
		return nil, err
	}
	return issue.Cross(ca, issue.Authority{Certificate: old.X509, Key: key}, s.now)
}

func (s *state) makeLeaf(m *made, a *signer, leaf Leaf, old *pair) error {
	spec, err := s.spec(leaf.Subject, old)
	if err != nil {
		return err
	}
	spec.Usage = leaf.Usage
	key, err := s.newKey(m, old)
	if err != nil {
		return err
	}
	der, err := issue.Leaf(spec, key.Public(), a.Authority, s.now)
	if err != nil {
		return err
	}
	return m.put(old.certItem, der, a.beside...)
}

// newKey makes a key and puts it among the items.
func (s *state) newKey(m *made, old *pair) (crypto.Signer, error) {
	key, err := issue.NewKey(s.keyType(old))
	if err != nil {
		return nil, err
	}
	text, err := issue.EncodeKey(key, s.policy.Passphrase)
	if err != nil {
		return nil, err
	}
	m.items[old.keyItem] = text
	return key, nil
}

// put writes the certificate and those beside it.
func (m *made) put(item string, der []byte, beside ...*cert.Certificate) error {
	c, err := cert.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("cannot read what was made: %w", err)
	}
	m.items[item] = cert.EncodeCertificates(append([]*cert.Certificate{c}, beside...)...)
	return nil
}

func (m *made) note(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

func contains(list []*cert.Certificate, c *cert.Certificate) bool {
	for _, other := range list {
		if bytes.Equal(other.Raw, c.Raw) {
			return true
		}
	}
	return false
}
