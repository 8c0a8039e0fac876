package keep

import (
	"fmt"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
)

// pair is a certificate, its key and what is wrong with them.
type pair struct {
	title             string
	certItem, keyItem string
	file              *cert.File        // nil if the certificate is missing or unreadable
	cert              *cert.Certificate // the one of the key, else the file's leaf
	key               *cert.Key         // nil if it is missing or unreadable
	defect            string            // why it has to be made anew; "" if it is good
}

// readPair fails where nothing can be said of what is there.
func readPair(items Items, title, certItem, keyItem string, passphrase []byte) (*pair, error) {
	p := &pair{title: title, certItem: certItem, keyItem: keyItem}
	if err := p.readCertificate(items); err != nil {
		return nil, err
	}
	if err := p.readKey(items, passphrase); err != nil {
		return nil, err
	}
	p.choose()
	return p, nil
}

func (p *pair) readCertificate(items Items) error {
	data, ok := items[p.certItem]
	if !ok {
		p.fault("%s is missing", p.title)
		return nil
	}
	file, err := cert.Parse(p.certItem, data)
	if err != nil {
		return p.refuse(err)
	}
	p.file = file
	return nil
}

func (p *pair) readKey(items Items, passphrase []byte) error {
	data, ok := items[p.keyItem]
	if !ok {
		p.fault("the key of %s is missing", p.title)
		return nil
	}
	file, err := cert.ParseKey(p.keyItem, data)
	if err != nil {
		return p.refuse(err)
	}
	if err := file.Unlock(passphrase); err != nil {
		return p.refuse(err)
	}
	p.key = file.Key()
	return nil
}

// refuse turns an unreadable item into a defect, unless it is one that others
// can read: that is no reason to replace it.
func (p *pair) refuse(err error) error {
	switch cert.KindOf(err) {
	case cert.KindPassphrase, cert.KindUnsupported, cert.KindTooBig:
		return fmt.Errorf("cannot judge %s, nothing was made: %w", p.title, err)
	}
	p.fault("%s is unreadable: %s", p.title, err)
	return nil
}

// choose finds the certificate of the key: a bundle holds others too.
func (p *pair) choose() {
	if p.file == nil {
		return
	}
	p.cert = p.file.Leaf()
	if p.key == nil {
		return
	}
	for _, c := range p.file.Certificates {
		if p.key.Matches(c) {
			p.cert = c
			return
		}
	}
	p.fault("the key of %s does not match it", p.title)
}

// judge adds the defect of time. The end of RenewBefore counts as due: what is
// kept is further from its end than that.
func (p *pair) judge(now time.Time, renewBefore time.Duration) {
	if p.defect != "" {
		return
	}
	end := p.cert.NotAfter.UTC()
	switch {
	case p.cert.Expired(now):
		p.fault("%s expired on %s", p.title, end.Format(time.RFC3339))
	case !end.Add(-renewBefore).After(now):
		p.fault("%s ends on %s, in %d days: it is renewed %s before", p.title, end.Format(time.RFC3339), p.cert.DaysLeft(now), days(renewBefore))
	}
}

// fault keeps the first defect.
func (p *pair) fault(format string, args ...any) {
	if p.defect == "" {
		p.defect = fmt.Sprintf(format, args...)
	}
}

func days(d time.Duration) string {
	if day := 24 * time.Hour; d%day == 0 {
		return fmt.Sprintf("%d days", d/day)
	}
	return d.String()
}
