package winhost

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSplitPath(t *testing.T) {
	for _, tt := range []struct {
		path string
		want string // in the folder
		err  error
	}{
		{`C:\Program Files (x86)\stunnel\cert.pem`, "C/Program Files (x86)/stunnel/cert.pem", nil},
		{`c:/bot/cert.pem`, "C/bot/cert.pem", nil},
		{`\bot\cert.pem`, "C/bot/cert.pem", nil},
		{`D:\x`, "D/x", nil},
		{`C:\a\..\..\b\.\c`, "C/b/c", nil},
		{`C:\a. \b`, "C/a/b", nil},
		{`C:\`, "C", nil},
		{`cert.pem`, "", errRelative},
		{`C:cert.pem`, "", errRelative},
		{``, "", errRelative},
		{`\\server\share\x`, "", errRelative},
		{`C:\a:stream`, "", errCharacter},
		{`C:\a*`, "", errCharacter},
	} {
		parts, err := splitPath(tt.path)
		if got := path.Join(parts...); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v", tt.path, got, err)
		}
	}
}

func FuzzSplitPath(f *testing.F) {
	f.Add(`C:\a\..\..\..\etc`)
	f.Fuzz(func(t *testing.T, p string) {
		parts, err := splitPath(p)
		if err != nil {
			return
		}
		if len(parts) == 0 || len(parts[0]) != 1 || slices.Contains(parts, "..") || slices.Contains(parts, "") {
			t.Errorf("%q: %q", p, parts)
		}
		for _, part := range parts {
			if strings.ContainsAny(part, `/\`) {
				t.Errorf("%q: %q", p, parts)
			}
		}
	})
}

func TestSplitArguments(t *testing.T) {
	for _, tt := range []struct {
		line string
		want []string
	}{
		{``, nil},
		{`a  b	c`, []string{"a", "b", "c"}},
		{`-Command "a b; 'c d'" e`, []string{"-Command", "a b; 'c d'", "e"}},
		{`"a\"b" c\d \\`, []string{`a"b`, `c\d`, `\\`}},
		{`"a\\" b`, []string{`a\`, "b"}},
		{`""`, []string{""}},
	} {
		if got := splitArguments(tt.line); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.line, got, tt.want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	const fallback = 42 * time.Second
	for text, want := range map[string]time.Duration{
		"PT20S": 20 * time.Second, "PT1M20.500S": 80500 * time.Millisecond, "PT2H": 2 * time.Hour, " PT5S ": 5 * time.Second,
		"": fallback, "PT": fallback, "P1D": fallback, "PT-1S": fallback, "x": fallback,
	} {
		if got := parseDuration(text, fallback); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// Whatever a client sends as its answer to the challenge, it is refused.
func FuzzNTLM(f *testing.F) {
	f.Add([]byte(ntlmSignature + "\x03\x00\x00\x00" + strings.Repeat("\xff\xff\x00\x00\x08\x00\x00\x00", 12)))
	f.Add([]byte(ntlmSignature))
	f.Fuzz(func(t *testing.T, m []byte) {
		x := newNTLMExchange("EC2AMAZ-1234567", m)
		if _, _, ok := x.verify(m, func(string) bool { return true }, "password", nil); ok {
			t.Errorf("admitted by %x", m)
		}
	})
}

func TestHostName(t *testing.T) {
	one, other := hostName("i-1"), hostName("i-2")
	if one == other || len(one) != 15 || one != hostName("i-1") {
		t.Errorf("%s, %s", one, other)
	}
}
