package winrm

import (
	"bytes"
	"encoding/asn1"
)

// SPNEGO (RFC 4178) around NTLM, the one mechanism that we offer, for servers
// that do not take NTLM's messages by themselves as Windows does.

var (
	oidSPNEGO = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
	oidNTLM   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
)

type negTokenInit struct {
	MechTypes []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
	MechToken []byte                  `asn1:"explicit,tag:2"`
}

type negTokenResp struct {
	NegState      asn1.Enumerated       `asn1:"explicit,optional,tag:0"`
	SupportedMech asn1.ObjectIdentifier `asn1:"explicit,optional,tag:1"`
	ResponseToken []byte                `asn1:"explicit,optional,tag:2"`
	MechListMIC   []byte                `asn1:"explicit,optional,tag:3"`
}

// spnegoInit wraps the first message.
func spnegoInit(token []byte) ([]byte, error) {
	inner, err := asn1.MarshalWithParams(negTokenInit{[]asn1.ObjectIdentifier{oidNTLM}, token}, "explicit,tag:0")
	if err != nil {
		return nil, err
	}
	mech, err := asn1.Marshal(oidSPNEGO)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(asn1.RawValue{Class: asn1.ClassApplication, IsCompound: true, Bytes: append(mech, inner...)})
}

// spnegoNext wraps a further message.
func spnegoNext(token []byte) ([]byte, error) {
	return asn1.MarshalWithParams(struct {
		ResponseToken []byte `asn1:"explicit,tag:2"`
	}{token}, "explicit,tag:1")
}

// bare returns the NTLM message in a token, wrapped or not; nil if there is none.
func bare(token []byte) []byte {
	if bytes.HasPrefix(token, []byte("NTLMSSP\x00")) {
		return token
	}
	var resp negTokenResp
	if _, err := asn1.UnmarshalWithParams(token, &resp, "explicit,tag:1"); err != nil {
		return nil
	}
	if !bytes.HasPrefix(resp.ResponseToken, []byte("NTLMSSP\x00")) {
		return nil
	}
	return resp.ResponseToken
}
