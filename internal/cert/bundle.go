package cert

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"time"
)

// Bundle puts the certificates of several files into one, in their order,
// without duplicates and without keys, so that hosts accept old and new while
// they are exchanged. An expired one is a problem of severity error, and no
// bytes are returned, unless allowExpired: then it is a warning.
func Bundle(files []*File, allowExpired bool, now time.Time) ([]byte, []Problem) {
	b := &bundler{allowExpired: allowExpired, now: now}
	for _, f := range files {
		for _, c := range f.Certificates {
			b.add(f, c)
		}
	}
	if len(b.kept) == 0 {
		b.problem(CodeNotPEM, SeverityError, "there is no certificate to put into the bundle", "name files with certificates in them")
	}
	for _, p := range b.problems {
		if p.Severity == SeverityError {
			return nil, b.problems
		}
	}
	return EncodeCertificates(b.kept...), b.problems
}

// EncodeCertificates writes PEM as OpenSSL does, 64 characters a line.
func EncodeCertificates(certificates ...*Certificate) []byte {
	var out bytes.Buffer
	for _, c := range certificates {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return out.Bytes()
}

type bundler struct {
	allowExpired bool
	now          time.Time
	kept         []*Certificate
	problems     []Problem
}

func (b *bundler) problem(code string, s Severity, message, hint string) {
	b.problems = append(b.problems, Problem{code, s, message, hint})
}

func (b *bundler) add(f *File, c *Certificate) {
	for _, k := range b.kept {
		if bytes.Equal(k.Raw, c.Raw) {
			return
		}
	}
	if c.Expired(b.now) {
		severity := SeverityError
		if b.allowExpired {
			severity = SeverityWarning
		}
		b.problem(CodeExpired, severity, fmt.Sprintf("%s: %s expired on %s", f.Name, c.Subject, day(c.NotAfter)), "leave it out; or say that expired ones may stay")
	}
	if c.NotYetValid(b.now) {
		b.problem(CodeNotYetValid, SeverityWarning, fmt.Sprintf("%s: %s is valid only from %s", f.Name, c.Subject, c.NotBefore.Format(time.RFC3339)), "check this computer's clock")
	}
	for _, k := range b.kept {
		if bytes.Equal(k.Subject.Raw, c.Subject.Raw) {
			b.problem(CodeSameSubject, SeverityWarning, fmt.Sprintf("%s: two certificates have the subject %s", f.Name, c.Subject), hintSameSubject)
			break
		}
	}
	b.kept = append(b.kept, c)
}
