package cert

import (
	"errors"
	"fmt"
)

// Kind says what is wrong with a file.
type Kind string

// Kinds of errors.
const (
	KindMissing       Kind = "missing"        // no such file
	KindUnreadable    Kind = "unreadable"     // permission denied, I/O error
	KindDirectory     Kind = "directory"      // a directory where a file is expected
	KindTooBig        Kind = "too-big"        // more than MaxSize bytes
	KindEmpty         Kind = "empty"          // no bytes, or only white space
	KindNotPEM        Kind = "not-pem"        // neither PEM nor DER
	KindBroken        Kind = "broken"         // a block that is cut short or damaged; Line tells where
	KindNoCertificate Kind = "no-certificate" // blocks, but no certificate among them
	KindKeyInstead    Kind = "key-instead"    // a private key where a certificate is expected
	KindNoKey         Kind = "no-key"         // no private key where one is expected
	KindUnsupported   Kind = "unsupported"    // well-formed, of a sort that is not read (PKCS#12, DSA keys …)
	KindPassphrase    Kind = "passphrase"     // the key is encrypted: no passphrase, or a wrong one
)

// Error is a file, or a part of it, that cannot be read.
type Error struct {
	Name   string // the file, or where the bytes came from
	Kind   Kind
	Line   int    // 1-based line of the block or of the damage; 0 if it has none (DER, whole file)
	Reason string // what was found
	Remedy string // what to do about it, "" if there is nothing to say
	Err    error  // the cause, for errors.Is
}

// Error reads "cannot read NAME: line N: reason".
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("cannot read %s: line %d: %s", e.Name, e.Line, e.Reason)
	}
	return fmt.Sprintf("cannot read %s: %s", e.Name, e.Reason)
}

func (e *Error) Unwrap() error { return e.Err }

// Hint returns the remedy, which is printed on a line of its own below the error.
func (e *Error) Hint() string { return e.Remedy }

// KindOf returns the kind of an error of this package, "" for any other.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
