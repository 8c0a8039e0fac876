// Package cert reads certificates and keys as they are found on real disks and
// says what is wrong with them: PEM with text around its blocks, CRLF, DER,
// PKCS#1, PKCS#8 and SEC1 keys, with or without a passphrase, certificates of
// the last century.
//
// What it cannot read it refuses with an *Error that names the line, the reason
// and a remedy. It reads more than crypto/x509 does (negative serials, unknown
// curves, signatures with MD5), since a certificate that is to be replaced is
// often one that nobody would make today; Certificate.Quirk tells of it.
//
// Private keys are kept, never printed: neither File nor Key shows key material
// through package fmt or encoding/json.
//
// The packages below make certificates (issue), decide when they are due and
// replace them (keep), hold them in a folder (store), and tell people and
// monitors when they end (remind, metrics).
package cert
