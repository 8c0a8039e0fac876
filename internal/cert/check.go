package cert

import (
	"bytes"
	"fmt"
	"time"
)

// Soon is how long before its end a certificate counts as about to expire.
const Soon = 60 * 24 * time.Hour

// Severity says whether a problem stops a rotation.
type Severity string

// Severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Codes of problems.
const (
	CodeExpired      = "certificate-expired"
	CodeNotYetValid  = "certificate-not-yet-valid"
	CodeNeverValid   = "certificate-never-valid" // ends before it begins
	CodeExpiresSoon  = "certificate-expires-soon"
	CodeSooner       = "certificate-expires-before-old"
	CodeSame         = "certificate-same"
	CodeKeyMismatch  = "key-mismatch"
	CodeKeyLocked    = "key-locked"
	CodeKeyInside    = "key-in-certificate-file"
	CodeWeakSig      = "weak-signature"
	CodeWeakKey      = "weak-key"
	CodeQuirk        = "certificate-unusual"
	CodeSameSubject  = "same-subject"
	CodeNotPEM       = "certificate-not-pem"
	CodeLongLines    = "pem-long-lines"
	CodeStaleInside  = "expired-certificate-inside"
	CodeFutureInside = "future-certificate-inside"
)

// Problem is something wrong with a certificate that is to be handed out.
type Problem struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint"`
}

// CheckNew finds what is wrong with a file that is to replace the old ones on
// hosts. The leaf must be valid now; others in the file, as in a bundle of old
// and new, only warn. key is the file of the certificate's private key, nil if
// it is not at hand.
func CheckNew(file *File, old []*File, key *File, now time.Time) []Problem {
	c := &checker{file: file, leaf: file.Leaf(), now: now}
	if c.leaf == nil {
		c.fail(CodeNotPEM, file.Name+" holds no certificate", "name a file with a certificate in it")
		return c.problems
	}
	c.validity()
	c.others()
	for _, o := range old {
		c.compare(o)
	}
	c.ownKey(key)
	c.strength()
	c.encoding()
	return c.problems
}

type checker struct {
	file     *File
	leaf     *Certificate
	now      time.Time
	problems []Problem
}

func (c *checker) fail(code, message, hint string) {
	c.problems = append(c.problems, Problem{code, SeverityError, message, hint})
}

func (c *checker) warn(code, message, hint string) {
	c.problems = append(c.problems, Problem{code, SeverityWarning, message, hint})
}

func (c *checker) validity() {
	name, leaf := c.file.Name, c.leaf
	left := leaf.NotAfter.Sub(c.now)
	switch {
	case leaf.NotAfter.Before(leaf.NotBefore):
		c.fail(CodeNeverValid, fmt.Sprintf("%s ends on %s, before it begins on %s", name, day(leaf.NotAfter), day(leaf.NotBefore)), "make a new certificate")
	case leaf.Expired(c.now):
		c.fail(CodeExpired, fmt.Sprintf("%s expired on %s", name, day(leaf.NotAfter)), "make a new certificate, and check this computer's clock")
	case leaf.NotYetValid(c.now):
		c.fail(CodeNotYetValid, fmt.Sprintf("%s is valid only from %s", name, leaf.NotBefore.Format(time.RFC3339)), "wait until then, or check this computer's clock")
	case left < Soon:
		c.warn(CodeExpiresSoon, fmt.Sprintf("%s expires on %s, in %d days", name, day(leaf.NotAfter), leaf.DaysLeft(c.now)), "make one that lasts longer before handing it out")
	}
}

func (c *checker) others() {
	for i, other := range c.file.Certificates {
		for _, before := range c.file.Certificates[:i] {
			if bytes.Equal(before.Subject.Raw, other.Subject.Raw) && !bytes.Equal(before.Raw, other.Raw) {
				c.warn(CodeSameSubject, fmt.Sprintf("%s holds two certificates of the subject %s", c.file.Name, other.Subject), hintSameSubject)
			}
		}
		switch {
		case other == c.leaf:
		case other.Expired(c.now):
			c.warn(CodeStaleInside, fmt.Sprintf("%s also holds %s, which expired on %s", c.file.Name, other.Subject, day(other.NotAfter)), "leave it out once no host presents it")
		case other.NotYetValid(c.now):
			c.warn(CodeFutureInside, fmt.Sprintf("%s also holds %s, which is valid only from %s", c.file.Name, other.Subject, day(other.NotBefore)), "hand it out when it is valid")
		}
	}
}

