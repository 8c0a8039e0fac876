package winhost

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Message encryption over HTTP from the server's side: what NTLM's session key
// gives (MS-NLMP 3.4, with extended session security and 128 bits), in the
// wrapping of MS-WSMV 2.2.9.1.

const (
	sealedProtocol = "application/HTTP-SPNEGO-session-encrypted"
	sealedBoundary = "--Encrypted Boundary"
	soapType       = "application/soap+xml;charset=UTF-8"
	octetType      = "\tContent-Type: application/octet-stream\r\n"
)

var errUnsealed = errors.New("the message is not encrypted as it should be")

// sealing encrypts one connection's messages; its server's requests come one
// after the other.
type sealing struct{ in, out direction }

// direction is one way of a session.
type direction struct {
	signing  []byte
	cipher   *rc4.Cipher
	sequence uint32
}

// newSealing returns nil if the client did not agree to all that it takes.
func newSealing(key []byte, flags uint32) *sealing {
	const needed = flagSign | flagSeal | flagExtendedSession | flag128 | flagKeyExchange
	if flags&needed != needed {
		return nil
	}
	return &sealing{in: newDirection(key, "client-to-server"), out: newDirection(key, "server-to-client")}
}

func newDirection(key []byte, way string) direction {
	derive := func(use string) []byte {
		sum := md5.Sum(append(bytes.Clone(key), "session key to "+way+" "+use+" key magic constant\x00"...))
		return sum[:]
	}
	cipher, _ := rc4.NewCipher(derive("sealing")) // a key of 16 bytes is always taken
	return direction{signing: derive("signing"), cipher: cipher}
}

// signature signs a message; the cipher must stand behind the message itself.
func (d *direction) signature(plain []byte) []byte {
	number := binary.LittleEndian.AppendUint32(nil, d.sequence)
	d.sequence++
	sum := hmacMD5(d.signing, number, plain)[:8]
	d.cipher.XORKeyStream(sum, sum)
	s := binary.LittleEndian.AppendUint32(nil, 1)
	return append(append(s, sum...), number...)
}

// open decrypts a request's body.
func (s *sealing) open(contentType string, body []byte) ([]byte, error) {
	if !strings.HasPrefix(contentType, "multipart/encrypted") || !strings.Contains(contentType, sealedProtocol) {
		return nil, errUnsealed
	}
	_, part, ok := bytes.Cut(body, []byte(octetType))
	part, ended := bytes.CutSuffix(part, []byte(sealedBoundary+"--\r\n"))
	const head = 4 + 16
	if !ok || !ended || len(part) < head || binary.LittleEndian.Uint32(part) != 16 {
		return nil, errUnsealed
	}
	plain := make([]byte, len(part)-head)
	s.in.cipher.XORKeyStream(plain, part[head:])
	if !hmac.Equal(s.in.signature(plain), part[4:head]) {
		return nil, errUnsealed
	}
	return plain, nil
}

// seal encrypts an answer.
func (s *sealing) seal(plain []byte) []byte {
	data := make([]byte, len(plain))
	s.out.cipher.XORKeyStream(data, plain)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=%s;Length=%d\r\n%s\r\n%s",
		sealedBoundary, sealedProtocol, soapType, len(plain), sealedBoundary, octetType)
	b.Write([]byte{16, 0, 0, 0})
	b.Write(s.out.signature(plain))
	b.Write(data)
	b.WriteString(sealedBoundary + "--\r\n")
	return b.Bytes()
}

// reply writes an answer as the connection asks for it: over HTTP encrypted.
func (l *login) reply(w http.ResponseWriter, status int, message []byte) {
	contentType := soapType
	if l.sealing != nil {
		message = l.sealing.seal(message)
		contentType = `multipart/encrypted;protocol="` + sealedProtocol + `";boundary="Encrypted Boundary"`
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", fmt.Sprint(len(message)))
	w.WriteHeader(status)
	_, _ = w.Write(message) // a client that hung up
}
