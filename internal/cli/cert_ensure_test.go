package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const selfSigned = `
certificate:
  new: bot.pem
  key: bot-key.pem
  key_type: ecdsa-p256
  subject: O=Rust Project, CN=bot.example.org
`

func TestCertEnsureHundredTimesOneWrite(t *testing.T) {
	b := newCertBench(t, selfSigned)
	if !b.ensure().Changed {
		t.Fatal("nothing was made")
	}
	certificate, key, names := b.read("bot.pem"), b.read("bot-key.pem"), b.names()
	stamp := touched(t, b.dir)
	for range 99 {
		if b.ensure().Changed {
			t.Fatal("made again")
		}
	}
	if b.read("bot.pem") != certificate || b.read("bot-key.pem") != key {
		t.Error("the pair has changed")
	}
	if diff := cmp.Diff(names, b.names()); diff != "" {
		t.Errorf("other files than after the first time (-want +got):\n%s", diff)
	}
	if got := touched(t, b.dir); !got.Equal(stamp) {
		t.Errorf("the folder was written to at %v, last by the first time at %v", got, stamp)
	}
}

// touched is when an entry of the folder was last made, renamed or removed.
func touched(t *testing.T, dir string) time.Time {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// TestCertBoundary: renew_before to the second, for ensure and check alike.
func TestCertBoundary(t *testing.T) {
	for _, test := range []struct {
		offset time.Duration
		due    bool
	}{{-time.Minute, false}, {-time.Second, false}, {0, true}, {time.Second, true}, {time.Minute, true}} {
		t.Run(test.offset.String(), func(t *testing.T) {
			b := newCertBench(t, selfSigned+"  check: {files: [copy.pem]}\n")
			end := b.ensure().Certificates[0].NotAfter
			b.write("copy.pem", b.read("bot.pem")) // nobody keeps this one
			b.now = end.Add(-60*certDay + test.offset)
			code, state := 0, "ok"
			if test.due {
				code, state = 3, "due"
			}
			got := b.check(code)
			if diff := cmp.Diff(map[string]string{"bot.pem": state, "copy.pem": state}, got.states()); diff != "" || got.Due != test.due {
				t.Errorf("check says due: %v (-want +got):\n%s", got.Due, diff)
			}
			if got := b.ensure(); got.Changed != test.due {
				t.Errorf("ensure made one: %v: %v", got.Changed, got.Decision.Reasons)
			}
		})
	}
}

func TestCertEnsureSaysWhy(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(b *certBench)
		why   string
	}{
		"missing":       {func(b *certBench) { os.Remove(filepath.Join(b.dir, "bot.pem")) }, "is missing"},
		"unreadable":    {func(b *certBench) { replaceFile(b, "bot.pem", "-----BEGIN CERT") }, "is unreadable"},
		"other key":     {func(b *certBench) { replaceFile(b, "bot-key.pem", otherKey(b)) }, "does not match"},
		"due":           {func(b *certBench) { b.now = b.now.Add(3600 * certDay) }, "ends on"},
		"expired":       {func(b *certBench) { b.now = b.now.Add(3700 * certDay) }, "expired on"},
		"key truncated": {func(b *certBench) { replaceFile(b, "bot-key.pem", b.read("bot-key.pem")[:60]) }, "is unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newCertBench(t, selfSigned)
			b.ensure()
			test.spoil(b)
			was, _ := os.ReadFile(filepath.Join(b.dir, "bot.pem"))
			key := strings.Split(b.read("bot-key.pem"), "\n")[1]
			r := b.must(0, "ensure")
			if !strings.Contains(r.Stdout, "made cert") || !strings.Contains(r.Stdout, test.why) {
				t.Errorf("it says %q, want %q", r.Stdout, test.why)
			}
			if strings.Contains(r.Stdout+r.Stderr, key[:20]) {
				t.Error("a key was printed")
			}
			if b.ensure().Changed {
				t.Error("made again")
			}
			backup := slices.ContainsFunc(b.names(), func(n string) bool { return strings.HasPrefix(n, "bot.pem."+b.now.Format("20060102T150405Z")) })
			if backup != (len(was) > 0) {
				t.Errorf("a backup is there: %v; %v", backup, b.names())
			}
			for _, name := range b.names() {
				info, err := os.Stat(filepath.Join(b.dir, name))
				if err == nil && strings.HasPrefix(name, "bot-key.pem") && info.Mode().Perm() != 0o600 {
					t.Errorf("%s has mode %v", name, info.Mode())
				}
			}
		})
	}
}

