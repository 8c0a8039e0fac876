package cli_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
)

// mark is a secret, and the forms in which it could get out.
type mark struct {
	name  string
	forms map[string][]byte
}

func newMark(name string, secret []byte) mark {
	m := mark{name, map[string][]byte{"as it is": secret}}
	wide := utf16le(string(secret))
	m.forms["UTF-16"] = wide
	m.forms["hex"] = []byte(hex.EncodeToString(secret))
	m.forms["upper-case hex"] = []byte(strings.ToUpper(hex.EncodeToString(secret)))
	m.forms["URL"] = []byte(url.QueryEscape(string(secret)))
	for shift := range 3 {
		m.forms[fmt.Sprintf("base64 after %d bytes", shift)] = base64At(secret, shift)
		m.forms[fmt.Sprintf("base64 of UTF-16 after %d bytes", shift)] = base64At(wide, shift)
	}
	return m
}

func utf16le(s string) []byte {
	var wide []byte
	for _, u := range utf16.Encode([]rune(s)) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
	}
	return wide
}

// base64At is what a secret looks like in a base64 text in which it begins after
// some bytes; the digits that its neighbours have a part in are left out.
func base64At(secret []byte, shift int) []byte {
	encoded := base64.StdEncoding.EncodeToString(append(make([]byte, shift), secret...))
	bits := 8 * (shift + len(secret))
	return []byte(encoded[(8*shift+5)/6 : bits/6])
}

// in returns the form in which a text holds the mark, "" if it does not.
func (m mark) in(text []byte) string {
	for form, bytesOf := range m.forms {
		if bytes.Contains(text, bytesOf) {
			return form
		}
	}
	return ""
}

// The search finds a secret in whatever form, wherever it stands.
func TestMarks(t *testing.T) {
	const secret = "MARK+pass/word?1"
	m := newMark("password", []byte(secret))
	for _, before := range []string{"", "x", "xy", "xyz"} {
		plain := before + secret + "after"
		for form, text := range map[string]string{
			"plain": plain, "hex": hex.EncodeToString([]byte(plain)), "HEX": fmt.Sprintf("%X", plain), "wide": string(utf16le(plain)),
			"base64": base64.StdEncoding.EncodeToString([]byte(plain)), "wide base64": base64.StdEncoding.EncodeToString(utf16le(plain)),
			"url": url.QueryEscape(plain),
		} {
			if m.in([]byte(text)) == "" {
				t.Errorf("not found as %s after %q", form, before)
			}
		}
	}
	if form := m.in([]byte("MARK+pass/word?2 " + base64.StdEncoding.EncodeToString([]byte("MARK+pass/word")))); form != "" {
		t.Errorf("found where it is not, as %s", form)
	}
}
