package keep

import (
	"fmt"

	"github.com/amirotate/amirotate/internal/cert/issue"
)

// spec is what is to be made in place of old: the policy's words first, then
// what the old certificate says.
func (s *state) spec(want Subject, old *pair) (issue.Spec, error) {
	spec := issue.Spec{Validity: s.policy.Validity}
	var err error
	switch {
	case want.Name != "":
		if spec.Subject, err = issue.ParseSubject(want.Name); err != nil {
			return spec, err
		}
	case old.cert != nil && len(old.cert.Subject.RDNs) > 0:
		spec.Subject = old.cert.Subject.Raw
	default:
		return spec, fmt.Errorf("cannot make %s: there is no old one to take the subject from, and none is configured", old.title)
	}
	spec.Names, err = s.names(want, old, spec.Subject)
	return spec, err
}

func (s *state) names(want Subject, old *pair, subject []byte) (issue.Names, error) {
	if len(want.Names) > 0 {
		return issue.ParseNames(want.Names)
	}
	if old.cert != nil && old.cert.X509 != nil {
		x := old.cert.X509
		names := issue.Names{DNS: x.DNSNames, IPs: x.IPAddresses, Emails: x.EmailAddresses, URIs: x.URIs}
		if !names.Empty() {
			return names, nil
		}
	}
	if cn := issue.CommonName(subject); issue.IsHostname(cn) {
		return issue.Names{DNS: []string{cn}}, nil
	}
	return issue.Names{}, nil
}

func (s *state) keyType(old *pair) issue.KeyType {
	switch {
	case s.policy.KeyType != "":
		return s.policy.KeyType
	case old.cert != nil && old.cert.X509 != nil:
		return issue.KeyTypeOf(old.cert.X509.PublicKey)
	}
	return issue.RSA2048
}
