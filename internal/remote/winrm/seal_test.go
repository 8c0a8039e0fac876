package winrm_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/remote/winrm"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/verify"
)

// tap records all that goes over connections, both ways.
type tap struct {
	mu    sync.Mutex
	bytes bytes.Buffer
	dials int
}

type tapped struct {
	net.Conn
	tap *tap
}

func (c tapped) Write(b []byte) (int, error) {
	c.tap.record(b)
	return c.Conn.Write(b)
}

func (c tapped) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.tap.record(b[:n])
	return n, err
}

func (t *tap) record(b []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes.Write(b)
}

func (t *tap) on(o *winrm.Options) {
	dial := o.Dial
	o.Dial = func(ctx context.Context, network, to string) (net.Conn, error) {
		conn, err := dial(ctx, network, to)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.dials++
		return tapped{conn, t}, nil
	}
}

// mustHide fails if anything of a message could be read on the way.
func (t *tap) mustHide(test *testing.T, secrets ...string) {
	test.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range append(secrets, "Envelope", "schemas", "owershell", password) {
		if bytes.Contains(t.bytes.Bytes(), []byte(s)) {
			test.Errorf("%q can be read on the way", s)
		}
	}
}

// sealedOptions reach the computer over HTTP.
func (w *windows) sealedOptions(t *tap) winrm.Options {
	o := w.options()
	o.Address, o.HTTPS, o.TLS = address.String()+":5985", false, winrm.Verification{}
	t.on(&o)
	return o
}

// TestSealedReplaceAndReadBack: over HTTP all works as over HTTPS, whether the
// script goes in the command line or on standard input, and nothing can be read.
func TestSealedReplaceAndReadBack(t *testing.T) {
	for _, size := range []int{300, 8 << 10, 60 << 10} {
		old, renewed := pemOf(t, 300), pemOf(t, size)
		w := boot(t, map[string][]byte{"C/Program Files (x86)/stunnel/cert.pem": old}, nil)
		var wire tap
		host := w.dial(w.sealedOptions(&wire))
		before, err := host.Replace(t.Context(), []verify.Change{change(certPath, old, renewed)})
		if err != nil || before[0].Digests != verify.Of(old) {
			t.Fatalf("%d bytes: before %v, %v", size, before, err)
		}
		after, err := host.Read(t.Context(), []string{certPath})
		if err != nil || !bytes.Equal(after[0].Content, renewed) {
			t.Errorf("%d bytes: after %v, %v", size, after, err)
		}
		if err := host.Close(); err != nil {
			t.Error(err)
		}
		wire.mustHide(t, "cert.pem", string(renewed[40:80]))
		if wire.dials != 1 {
			t.Errorf("%d connections", wire.dials)
		}
	}
}

// TestSealedSurvivesCuts: a new connection gets a new login and a new key.
func TestSealedSurvivesCuts(t *testing.T) {
	old, renewed := pemOf(t, 300), pemOf(t, 300)
	w := boot(t, map[string][]byte{"C/Program Files (x86)/stunnel/cert.pem": old},
		map[string][]string{machine.AtPatch: {machine.DropConnection}})
	var wire tap
	host := w.dial(w.sealedOptions(&wire))
	changes := []verify.Change{change(certPath, old, renewed)}
	if _, err := host.Replace(t.Context(), changes); kindOf(err) != winrm.Unreachable {
		t.Errorf("the cut: %v", err)
	}
	before, err := host.Replace(t.Context(), changes)
	if err != nil || before[0].Digests != verify.Of(renewed) {
		t.Errorf("again: %v, %v", before, err)
	}
	if wire.dials != 2 {
		t.Errorf("%d connections", wire.dials)
	}
	wire.mustHide(t)
}

func TestSealedRefusals(t *testing.T) {
	w := boot(t, nil, nil)
	var wire tap
	host := w.dial(w.sealedOptions(&wire))
	if _, err := host.Script(t.Context(), "Get-Secret"); err != nil {
		t.Error(err)
	}
	o := w.sealedOptions(&wire)
	o.Password = "wrong-secret"
	_, err := winrm.Dial(t.Context(), o)
	if kindOf(err) != winrm.Denied || !isTemporary(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("wrong password: %v", err)
	}
	wire.mustHide(t, "Get-Secret", "wrong-secret")
}

