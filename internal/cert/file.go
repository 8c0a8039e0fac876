package cert

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxSize is how many bytes a file may have; the largest bundles of public CAs
// have about 250 kB.
const MaxSize = 4 << 20

// File is what a file of certificates and keys holds, in the file's order.
type File struct {
	Name         string
	Kind         string // SourceEndpoint or SourceStore; "" is a file
	MD5          string // of the bytes, lower-case hexadecimal, as md5sum prints it
	SHA256       string
	DER          bool // not PEM
	Certificates []*Certificate
	Keys         []*Key
	Others       []string // labels of blocks that are neither, such as DH PARAMETERS
	LongLine     int      // characters in the longest base64 line; OpenSSL before 1.1 reads no more than 64

	data []byte
}

// Bytes returns the file's bytes. They may hold a private key.
func (f *File) Bytes() []byte { return f.data }

// Format prints the name for every verb: the bytes may hold a private key.
func (f *File) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, f.Name) }

// Leaf returns the certificate that the file is about: that of its key, else
// the first that signed none of the others, else the first. Nil if there is none.
func (f *File) Leaf() *Certificate {
	for _, k := range f.Keys {
		for _, c := range f.Certificates {
			if k.Matches(c) {
				return c
			}
		}
	}
	for _, c := range f.Certificates {
		if !f.signsAnother(c) {
			return c
		}
	}
	if len(f.Certificates) == 0 {
		return nil
	}
	return f.Certificates[0]
}

func (f *File) signsAnother(c *Certificate) bool {
	for _, other := range f.Certificates {
		if !bytes.Equal(c.Raw, other.Raw) && other.SignedBy(c) {
			return true
		}
	}
	return false
}

// Key returns the first key, nil if there is none.
func (f *File) Key() *Key {
	if len(f.Keys) == 0 {
		return nil
	}
	return f.Keys[0]
}

// Unlock opens every key that has a passphrase.
func (f *File) Unlock(passphrase []byte) error {
	for _, k := range f.Keys {
		if err := k.Unlock(passphrase); err != nil {
			return err
		}
	}
	return nil
}

// Load reads a file that must hold a certificate. Its error is an *Error.
func Load(path string) (*File, error) { return load(path, Parse) }

// LoadKey reads a file that must hold a private key; it may still be locked.
func LoadKey(path string) (*File, error) { return load(path, ParseKey) }

// LoadAny reads a file that holds a certificate, a private key or both.
func LoadAny(path string) (*File, error) { return load(path, ParseAny) }

func load(path string, parse func(string, []byte) (*File, error)) (*File, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, data)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, openError(path, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, &Error{Name: path, Kind: KindDirectory, Reason: "it is a directory", Remedy: "name a file in it"}
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, openError(path, err)
	}
	return data, nil
}

func openError(path string, err error) *Error {
	e := &Error{Name: path, Kind: KindUnreadable, Reason: err.Error(), Err: err}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		e.Reason = pathError.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Kind, e.Reason = KindMissing, "no such file"
	case errors.Is(err, fs.ErrPermission):
		e.Remedy = "run as a user who may read it, or change its mode"
	}
	return e
}

// Parse reads bytes that must hold a certificate; name is for errors.
func Parse(name string, data []byte) (*File, error) {
	f, err := ParseAny(name, data)
	if err != nil {
		return nil, err
	}
	switch {
	case len(f.Certificates) > 0:
		return f, nil
	case len(f.Keys) > 0:
		return nil, &Error{Name: name, Kind: KindKeyInstead, Line: f.Keys[0].Line, Reason: "it holds a private key where a certificate is expected", Remedy: "name the certificate's file; a key must not be handed out to hosts"}
	}
	return nil, noCertificate(f)
}

// ParseKey reads bytes that must hold a private key; it may still be locked.
func ParseKey(name string, data []byte) (*File, error) {
	f, err := ParseAny(name, data)
	if err != nil {
		return nil, err
	}
	if len(f.Keys) == 0 {
		return nil, &Error{Name: name, Kind: KindNoKey, Reason: "it holds no private key", Remedy: "name the key's file"}
	}
	return f, nil
}

// ParseAny reads bytes that hold a certificate, a private key or both, in PEM
// or DER.
func ParseAny(name string, data []byte) (*File, error) {
	if e := unreadable(name, data); e != nil {
		return nil, e
	}
	m, s := md5.Sum(data), sha256.Sum256(data)
	f := &File{Name: name, MD5: hex.EncodeToString(m[:]), SHA256: hex.EncodeToString(s[:]), data: data}
	blocks, fault := scanPEM(data)
	if fault != nil {
		return nil, &Error{Name: name, Kind: KindBroken, Line: fault.line, Reason: fault.reason, Remedy: fault.hint}
	}
	if len(blocks) == 0 {
		return f.readDER(data)
	}
	for _, b := range blocks {
		if e := f.add(b); e != nil {
			return nil, e
		}
	}
	if len(f.Certificates)+len(f.Keys) == 0 {
		return nil, noCertificate(f)
	}
	return f, nil
}

func unreadable(name string, data []byte) *Error {
	reason, hint := badText(data)
	switch {
	case len(data) > MaxSize:
		return &Error{Name: name, Kind: KindTooBig, Reason: fmt.Sprintf("it has more than %d bytes", MaxSize), Remedy: "name a file of certificates"}
	case len(bytes.TrimSpace(data)) == 0:
		return &Error{Name: name, Kind: KindEmpty, Reason: fmt.Sprintf("it is empty (%d bytes)", len(data)), Remedy: hintCopyAgain}
	case reason != "":
		return &Error{Name: name, Kind: KindNotPEM, Reason: reason, Remedy: hint}
	}
	return nil
}

func (f *File) add(b block) *Error {
	f.LongLine = max(f.LongLine, b.longest)
	switch {
	case isKeyLabel(b.label):
		k, e := parseKeyBlock(f.Name, b)
		if e != nil {
			return e
		}
		f.Keys = append(f.Keys, k)
	case b.label == "CERTIFICATE" || b.label == "X509 CERTIFICATE" || b.label == "TRUSTED CERTIFICATE":
		c, rest, err := parseCertificate(b.der)
		if err == nil && len(rest) > 0 && b.label != "TRUSTED CERTIFICATE" {
			err = fmt.Errorf("%d bytes too many behind the certificate", len(rest))
		}
		if err != nil {
			return &Error{Name: f.Name, Kind: KindBroken, Line: b.line, Reason: err.Error(), Remedy: hintCopyAgain, Err: err}
		}
		c.Line = b.line
		f.Certificates = append(f.Certificates, c)
	default:
		f.Others = append(f.Others, b.label)
	}
	return nil
}
