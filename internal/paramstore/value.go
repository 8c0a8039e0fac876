package paramstore

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"strings"
)

// form is how a value is written in its parameter.
type form int

const (
	plain   form = iota // PEM
	encoded             // base64 of PEM or DER
	escaped             // PEM with \n for its line ends, as it comes out of JSON
)

const begin = "-----BEGIN "

// decode returns what a parameter's text means; a text that is neither PEM nor
// base64 is returned as it is.
func decode(text string) ([]byte, form) {
	if strings.Contains(text, begin) {
		if strings.Contains(text, `\n`) && !strings.Contains(strings.TrimSpace(text), "\n") {
			return []byte(strings.ReplaceAll(text, `\n`, "\n")), escaped
		}
		return []byte(text), plain
	}
	packed := strings.TrimRight(strings.Join(strings.Fields(text), ""), "=")
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		data, err := alphabet.DecodeString(packed)
		if err == nil && (bytes.Contains(data, []byte(begin)) || isDER(data)) {
			return data, encoded
		}
	}
	return []byte(text), plain
}

// isDER tells whether data is one ASN.1 sequence and nothing else, which every
// certificate and key is.
func isDER(data []byte) bool {
	var v asn1.RawValue
	rest, err := asn1.Unmarshal(data, &v)
	return err == nil && len(rest) == 0 && v.Tag == asn1.TagSequence && v.IsCompound
}

func encode(data []byte, f form) string {
	switch f {
	case encoded:
		return base64.StdEncoding.EncodeToString(data)
	case escaped:
		return strings.ReplaceAll(string(data), "\n", `\n`)
	}
	return string(data)
}