// TestSealedFaults: over HTTP, too, a host that hangs holds nobody, and what it
// says no to is an error with its code.
func TestSealedFaults(t *testing.T) {
	for _, at := range []string{machine.AtConnect, machine.AtRead} {
		t.Run("hangs at "+at, func(t *testing.T) {
			t.Parallel()
			w := boot(t, map[string][]byte{"C/a.pem": nil}, map[string][]string{at: {machine.Hang}})
			w.awaitUp()
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			host, err := winrm.Dial(ctx, w.sealedOptions(&tap{}))
			if err == nil {
				defer host.Close()
				_, err = host.Read(ctx, []string{`C:\a.pem`})
			}
			if end, _ := ctx.Deadline(); kindOf(err) != winrm.Interrupted || time.Since(end) > time.Second {
				t.Errorf("%s after the end: %v", time.Since(end), err)
			}
		})
	}
	t.Run("says nothing", func(t *testing.T) {
		t.Parallel()
		w := boot(t, nil, map[string][]string{machine.AtConnect: {machine.Hang}})
		w.awaitUp()
		o := w.sealedOptions(&tap{})
		o.AnswerTimeout = 200 * time.Millisecond
		began := time.Now()
		if _, err := winrm.Dial(t.Context(), o); kindOf(err) != winrm.Unreachable || time.Since(began) > 5*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
	t.Run("shell quota", func(t *testing.T) {
		t.Parallel()
		w := boot(t, nil, nil)
		for range 30 {
			w.dial(w.sealedOptions(&tap{}))
		}
		_, err := winrm.Dial(t.Context(), w.sealedOptions(&tap{}))
		var fault *winrm.Fault
		if !errors.As(err, &fault) || fault.Subcode != "w:QuotaLimit" || !isTemporary(err) {
			t.Error(err)
		}
	})
	t.Run("shell that is gone", func(t *testing.T) {
		t.Parallel()
		w := boot(t, map[string][]byte{"C/a.pem": []byte("a")}, nil)
		host := w.dial(w.sealedOptions(&tap{}))
		winrm.ForgeShell(host, "00000000-0000-4000-8000-000000000000")
		if files, err := host.Read(t.Context(), []string{`C:\a.pem`}); err != nil || files[0].Status != verify.Present {
			t.Errorf("%+v, %v", files, err)
		}
	})
}

// TestForeignNTLM is the client against impacket's NTLM and SPNEGO.
func TestForeignNTLM(t *testing.T) {
	const line = `print a "quoted" <line>`
	s := startForeign(t)
	for _, way := range []string{"raw", "ntlm", "spnego"} {
		for scheme, how := range map[string]string{"http": "encrypted", "https": "bound to the channel"} {
			t.Run(way+" over "+scheme+", "+how, func(t *testing.T) {
				var wire tap
				host, err := winrm.Dial(t.Context(), s.options(scheme, way, &wire))
				if err != nil {
					t.Fatal(err)
				}
				for range 3 { // one session, several messages
					out, err := host.Script(t.Context(), line)
					if err != nil || out.ExitCode != 7 || !strings.Contains(string(out.Stdout), "powershell.exe") {
						t.Fatalf("%+v, %v", out, err)
					}
				}
				if err := host.Close(); err != nil {
					t.Error(err)
				}
				wire.mustHide(t, line)
			})
		}
	}
}

// TestForeignRefusals: without encryption it fails and says so, and nothing of a
// message is sent.
func TestForeignRefusals(t *testing.T) {
	type refusal struct {
		Kind      winrm.Kind
		Temporary bool
		Says      string
	}
	s := startForeign(t)
	for way, want := range map[string]refusal{
		"unsealing": {winrm.Unsealed, false, "the server does not agree to NTLM's message encryption"},
		"basic":     {winrm.Unsealed, false, "the server does not do NTLM (it offers Basic), so nothing can be encrypted"},
		"plain":     {winrm.Unsealed, false, "the server answered without encryption"},
		"forging":   {winrm.Unsealed, false, "the answer was not encrypted with this session's key"},
		"replaying": {winrm.Unsealed, false, "the answer was not encrypted with this session's key"},
	} {
		t.Run(way, func(t *testing.T) {
			var wire tap
			host, err := winrm.Dial(t.Context(), s.options("http", way, &wire))
			if err == nil {
				defer host.Close()
				_, err = host.Script(t.Context(), "Get-Secret")
			}
			var e *winrm.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			got := refusal{e.Kind, e.Temporary(), want.Says}
			if !strings.Contains(err.Error(), want.Says) {
				got.Says = err.Error()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !strings.Contains(e.Hint(), "HTTPS") {
				t.Errorf("hint %q", e.Hint())
			}
			if way != "plain" { // which is what that server does
				wire.mustHide(t)
			}
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		o := s.options("http", "raw", &tap{})
		o.Password = "wrong"
		if _, err := winrm.Dial(t.Context(), o); kindOf(err) != winrm.Denied {
			t.Error(err)
		}
	})
}
