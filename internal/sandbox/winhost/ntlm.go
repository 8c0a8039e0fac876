package winhost

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rc4"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:staticcheck // NTLM is made of it
)

// NTLMv2 from the server's side, after MS-NLMP 2.2 and 3.3.2. NTLMv1 and
// anonymous logins are refused.

const ntlmSignature = "NTLMSSP\x00"

// Negotiate flags (MS-NLMP 2.2.2.5).
const (
	flagUnicode         = 1 << 0
	flagRequestTarget   = 1 << 2
	flagSign            = 1 << 4
	flagSeal            = 1 << 5
	flagNTLM            = 1 << 9
	flagAlwaysSign      = 1 << 15
	flagTargetServer    = 1 << 17
	flagExtendedSession = 1 << 19
	flagTargetInfo      = 1 << 23
	flagVersion         = 1 << 25
	flag128             = 1 << 29
	flagKeyExchange     = 1 << 30
	flag56              = 1 << 31
)

// Attributes in the target information (MS-NLMP 2.2.2.1).
const (
	avEnd             = 0
	avComputerName    = 1
	avDomainName      = 2
	avDNSComputerName = 3
	avDNSDomainName   = 4
	avFlags           = 6
	avTimestamp       = 7
	avChannelBindings = 10
)

// avFlagMIC says that the client's message has an integrity code.
const avFlagMIC = 2

// isNegotiate tells whether the message begins an exchange.
func isNegotiate(m []byte) bool {
	return len(m) >= 12 && string(m[:8]) == ntlmSignature && binary.LittleEndian.Uint32(m[8:]) == 1
}

// ntlmExchange is a login between the challenge and the answer to it.
type ntlmExchange struct {
	nonce     [8]byte
	begun     []byte // the client's first message
	challenge []byte
}

func newNTLMExchange(computer string, negotiate []byte) *ntlmExchange {
	x := &ntlmExchange{begun: bytes.Clone(negotiate)}
	rand.Read(x.nonce[:])
	name := utf16LE(computer)
	flags := uint32(flagUnicode | flagRequestTarget | flagSign | flagSeal | flagNTLM | flagAlwaysSign | flagTargetServer |
		flagExtendedSession | flagTargetInfo | flagVersion | flag128 | flagKeyExchange | flag56)
	info := targetInfo(computer, time.Now())
	const headerSize = 56
	m := append([]byte(ntlmSignature), 2, 0, 0, 0)
	m = appendField(m, len(name), headerSize)
	m = binary.LittleEndian.AppendUint32(m, flags)
	m = append(m, x.nonce[:]...)
	m = append(m, make([]byte, 8)...)
	m = appendField(m, len(info), headerSize+len(name))
	m = append(m, 10, 0, 0x63, 0x45, 0, 0, 0, 15) // Windows 10.0.17763, NTLM revision 15
	m = append(m, name...)
	x.challenge = append(m, info...)
	return x
}

func targetInfo(computer string, now time.Time) []byte {
	var b []byte
	add := func(id uint16, value []byte) {
		b = binary.LittleEndian.AppendUint16(b, id)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
		b = append(b, value...)
	}
	name := utf16LE(computer)
	add(avDomainName, name)
	add(avComputerName, name)
	add(avDNSDomainName, name)
	add(avDNSComputerName, name)
	// 100 ns since 1601.
	add(avTimestamp, binary.LittleEndian.AppendUint64(nil, uint64(now.UnixNano()/100+116444736000000000)))
	add(avEnd, nil)
	return b
}

// appendField appends length, capacity and offset of a payload.
func appendField(b []byte, length, offset int) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	return binary.LittleEndian.AppendUint32(b, uint32(offset))
}

// field returns the payload whose description stands at an offset.
func field(m []byte, at int) []byte {
	if len(m) < at+8 {
		return nil
	}
	length, offset := int(binary.LittleEndian.Uint16(m[at:])), int(binary.LittleEndian.Uint32(m[at+4:]))
	if offset > len(m) || length > len(m)-offset {
		return nil
	}
	return m[offset : offset+length]
}

