package keep

import (
	"errors"
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/issue"
)

// Defaults of a Policy.
const (
	DefaultRenewBefore = cert.Soon
	DefaultValidity    = 3650 * 24 * time.Hour
)

// Policy says what is to be kept and how it is made when it is due. Only
// RenewBefore has a part in deciding; all the rest is for making.
type Policy struct {
	RenewBefore time.Duration // due when no more than this is left; 0 is the default, 60 days
	Validity    time.Duration // of what is made; 0 is the default, 3650 days
	KeyType     issue.KeyType // "" is that of the old key, else RSA 2048
	Passphrase  []byte        // opens the keys that are there, and protects those that are made; empty for none

	// CA is the authority of a set; nil for one self-signed certificate.
	CA *Subject
	// Leaves are the certificates: exactly one, without a name, if it is
	// self-signed.
	Leaves []Leaf
}

// Subject says whom a certificate names.
type Subject struct {
	Name  string   // as issue.ParseSubject reads it; "" is the old one's
	Names []string // alternative names, as issue.ParseNames reads them; none are the old one's, else the common name if it is a host's
}

// Leaf is a certificate of a set.
type Leaf struct {
	Name string // "server" has the items server-cert and server-key; "" has cert and key
	Subject
	Usage issue.Usage
}

// SelfSigned is the policy for one self-signed certificate.
func SelfSigned(subject Subject) Policy {
	return Policy{Leaves: []Leaf{{Subject: subject}}}
}

// Set is the policy for an authority and the leaves below it.
func Set(ca Subject, leaves ...Leaf) Policy { return Policy{CA: &ca, Leaves: leaves} }

func (l Leaf) certItem() string { return prefixed(l.Name, Cert) }
func (l Leaf) keyItem() string  { return prefixed(l.Name, Key) }

// title names the leaf in messages.
func (l Leaf) title() string {
	if l.Name == "" {
		return "the certificate"
	}
	return "the " + l.Name + " certificate"
}

func prefixed(name, item string) string {
	if name == "" {
		return item
	}
	return name + "-" + item
}

// Items returns the names of all items that the policy keeps.
func (p Policy) Items() []string {
	var items []string
	if p.CA != nil {
		items = append(items, CACert, CAKey)
	}
	for _, l := range p.Leaves {
		items = append(items, l.certItem(), l.keyItem())
	}
	return items
}

// withDefaults also refuses a policy that cannot be carried out.
func (p Policy) withDefaults() (Policy, error) {
	if p.RenewBefore == 0 {
		p.RenewBefore = DefaultRenewBefore
	}
	if p.Validity == 0 {
		p.Validity = DefaultValidity
	}
	if p.RenewBefore < 0 || p.Validity <= p.RenewBefore {
		return p, fmt.Errorf("cannot keep certificates that are valid for %s and due %s before their end: each would be due as soon as it is made", p.Validity, p.RenewBefore)
	}
	if p.KeyType != "" {
		if _, err := issue.ParseKeyType(string(p.KeyType)); err != nil {
			return p, err
		}
	}
	if p.CA == nil && (len(p.Leaves) != 1 || p.Leaves[0].Name != "") {
		return p, errors.New("cannot keep a set of certificates without an authority")
	}
	seen := map[string]bool{}
	for _, l := range p.Leaves {
		if seen[l.Name] || l.Name == "ca" {
			return p, fmt.Errorf("cannot keep two certificates named %q", l.Name)
		}
		seen[l.Name] = true
	}
	if len(p.Leaves) == 0 {
		return p, errors.New("cannot keep an authority without certificates below it")
	}
	return p, nil
}
