package config

import (
	"fmt"
	"net"
	"regexp"
)

// checkCertificate looks at how certificates are kept.
func (d *decoder) checkCertificate(c *Certificate) {
	d.checkStore(&c.Store)
	d.checkLeaves(c)
	if c.Validity > 0 && c.Validity <= c.RenewBefore {
		d.refuse("certificate.validity", "certificate.validity is no longer than renew_before: each certificate would be due as soon as it is made", "raise validity or lower renew_before")
	}
	if c.Passphrase.EC2 != "" {
		d.refuse("certificate.passphrase", "certificate.passphrase can't be in EC2's password data", "name where it is found: {env: NAME} or {file: PATH}")
	}
	for i, e := range c.Check.Endpoints {
		at := fmt.Sprintf("certificate.check.endpoints[%d]", i)
		if e.Address == "" {
			d.missing(at, "address", at+" has no address", "give it one: - address: host:port")
		} else if host, port, err := net.SplitHostPort(e.Address); err != nil || host == "" || port == "" {
			d.refuse(at+".address", fmt.Sprintf("%.80q is not host:port", e.Address), "name the port too, an IPv6 address in brackets")
		}
	}
}

func (d *decoder) checkStore(s *Store) {
	const at = "certificate.store"
	switch {
	case s.Folder != "" && s.SSM != "":
		d.refuse(at, at+" names two places", "leave folder or ssm")
	case s.SSM == "" && (s.Region != "" || s.KMSKey != ""):
		d.refuse(at, "region and kms_key in "+at+" belong to ssm", "set ssm, or leave them out")
	case s.Folder == "" && s.SSM == "" && d.lines[at].line > 0:
		d.missing(at, "folder", at+" names no place", "set folder or ssm")
	}
}

var leafName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

func (d *decoder) checkLeaves(c *Certificate) {
	const key = "certificate."
	if c.Kind != KindSet {
		for _, name := range []string{"authority", "leaves"} {
			if d.lines[key+name].line > 0 {
				d.refuse(key+name, key+name+" is for a set", "set kind: set, or leave it out")
			}
		}
		return
	}
	if c.Leaves != nil && (c.Subject != "" || c.Names != nil) {
		d.refuse(key+"leaves", "certificate.subject and names are for a set without leaves", "move them into a leaf")
	}
	seen := map[string]bool{}
	for i, l := range c.Leaves {
		at := fmt.Sprintf("certificate.leaves[%d]", i)
		switch {
		case seen[l.Name]:
			d.refuse(at, fmt.Sprintf("two leaves are named %q", l.Name), "give each a name of its own")
		case l.Name != "" && (!leafName.MatchString(l.Name) || l.Name == "ca"):
			d.refuse(at+".name", fmt.Sprintf("%.40q can't name a leaf", l.Name), "use lower-case letters, digits and -; ca is the authority's")
		}
		seen[l.Name] = true
	}
}