// replaceFile puts a plain file where a link may be.
func replaceFile(b *certBench, name, content string) {
	os.Remove(filepath.Join(b.dir, name))
	b.write(name, content)
}

func otherKey(b *certBench) string {
	other := newCertBench(b.T, selfSigned)
	other.ensure()
	return other.read("bot-key.pem")
}

// TestCertPassphrase: it comes from the environment or a file, is never asked
// for, and without it nothing is made.
func TestCertPassphrase(t *testing.T) {
	b := newCertBench(t, selfSigned+"  passphrase: {env: BOT_PASSPHRASE}\n")
	if r := b.must(2, "ensure"); !strings.Contains(r.Stderr, "BOT_PASSPHRASE") || !strings.Contains(r.Stderr, "hint:") {
		t.Errorf("it says %q", r.Stderr)
	}
	b.env["BOT_PASSPHRASE"] = "open sesame"
	b.ensure()
	if !strings.Contains(b.read("bot-key.pem"), "BEGIN ENCRYPTED PRIVATE KEY") {
		t.Error("the key has no passphrase")
	}
	b.env["BOT_PASSPHRASE"] = "wrong"
	key := b.read("bot-key.pem")
	if r := b.must(2, "ensure"); !strings.Contains(r.Stderr, "nothing was made") || strings.Contains(r.Stderr, "wrong\n") {
		t.Errorf("it says %q", r.Stderr)
	}
	b.write("pass", "open sesame\n")
	if r := b.must(0, "ensure", "--passphrase-file", "pass"); !strings.Contains(r.Stdout, "kept") {
		t.Errorf("it says %q", r.Stdout)
	}
	if b.read("bot-key.pem") != key {
		t.Error("the key has changed")
	}
	r := b.must(0, "inspect", "--key", "bot-key.pem", "--passphrase-file", "pass", "bot.pem")
	if !strings.Contains(r.Stdout, "matches, has a passphrase") {
		t.Errorf("inspect says %q", r.Stdout)
	}
}

func TestCertFlagsAlone(t *testing.T) {
	b := newCertBench(t, "certificate: {kind: set, store: {ssm: 'rack-{item}'}, authority: CN=ca}\n")
	b.must(0, "ensure", "--cert", "x.pem", "--key", "x-key.pem", "--subject", "CN=x.example.org", "--name", "x.example.org", "--name", "10.0.0.1")
	if r := b.must(0, "inspect", "x.pem"); !strings.Contains(r.Stdout, "DNS:x.example.org, IP Address:10.0.0.1") {
		t.Errorf("inspect says %q", r.Stdout)
	}
}

func TestCertUsage(t *testing.T) {
	for name, test := range map[string]struct {
		config string
		args   []string
		says   string
	}{
		"no place":         {"", []string{"ensure"}, "no place is configured"},
		"no key":           {"certificate: {new: a.pem}\n", []string{"ensure"}, "certificate.key"},
		"set in two files": {"certificate: {kind: set, new: a.pem, key: b.pem}\n", []string{"ensure"}, "certificate.store"},
		"no subject":       {"certificate: {new: a.pem, key: b.pem}\n", []string{"ensure"}, "subject"},
		"bad subject":      {"certificate: {new: a.pem, key: b.pem, subject: nonsense}\n", []string{"ensure"}, "nonsense"},
		"bad template":     {"certificate: {store: {ssm: rack}}\n", []string{"check"}, "{item}"},
		"two passphrases":  {selfSigned, []string{"ensure", "--passphrase-env", "A", "--passphrase-file", "b"}, "two places"},
		"nothing to check": {"", []string{"check"}, "names no certificate"},
		"no calendar":      {"", []string{"remind"}, "names no certificate"},
		"no bundle":        {"", []string{"bundle"}, "no file"},
		"no bastion":       {"", []string{"inspect", "--through-bastion", "127.0.0.1:1"}, "bastion"},
		"no such file":     {"", []string{"inspect", "nothing.pem"}, "no such file"},
		"short validity":   {selfSigned + "  validity: 30d\n", []string{"ensure"}, "due as soon"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newCertBench(t, test.config)
			r := b.run(test.args...)
			if r.Code == 0 || !strings.Contains(r.Stderr, test.says) {
				t.Errorf("exit code %d: %s", r.Code, r.Stderr)
			}
			if r.Code != 2 && name != "no subject" {
				t.Errorf("exit code %d, want 2: %s", r.Code, r.Stderr)
			}
			if got := b.names(); len(got) != 1 {
				t.Errorf("it wrote %v", got)
			}
		})
	}
}