// verify checks the client's answer: the proof of the password, the integrity
// code where there is one, and the binding to the TLS connection if the client
// sent it (Windows' CbtHardeningLevel Relaxed). It returns the session's key and
// the flags that the client agreed to.
func (x *ntlmExchange) verify(m []byte, isUser func(string) bool, password string, bindings []byte) (key []byte, flags uint32, ok bool) {
	const headerSize = 64
	if len(m) < headerSize || string(m[:8]) != ntlmSignature || binary.LittleEndian.Uint32(m[8:]) != 3 {
		return nil, 0, false
	}
	response, domain, user := field(m, 20), field(m, 28), field(m, 36)
	const proofSize, infoAt = 16, 16 + 28
	if len(response) < infoAt || !isUser(fromUTF16LE(user)) {
		return nil, 0, false
	}
	owf := ntowfV2(fromUTF16LE(user), fromUTF16LE(domain), password)
	proof := hmacMD5(owf, x.nonce[:], response[proofSize:])
	if !hmac.Equal(proof, response[:proofSize]) {
		return nil, 0, false
	}
	attributes := avPairs(response[infoAt:])
	if sent := attributes[avChannelBindings]; len(sent) == md5.Size && !bytes.Equal(sent, make([]byte, md5.Size)) && !bytes.Equal(sent, bindings) {
		return nil, 0, false
	}
	flags = binary.LittleEndian.Uint32(m[60:])
	if key, ok = sessionKey(m, flags, hmacMD5(owf, proof)); !ok {
		return nil, 0, false
	}
	if f := attributes[avFlags]; len(f) != 4 || binary.LittleEndian.Uint32(f)&avFlagMIC == 0 {
		return key, flags, true
	}
	return key, flags, x.isIntact(m, key)
}

// sessionKey is the key that the client chose, or else the one that the
// password gives.
func sessionKey(m []byte, flags uint32, base []byte) (key []byte, ok bool) {
	if flags&flagKeyExchange == 0 {
		return base, true
	}
	exported := field(m, 52)
	cipher, err := rc4.NewCipher(base)
	if err != nil || len(exported) != 16 {
		return nil, false
	}
	key = make([]byte, 16)
	cipher.XORKeyStream(key, exported)
	return key, true
}

// isIntact checks the integrity code over all three messages.
func (x *ntlmExchange) isIntact(m, key []byte) bool {
	const micAt, micSize = 72, 16
	if len(m) < micAt+micSize {
		return false
	}
	blank := bytes.Clone(m)
	clear(blank[micAt : micAt+micSize])
	return hmac.Equal(hmacMD5(key, x.begun, x.challenge, blank), m[micAt:micAt+micSize])
}

// avPairs reads target information.
func avPairs(b []byte) map[uint16][]byte {
	pairs := make(map[uint16][]byte)
	for len(b) >= 4 {
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if id == avEnd || n > len(b)-4 {
			break
		}
		pairs[id] = b[4 : 4+n]
		b = b[4+n:]
	}
	return pairs
}

// ntowfV2 is the key that the password gives (MS-NLMP 3.3.2).
func ntowfV2(user, domain, password string) []byte {
	h := md4.New()
	h.Write(utf16LE(password))
	return hmacMD5(h.Sum(nil), utf16LE(strings.ToUpper(user)+domain))
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// bindingHash is what a client must send that means this certificate: the MD5
// of a structure with only application data in it (RFC 2744, RFC 5929). Our
// certificates are signed with SHA-256. Without TLS there is none.
func (i *identity) bindingHash() []byte {
	if i == nil {
		return nil
	}
	hash := sha256.Sum256(i.certificate.Certificate[0])
	data := append([]byte("tls-server-end-point:"), hash[:]...)
	b := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(data)))
	sum := md5.Sum(append(b, data...))
	return sum[:]
}

func utf16LE(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func fromUTF16LE(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