const hintSameSubject = "stunnel before 5.01 compares only one of them: give the new certificate a subject of its own, or update stunnel first"

func (c *checker) compare(old *File) {
	if c.file.SHA256 == old.SHA256 {
		c.fail(CodeSame, fmt.Sprintf("%s is the same as the old one, %s (md5 %s)", c.file.Name, old.Name, old.MD5), "name the new certificate as new")
		return
	}
	oldLeaf := old.Leaf()
	if oldLeaf == nil {
		return
	}
	if bytes.Equal(c.leaf.Raw, oldLeaf.Raw) && len(c.file.Certificates) == 1 {
		c.fail(CodeSame, fmt.Sprintf("%s holds the same certificate as the old one, %s, only written differently", c.file.Name, old.Name), "name the new certificate as new")
		return
	}
	if c.leaf.NotAfter.Before(oldLeaf.NotAfter) && !oldLeaf.Expired(c.now) {
		c.warn(CodeSooner, fmt.Sprintf("%s ends on %s, before the old one, %s, on %s", c.file.Name, day(c.leaf.NotAfter), old.Name, day(oldLeaf.NotAfter)), "check that old and new are not mixed up")
	}
}

func (c *checker) ownKey(key *File) {
	if len(c.file.Keys) > 0 {
		c.fail(CodeKeyInside, fmt.Sprintf("%s also holds a private key (line %d), which would be copied to every host and stay in its image", c.file.Name, c.file.Keys[0].Line),
			"put the certificate into a file of its own: openssl x509 -in FILE -out cert.pem")
	}
	if key == nil {
		return
	}
	locked := false
	for _, k := range key.Keys {
		if k.Matches(c.leaf) {
			return
		}
		locked = locked || k.Locked()
	}
	if locked {
		c.warn(CodeKeyLocked, fmt.Sprintf("cannot tell whether the key in %s is that of %s: it has a passphrase", key.Name, c.file.Name), hintPassphrase)
		return
	}
	c.fail(CodeKeyMismatch, fmt.Sprintf("the key in %s is not that of %s", key.Name, c.file.Name), "name the key that the certificate was made with; the server would not start with this one")
}

func (c *checker) strength() {
	if hash := c.leaf.WeakSignature(); hash != "" {
		c.warn(CodeWeakSig, fmt.Sprintf("%s is signed with %s", c.file.Name, hash), "current OpenSSL refuses it unless it is trusted directly: sign with SHA-256")
	}
	if k := c.leaf.Key; (k.Type == "RSA" || k.Type == "RSA-PSS" || k.Type == "DSA") && k.Bits < 2048 {
		c.warn(CodeWeakKey, fmt.Sprintf("the key of %s has %d bits", c.file.Name, k.Bits), "current OpenSSL wants 2048 bits at least")
	}
	if c.leaf.Quirk != "" {
		c.warn(CodeQuirk, fmt.Sprintf("%s is not read by every program: %s", c.file.Name, c.leaf.Quirk), "make a new certificate if hosts run anything written in Go")
	}
}

func (c *checker) encoding() {
	if c.file.DER {
		c.fail(CodeNotPEM, c.file.Name+" is DER, and stunnel and Docker read PEM", "convert it: openssl x509 -inform DER -in FILE -out cert.pem")
	}
	if c.file.LongLine > 64 {
		c.warn(CodeLongLines, fmt.Sprintf("%s has base64 lines of %d characters, and OpenSSL before 1.1 reads no more than 64", c.file.Name, c.file.LongLine), "write it anew: openssl x509 -in FILE -out cert.pem")
	}
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

// Expired tells whether the validity has ended. Its last second still counts
// (RFC 5280, 4.1.2.5).
func (c *Certificate) Expired(now time.Time) bool { return now.After(c.NotAfter) }

// NotYetValid tells whether the validity has not begun.
func (c *Certificate) NotYetValid(now time.Time) bool { return now.Before(c.NotBefore) }

// DaysLeft returns the whole days until the end, negative after it: -1 from its
// first second to the end of the first day.
func (c *Certificate) DaysLeft(now time.Time) int {
	const secondsADay = 24 * 60 * 60
	left := c.NotAfter.Unix() - now.Unix() // a Duration ends at 292 years
	if now.Nanosecond() > 0 {
		left--
	}
	if left < 0 {
		return int((left - secondsADay + 1) / secondsADay)
	}
	return int(left / secondsADay)
}
