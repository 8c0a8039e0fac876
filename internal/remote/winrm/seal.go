package winrm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/bodgit/ntlmssp"
)

// What an encrypted message looks like in HTTP (MS-WSMV 2.2.9.1).
const (
	sealedProtocol = "application/HTTP-SPNEGO-session-encrypted"
	sealedBoundary = "Encrypted Boundary"
	sealedType     = `multipart/encrypted;protocol="` + sealedProtocol + `";boundary="` + sealedBoundary + `"`
	signatureSize  = 16 // bytes (MS-NLMP 2.2.2.9)
)

// Negotiate flags (MS-NLMP 2.2.2.5) without which NTLM's encryption is none, or
// one with a key too short.
const needed = 1<<4 | // sign
	1<<5 | // seal
	1<<19 | // extended session security
	1<<29 | // 128 bits
	1<<30 // a session key of our own

// checkSealing tells whether the server's challenge agrees to encryption.
func checkSealing(challenge []byte) error {
	const flagsAt = 20
	if len(challenge) < flagsAt+4 {
		return kindf(Nonsense, "the server's NTLM challenge is too short")
	}
	if flags := binary.LittleEndian.Uint32(challenge[flagsAt:]); flags&needed != needed {
		return kindf(Unsealed, "the server does not agree to NTLM's message encryption (flags %#x)", flags)
	}
	return nil
}

// seal encrypts a message for the session's next request.
func seal(session *ntlmssp.SecuritySession, message string) ([]byte, error) {
	sealed, signature, err := session.Wrap([]byte(message))
	switch {
	case err != nil:
		return nil, kindf(Unsealed, "the message cannot be encrypted: %w", err)
	case len(signature) != signatureSize:
		return nil, kindf(Unsealed, "the NTLM session signs nothing")
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "--%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=%s;Length=%d\r\n--%s\r\n\tContent-Type: application/octet-stream\r\n",
		sealedBoundary, sealedProtocol, soapType, len(message), sealedBoundary)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(signature))))
	b.Write(signature)
	b.Write(sealed)
	fmt.Fprintf(&b, "--%s--\r\n", sealedBoundary)
	return b.Bytes(), nil
}

// open decrypts an answer and checks its signature. An answer that says anything
// in plain text is an error: whoever wrote it did not prove to be the server.
func open(session *ntlmssp.SecuritySession, h http.Header, body []byte) ([]byte, error) {
	contentType := h.Get("Content-Type")
	if !strings.HasPrefix(contentType, "multipart/encrypted") || !strings.Contains(contentType, sealedProtocol) {
		if len(body) == 0 {
			return nil, nil
		}
		return nil, kindf(Unsealed, "the server answered without encryption (%q)", contentType)
	}
	part, length, err := sealedPart(body)
	if err != nil {
		return nil, err
	}
	plain, err := session.Unwrap(part[4+signatureSize:], part[4:4+signatureSize])
	if err != nil {
		return nil, kindf(Unsealed, "the answer was not encrypted with this session's key: %w", err)
	}
	if len(plain) != length {
		return nil, kindf(Nonsense, "an encrypted answer of %d bytes says that it has %d", len(plain), length)
	}
	return plain, nil
}

var (
	// Some servers put a space before the boundary.
	sealedHead = regexp.MustCompile(`(?i)^\s*--\s*` + sealedBoundary + `\r\n(?:\s*[\w-]+:[^\r\n]*\r\n)+\s*--\s*` + sealedBoundary +
		`\r\n\s*Content-Type:\s*application/octet-stream\r\n`)
	sealedTail   = regexp.MustCompile(`\s*--\s*` + sealedBoundary + `--\s*$`)
	sealedLength = regexp.MustCompile(`(?i);\s*Length=(\d{1,9})`)
)

// sealedPart returns the encrypted part of a message (signature's length,
// signature, data) and how long its plain text says that it is, in bytes.
func sealedPart(body []byte) (part []byte, length int, err error) {
	head := sealedHead.Find(body)
	stated := sealedLength.FindSubmatch(head)
	if head == nil || stated == nil {
		return nil, 0, kindf(Nonsense, "an encrypted answer that cannot be read")
	}
	if length, err = strconv.Atoi(string(stated[1])); err != nil {
		return nil, 0, kindf(Nonsense, "an encrypted answer that cannot be read: %w", err)
	}
	part = body[len(head):]
	// The data is as long as it says, whatever its bytes look like.
	end := 4 + signatureSize + length
	if len(part) < end || !sealedTail.Match(part[end:]) || sealedTail.FindIndex(part[end:])[0] != 0 ||
		binary.LittleEndian.Uint32(part) != signatureSize {
		return nil, 0, kindf(Nonsense, "an encrypted answer that is cut off or too long")
	}
	return part[:end], length, nil
}
