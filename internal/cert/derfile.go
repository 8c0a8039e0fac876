package cert

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// readDER reads data without PEM blocks: certificates one behind the other, or
// a key.
func (f *File) readDER(data []byte) (*File, error) {
	f.DER = true
	if data[0] != 0x30 {
		return nil, notPEM(f.Name, data)
	}
	if signer, err := parseKeyDER("", data); err == nil {
		f.Keys = []*Key{{name: f.Name, Encoding: derKeyEncoding(data), signer: signer}}
		return f, nil
	}
	if e := container(f.Name, data); e != nil {
		return nil, e
	}
	for rest := data; len(rest) > 0; {
		c, behind, err := parseCertificate(rest)
		if err != nil {
			return nil, derError(f, err, rest)
		}
		f.Certificates = append(f.Certificates, c)
		rest = behind
	}
	return f, nil
}

func derKeyEncoding(der []byte) string {
	if pkcs8Algorithm(der) != "" {
		return "PKCS#8"
	}
	body, version := cryptobyte.String(der), 0
	if body.ReadASN1(&body, cbasn1.SEQUENCE) && body.ReadASN1Integer(&version) && version == 1 && body.PeekASN1Tag(cbasn1.OCTET_STRING) {
		return "SEC1"
	}
	return "PKCS#1"
}

// derError tells a damaged certificate from bytes that were never one.
func derError(f *File, err error, rest []byte) *Error {
	e := &Error{Name: f.Name, Kind: KindBroken, Reason: err.Error(), Remedy: hintCopyAgain, Err: err}
	if len(f.Certificates) > 0 {
		e.Reason = fmt.Sprintf("%d bytes behind the last certificate are none: %s", len(rest), err)
		return e
	}
	if strings.HasPrefix(err.Error(), "not a certificate") {
		return notPEM(f.Name, rest)
	}
	return e
}

// container refuses formats that hold certificates but are not read.
func container(name string, data []byte) *Error {
	body := cryptobyte.String(data)
	var version int
	if !body.ReadASN1(&body, cbasn1.SEQUENCE) {
		return nil
	}
	if rest := body; rest.ReadASN1Integer(&version) {
		if version == 3 && rest.PeekASN1Tag(cbasn1.SEQUENCE) {
			return &Error{Name: name, Kind: KindUnsupported, Reason: "it is a PKCS#12 file", Remedy: "take the certificate out: openssl pkcs12 -in FILE -nokeys -out cert.pem"}
		}
		return &Error{Name: name, Kind: KindUnsupported, Reason: "it is a key in DER of a sort that is not read", Remedy: "convert it: openssl pkey -inform DER -in FILE -out key.pem (RSA, ECDSA and Ed25519 keys are read)"}
	}
	if bytes.HasPrefix(body, []byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")) {
		return pkcs7(name)
	}
	if encryptedPKCS8(body) {
		return &Error{Name: name, Kind: KindUnsupported, Reason: "it is an encrypted key in DER", Remedy: "convert it: openssl pkcs8 -inform DER -in FILE -topk8 -v2 aes-256-cbc -out key.pem"}
	}
	return nil
}

// encryptedPKCS8 recognises a sequence of algorithm and octets, nothing else.
func encryptedPKCS8(body cryptobyte.String) bool {
	return body.SkipASN1(cbasn1.SEQUENCE) && body.SkipASN1(cbasn1.OCTET_STRING) && body.Empty()
}

func pkcs7(name string) *Error {
	return &Error{Name: name, Kind: KindUnsupported, Reason: "it is a PKCS#7 file", Remedy: "take the certificates out: openssl pkcs7 -print_certs -in FILE -out cert.pem (-inform DER if it is binary)"}
}

func notPEM(name string, data []byte) *Error {
	e := &Error{Name: name, Kind: KindNotPEM, Reason: "it is neither PEM nor DER: no line begins with " + beginMark, Remedy: "name a file with -----BEGIN CERTIFICATE----- in it"}
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xed, 0xfe, 0xed}):
		e.Kind, e.Reason, e.Remedy = KindUnsupported, "it is a Java key store", "take the certificate out: keytool -exportcert -rfc -keystore FILE -alias NAME"
	case bytes.HasPrefix(data, []byte("ssh-")) || bytes.HasPrefix(data, []byte("ecdsa-sha2-")):
		e.Reason = "it is an SSH public key, not a certificate"
	case bytes.HasPrefix(data, []byte("MII")):
		e.Reason, e.Remedy = "it is base64 without the BEGIN and END lines", "put -----BEGIN CERTIFICATE----- before it and -----END CERTIFICATE----- behind it"
	case bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(data)), []byte("<")):
		e.Reason = "it is HTML or XML: a web page was saved in its place"
	}
	return e
}

// noCertificate is the error for blocks of which none is of use.
func noCertificate(f *File) *Error {
	labels := strings.Join(f.Others, ", ")
	e := &Error{Name: f.Name, Kind: KindNoCertificate, Reason: "it holds no certificate but " + shorten(labels), Remedy: "name a file with -----BEGIN CERTIFICATE----- in it"}
	for _, label := range f.Others {
		switch label {
		case "PKCS7":
			return pkcs7(f.Name)
		case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
			e.Reason, e.Remedy = "it holds a certificate request, not a certificate", "have it signed first"
		case "PUBLIC KEY", "RSA PUBLIC KEY":
			e.Reason = "it holds a public key, not a certificate"
		}
	}
	return e
}
