package cert

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Name is a distinguished name.
type Name struct {
	Raw  []byte // DER; equal bytes are the same name
	RDNs [][]Attribute
}

// Attribute is one part of a name.
type Attribute struct {
	OID   asn1.ObjectIdentifier
	Value string
}

// shortNames are OpenSSL's.
func shortName(oid asn1.ObjectIdentifier) string {
	switch oid.String() {
	case "2.5.4.3":
		return "CN"
	case "2.5.4.4":
		return "SN"
	case "2.5.4.5":
		return "serialNumber"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case "2.5.4.9":
		return "street"
	case "2.5.4.10":
		return "O"
	case "2.5.4.11":
		return "OU"
	case "2.5.4.12":
		return "title"
	case "2.5.4.13":
		return "description"
	case "2.5.4.17":
		return "postalCode"
	case "2.5.4.42":
		return "GN"
	case "2.5.4.46":
		return "dnQualifier"
	case "2.5.4.97":
		return "organizationIdentifier"
	case "0.9.2342.19200300.100.1.1":
		return "UID"
	case "0.9.2342.19200300.100.1.25":
		return "DC"
	case "1.2.840.113549.1.9.1":
		return "emailAddress"
	case "1.2.840.113549.1.9.2":
		return "unstructuredName"
	}
	return oid.String()
}

// String reads "O=Rust Project, OU=Bot, CN=bot.rust-lang.org", in the
// certificate's order, as `openssl x509 -subject` prints it since OpenSSL 3.2
// (before: -nameopt oneline,-space_eq,-esc_msb).
func (n Name) String() string {
	rdns := make([]string, len(n.RDNs))
	for i, rdn := range n.RDNs {
		parts := make([]string, len(rdn))
		for j, a := range rdn {
			parts[j] = shortName(a.OID) + "=" + quoteValue(a.Value)
		}
		rdns[i] = strings.Join(parts, " + ")
	}
	return strings.Join(rdns, ", ")
}

// Part returns the last value of that short name (CN, O …), "" if there is none.
func (n Name) Part(short string) string {
	value := ""
	for _, rdn := range n.RDNs {
		for _, a := range rdn {
			if shortName(a.OID) == short {
				value = a.Value
			}
		}
	}
	return value
}

// quoteValue quotes what RFC 2253 would escape, and shows control characters as
// \XX, so that a name can't play tricks on a terminal.
func quoteValue(v string) string {
	var b strings.Builder
	for _, r := range v {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, "\\%02X", r)
		case r > 0x7f && !unicode.IsGraphic(r):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "\\%02X", c)
			}
		default:
			b.WriteRune(r)
		}
	}
	if strings.ContainsAny(v, `,+<>;`) || strings.HasPrefix(v, "#") || strings.HasPrefix(v, " ") || strings.HasSuffix(v, " ") {
		return `"` + b.String() + `"`
	}
	return b.String()
}

func parseName(raw cryptobyte.String) (Name, error) {
	n := Name{Raw: []byte(raw)}
	var rdns cryptobyte.String
	if !raw.ReadASN1(&rdns, cbasn1.SEQUENCE) {
		return n, errors.New("no distinguished name")
	}
	for !rdns.Empty() {
		rdn, err := parseRDN(&rdns)
		if err != nil {
			return n, err
		}
		n.RDNs = append(n.RDNs, rdn)
	}
	return n, nil
}

func parseRDN(rdns *cryptobyte.String) ([]Attribute, error) {
	var set cryptobyte.String
	if !rdns.ReadASN1(&set, cbasn1.SET) {
		return nil, errors.New("a part of the name is no set")
	}
	var rdn []Attribute
	for !set.Empty() {
		var pair, value cryptobyte.String
		var a Attribute
		var tag cbasn1.Tag
		if !set.ReadASN1(&pair, cbasn1.SEQUENCE) || !pair.ReadASN1ObjectIdentifier(&a.OID) || !pair.ReadAnyASN1(&value, &tag) {
			return nil, errors.New("a part of the name is no pair of type and value")
		}
		a.Value = stringValue(tag, value)
		rdn = append(rdn, a)
	}
	return rdn, nil
}

// stringValue never fails: what a tag does not allow, old authorities wrote all
// the same. Bytes of 8-bit strings that are not UTF-8 are read as Latin-1.
func stringValue(tag cbasn1.Tag, b []byte) string {
	switch {
	case tag == cbasn1.Tag(asn1.TagBMPString) && len(b)%2 == 0:
		units := make([]uint16, 0, len(b)/2)
		for i := 0; i < len(b); i += 2 {
			units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
		}
		return string(utf16.Decode(units))
	case tag != cbasn1.T61String && utf8.Valid(b):
		return string(b)
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}
