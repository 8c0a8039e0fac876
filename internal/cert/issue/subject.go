package issue

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// attributes are the parts of a subject that can be written in configuration.
func attribute(short string) (asn1.ObjectIdentifier, bool) {
	switch strings.ToUpper(short) {
	case "CN":
		return asn1.ObjectIdentifier{2, 5, 4, 3}, true
	case "C":
		return asn1.ObjectIdentifier{2, 5, 4, 6}, true
	case "L":
		return asn1.ObjectIdentifier{2, 5, 4, 7}, true
	case "ST":
		return asn1.ObjectIdentifier{2, 5, 4, 8}, true
	case "O":
		return asn1.ObjectIdentifier{2, 5, 4, 10}, true
	case "OU":
		return asn1.ObjectIdentifier{2, 5, 4, 11}, true
	case "EMAILADDRESS":
		return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, true
	}
	return nil, false
}

// ParseSubject reads "O=Rust Project, CN=bot.rust-lang.org", in the order of
// the certificate, or OpenSSL's "/O=Rust Project/CN=bot.rust-lang.org", to DER.
// A separator inside a value is written \, or \/.
func ParseSubject(s string) ([]byte, error) {
	separator := ','
	if strings.HasPrefix(s, "/") {
		separator, s = '/', s[1:]
	}
	var rdns pkix.RDNSequence
	for _, part := range splitEscaped(s, separator) {
		short, value, ok := strings.Cut(part, "=")
		oid, known := attribute(strings.TrimSpace(short))
		value = strings.TrimSpace(value)
		if !ok || !known || value == "" {
			return nil, fmt.Errorf("cannot read subject %q: %q is not one of C, ST, L, O, OU, CN and emailAddress with a value", s, part)
		}
		var v any = value
		switch {
		case oid.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}):
			v = asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte(value)}
		case oid.Equal(asn1.ObjectIdentifier{2, 5, 4, 6}):
			v = asn1.RawValue{Tag: asn1.TagPrintableString, Bytes: []byte(value)}
		}
		rdns = append(rdns, pkix.RelativeDistinguishedNameSET{{Type: oid, Value: v}})
	}
	return asn1.Marshal(rdns)
}

// Distinct returns a subject that differs from the given one by the date in its
// common name: "docker CA" becomes "docker CA 2026-11-22", and a date from an
// earlier time is exchanged. Old and new authorities need names of their own to
// be told apart in a bundle.
func Distinct(subject []byte, now time.Time) ([]byte, error) {
	for _, layout := range []string{"2006-01-02", "2006-01-02T150405Z"} {
		renamed, err := rename(subject, now.UTC().Format(layout))
		if err != nil || !bytes.Equal(renamed, subject) {
			return renamed, err
		}
	}
	return nil, fmt.Errorf("cannot find another name for a subject of %s", now.UTC().Format(time.RFC3339))
}

func rename(subject []byte, suffix string) ([]byte, error) {
	var rdns pkix.RDNSequence
	if rest, err := asn1.Unmarshal(subject, &rdns); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("cannot rename a subject: %w", errors.Join(err, errors.New("it is no distinguished name")))
	}
	dated := regexp.MustCompile(` \d{4}-\d{2}-\d{2}(T\d{6}Z)?$`)
	oid, _ := attribute("CN")
	for _, rdn := range rdns {
		for i := range rdn {
			if value, ok := rdn[i].Value.(string); ok && rdn[i].Type.Equal(oid) {
				rdn[i].Value = dated.ReplaceAllString(value, "") + " " + suffix
				return asn1.Marshal(rdns)
			}
		}
	}
	rdns = append(rdns, pkix.RelativeDistinguishedNameSET{{Type: oid, Value: suffix}})
	return asn1.Marshal(rdns)
}

func splitEscaped(s string, separator rune) []string {
	parts, current, escaped := []string{}, strings.Builder{}, false
	for _, r := range s {
		switch {
		case escaped:
			current.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == separator:
			parts = append(parts, current.String())
			current.Reset()
		default:
			current.WriteRune(r)
		}
	}
	return append(parts, current.String())
}

// Names are subject alternative names.
type Names struct {
	DNS    []string
	IPs    []net.IP
	Emails []string
	URIs   []*url.URL
}

// Empty tells whether there are none.
func (n Names) Empty() bool { return len(n.DNS)+len(n.IPs)+len(n.Emails)+len(n.URIs) == 0 }

// ParseNames sorts names as they stand in configuration: bot.example.org,
// *.example.org, 10.0.0.1, ops@example.org, spiffe://….
func ParseNames(texts []string) (Names, error) {
	var n Names
	for _, s := range texts {
		if ip := net.ParseIP(s); ip != nil {
			n.IPs = append(n.IPs, ip)
			continue
		}
		if u, err := url.Parse(s); err == nil && u.Scheme != "" && strings.Contains(s, "://") {
			n.URIs = append(n.URIs, u)
			continue
		}
		if address, err := mail.ParseAddress(s); err == nil && address.Address == s {
			n.Emails = append(n.Emails, s)
			continue
		}
		if !IsHostname(s) {
			return n, fmt.Errorf("cannot read name %q: it is no host name, IP address, e-mail address or URI", s)
		}
		n.DNS = append(n.DNS, s)
	}
	return n, nil
}

// IsHostname tells whether s can be a DNS name, with a wildcard or without.
func IsHostname(s string) bool {
	pattern := regexp.MustCompile(`^(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)
	return len(s) <= 253 && pattern.MatchString(s)
}

// CommonName returns the last common name of a subject in DER, "" if it has none.
func CommonName(subject []byte) string {
	var rdns pkix.RDNSequence
	if _, err := asn1.Unmarshal(subject, &rdns); err != nil {
		return ""
	}
	var n pkix.Name
	n.FillFromRDNSequence(&rdns)
	return n.CommonName
}
