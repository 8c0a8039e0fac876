package cert

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Where a certificate was found.
const (
	SourceFile     = "file"
	SourceEndpoint = "endpoint"
	SourceStore    = "store"
	SourceImage    = "image" // an AMI's tags, which tell the end alone
)

// Status of a certificate at a time.
const (
	StatusValid       = "valid"
	StatusExpired     = "expired"
	StatusNotYetValid = "not-yet-valid"
)

// Who signed a certificate, as far as its source tells.
const (
	SelfSigned  = "self-signed"
	Chained     = "chained"      // its issuer stands in the same source
	IssuerApart = "issuer-apart" // signed by a certificate that does not
)

// Info is what there is to say of one certificate. Its strings are those of
// `openssl x509`.
type Info struct {
	Source             string    `json:"source"`      // path, host:port or name of a store
	SourceKind         string    `json:"source_kind"` // file, endpoint, store or image
	Line               int       `json:"line,omitempty"`
	Subject            string    `json:"subject"`
	Issuer             string    `json:"issuer"`
	Serial             string    `json:"serial"` // upper-case hexadecimal
	NotBefore          time.Time `json:"not_before"`
	NotAfter           time.Time `json:"not_after"`
	DaysLeft           int       `json:"days_left"` // whole days; negative when expired
	Status             string    `json:"status"`    // valid, expired or not-yet-valid
	Version            int       `json:"version"`
	KeyType            string    `json:"key_type"` // RSA, ECDSA …
	KeyBits            int       `json:"key_bits"`
	KeyCurve           string    `json:"key_curve,omitempty"`
	SignatureAlgorithm string    `json:"signature_algorithm"`
	WeakSignature      string    `json:"weak_signature,omitempty"` // MD5, SHA-1 …
	Names              []string  `json:"names"`                    // subject alternative names: DNS:…, IP Address:…
	CA                 bool      `json:"ca"`
	SignedBy           string    `json:"signed_by"` // self-signed, chained or issuer-apart
	FileMD5            string    `json:"file_md5,omitempty"`
	FileSHA256         string    `json:"file_sha256,omitempty"`
	FingerprintSHA1    string    `json:"fingerprint_sha1"` // AB:CD:…
	FingerprintSHA256  string    `json:"fingerprint_sha256"`
	KeySource          string    `json:"key_source,omitempty"` // where the private key was looked for
	HasPassphrase      *bool     `json:"has_passphrase"`       // null without a key
	KeyMatches         *bool     `json:"key_matches"`          // null without a key, or while it is locked
	Quirk              string    `json:"quirk,omitempty"`

	SubjectName Name `json:"-"`
	IssuerName  Name `json:"-"`
}

// Inspect describes each certificate of a file. key is the file of the private
// key that belongs to its leaf; nil to look in the file itself.
func Inspect(file *File, key *File, now time.Time) []Info {
	if key == nil && len(file.Keys) > 0 {
		key = file
	}
	leaf := file.Leaf()
	infos := make([]Info, 0, len(file.Certificates))
	for _, c := range file.Certificates {
		info := describe(c, now)
		info.Source, info.SourceKind = file.Name, file.kind()
		info.FileMD5, info.FileSHA256 = file.MD5, file.SHA256
		info.SignedBy = file.whoSigned(c)
		if key != nil && c == leaf {
			info.addKey(c, key)
		}
		infos = append(infos, info)
	}
	return infos
}

func (f *File) kind() string {
	if f.Kind == "" {
		return SourceFile
	}
	return f.Kind
}

func describe(c *Certificate, now time.Time) Info {
	info := Info{
		Line: c.Line, Subject: c.Subject.String(), Issuer: c.Issuer.String(), SubjectName: c.Subject, IssuerName: c.Issuer,
		Serial: SerialHex(c.Serial), NotBefore: c.NotBefore, NotAfter: c.NotAfter,
		DaysLeft: c.DaysLeft(now), Status: StatusValid, Version: c.Version,
		KeyType: c.Key.Type, KeyBits: c.Key.Bits, KeyCurve: c.Key.Curve,
		SignatureAlgorithm: c.SignatureAlgorithm, WeakSignature: c.WeakSignature(),
		Names: c.Names(), Quirk: c.Quirk,
		FingerprintSHA1: c.FingerprintSHA1(), FingerprintSHA256: c.FingerprintSHA256(),
	}
	switch {
	case c.Expired(now):
		info.Status = StatusExpired
	case c.NotYetValid(now):
		info.Status = StatusNotYetValid
	}
	if x := c.extensions(); x != nil {
		info.CA = x.BasicConstraintsValid && x.IsCA
	}
	return info
}

func (f *File) whoSigned(c *Certificate) string {
	if c.SelfSigned() {
		return SelfSigned
	}
	for _, other := range f.Certificates {
		if other != c && c.SignedBy(other) {
			return Chained
		}
	}
	return IssuerApart
}

// addKey takes the key that matches, else the first.
func (i *Info) addKey(c *Certificate, key *File) {
	k := key.Key()
	for _, other := range key.Keys {
		if other.Matches(c) {
			k = other
		}
	}
	if k == nil {
		return
	}
	i.KeySource, i.HasPassphrase = key.Name, &k.Encrypted
	if !k.Locked() {
		matches := k.Matches(c)
		i.KeyMatches = &matches
	}
}

// Names returns the subject alternative names as OpenSSL writes them; none
// where crypto/x509 refuses the extensions.
func (c *Certificate) Names() []string {
	names := []string{}
	x := c.extensions()
	if x == nil {
		return names
	}
	for _, n := range x.DNSNames {
		names = append(names, "DNS:"+n)
	}
	for _, ip := range x.IPAddresses {
		names = append(names, "IP Address:"+ip.String())
	}
	for _, m := range x.EmailAddresses {
		names = append(names, "email:"+m)
	}
	for _, u := range x.URIs {
		names = append(names, "URI:"+u.String())
	}
	return names
}

// SerialHex writes a serial number as `openssl x509 -serial` does: -01, 0F, A9DD.
func SerialHex(n *big.Int) string {
	digits := fmt.Sprintf("%X", new(big.Int).Abs(n))
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	if n.Sign() < 0 {
		return "-" + digits
	}
	return digits
}

// FingerprintSHA1 returns AB:CD:…, the digest of the DER.
func (c *Certificate) FingerprintSHA1() string {
	sum := sha1.Sum(c.Raw)
	return colons(sum[:])
}

// FingerprintSHA256 returns AB:CD:…, the digest of the DER.
func (c *Certificate) FingerprintSHA256() string {
	sum := sha256.Sum256(c.Raw)
	return colons(sum[:])
}

func colons(b []byte) string {
	pairs := make([]string, len(b))
	for i, c := range b {
		pairs[i] = fmt.Sprintf("%02X", c)
	}
	return strings.Join(pairs, ":")
}
