package paramstore

import (
	"bytes"
	"testing"
)

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
		form             form
	}{
		{"PEM", "-----BEGIN X-----\nAA==\n-----END X-----\n", "-----BEGIN X-----\nAA==\n-----END X-----\n", plain},
		{"base64", "LS0tLS1CRUdJTiBYLS0tLS0K", "-----BEGIN X-----\n", encoded},
		{"base64 with spaces around", " LS0tLS1CRUdJTiBYLS0tLS0K\n", "-----BEGIN X-----\n", encoded},
		{"DER in base64", "MAMCAQc=", "0\x03\x02\x01\x07", encoded},
		{"DER cut short", "MAMCAQ==", "MAMCAQ==", plain},
		{"escaped", `-----BEGIN X-----\nAA==\n-----END X-----\n`, "-----BEGIN X-----\nAA==\n-----END X-----\n", escaped},
		{"something else", "changeme", "changeme", plain},
		{"base64 of something else", "aGVsbG8=", "aGVsbG8=", plain},
		{"nothing", "", "", plain},
	} {
		got, f := decode(test.text)
		if string(got) != test.want || f != test.form {
			t.Errorf("%s: %q in form %d, want %q in form %d", test.name, got, f, test.want, test.form)
		}
	}
}

// FuzzDecode: what is decoded from a text is decoded again from what is written
// in its form.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "changeme", "-----BEGIN X-----\n", "LS0tLS1CRUdJTiBYLS0tLS0K", "MAMCAQc=", `-----BEGIN X-----\nAA\n`, "-----BEGIN \\n\r\n", "LS0t\nLS1C"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, as := decode(text)
		if as == plain && string(data) != text {
			t.Fatalf("%q was changed to %q", text, data)
		}
		again, _ := decode(encode(data, as))
		if as == encoded && !bytes.Equal(again, data) {
			t.Fatalf("%q: %q became %q", text, data, again)
		}
	})
}

// FuzzEntry: no text of the log makes it fail otherwise than by an error, and
// no entry points out of the store's names.
func FuzzEntry(f *testing.F) {
	f.Add(`{"base":0,"id":"abc","open":true,"at":"2026-11-22T11:42:21Z","was":{},"new":{"cert":"00"},"by":"x"}`)
	f.Add(`{"base":-1,"id":"abc"}`)
	f.Add(`{"id":"../x"}`)
	f.Add(`[]`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseEntry(value{text: text, version: 1})
		if err == nil && (e.ID == "" || bytes.ContainsAny([]byte(e.ID), "/:")) {
			t.Fatalf("%q: id %q", text, e.ID)
		}
	})
}
