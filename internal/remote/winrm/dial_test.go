package winrm_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/remote/winrm"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/winhost"
)

// kindOf is the kind of our errors, "" for others.
func kindOf(err error) winrm.Kind {
	var e *winrm.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

func isTemporary(err error) bool {
	var e interface{ Temporary() bool }
	return errors.As(err, &e) && e.Temporary()
}

// accepting is an AcceptNew that keeps what it accepted.
func accepting(pins *[]string) func(context.Context, *x509.Certificate) error {
	return func(_ context.Context, c *x509.Certificate) error {
		*pins = append(*pins, winrm.Fingerprint(c))
		return nil
	}
}

func TestVerification(t *testing.T) {
	stranger, err := winhost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	w := boot(t, nil, nil)
	w.awaitUp()
	thumbprints := winrm.ConsoleThumbprints(w.computer.Console())
	if len(thumbprints) != 1 {
		t.Fatalf("console shows %q:\n%s", thumbprints, w.computer.Console())
	}
	console := func(shown ...string) func(context.Context) ([]string, error) {
		return func(context.Context) ([]string, error) { return shown, nil }
	}
	var seen []string
	o := w.options()
	o.TLS = winrm.Verification{AcceptNew: accepting(&seen)}
	w.dial(o)
	if len(seen) != 1 {
		t.Fatalf("accepted %q", seen)
	}
	sha256 := seen[0]
	wrong := strings.Repeat("ab", 32)

	for _, tt := range []struct {
		name         string
		verification winrm.Verification
		want         winrm.Kind
		temporary    bool
	}{
		{name: "authority", verification: winrm.Verification{CAs: w.ca.PEM()}},
		{name: "authority, by host name", verification: winrm.Verification{CAs: w.ca.PEM(), ServerName: hostNameOf(t, w)}},
		{name: "authority, another name", verification: winrm.Verification{CAs: w.ca.PEM(), ServerName: "other"}, want: winrm.Certificate},
		{name: "another authority", verification: winrm.Verification{CAs: stranger.PEM()}, want: winrm.Certificate},
		{name: "the system's authorities", want: winrm.Certificate},
		{name: "pinned SHA-256", verification: winrm.Verification{Pinned: []string{wrong, sha256}}},
		{name: "pinned SHA-256, with colons", verification: winrm.Verification{Pinned: []string{colons(strings.ToUpper(sha256))}}},
		{name: "pinned SHA-1", verification: winrm.Verification{Pinned: thumbprints}},
		{name: "another pinned", verification: winrm.Verification{Pinned: []string{wrong}}, want: winrm.Certificate},
		{name: "another pinned, and new ones accepted", verification: winrm.Verification{Pinned: []string{wrong}, AcceptNew: accepting(&seen)}, want: winrm.Certificate},
		{name: "console", verification: winrm.Verification{Console: console(thumbprints...)}},
		{name: "console of another", verification: winrm.Verification{Console: console(wrong[:40])}, want: winrm.Certificate},
		{name: "console of another beats accepting", verification: winrm.Verification{Console: console(wrong[:40]), AcceptNew: accepting(&seen)}, want: winrm.Certificate},
		{name: "console empty so far", verification: winrm.Verification{Console: console()}, want: winrm.Unproven, temporary: true},
		{
			name: "console not to be read", want: winrm.Unproven, temporary: true,
			verification: winrm.Verification{Console: func(context.Context) ([]string, error) { return nil, errors.New("throttled") }},
		},
		{
			name: "new one refused", want: winrm.Certificate,
			verification: winrm.Verification{AcceptNew: func(context.Context, *x509.Certificate) error { return errors.New("no") }},
		},
		{name: "no fingerprint", verification: winrm.Verification{Pinned: []string{"zz"}}, want: winrm.Settings},
		{name: "no authorities in it", verification: winrm.Verification{CAs: []byte("x")}, want: winrm.Settings},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := w.options()
			o.TLS = tt.verification
			host, err := winrm.Dial(t.Context(), o)
			if err == nil {
				host.Close()
			}
			if kindOf(err) != tt.want || isTemporary(err) != tt.temporary {
				t.Errorf("error %v of kind %q, want kind %q", err, kindOf(err), tt.want)
			}
		})
	}
}

func hostNameOf(t *testing.T, w *windows) string {
	t.Helper()
	_, rest, ok := strings.Cut(string(w.computer.Console()), "HOSTNAME: ")
	name, _, _ := strings.Cut(rest, "\r\n")
	if !ok || name == "" {
		t.Fatal("the console shows no host name")
	}
	return name
}

func colons(hex string) string {
	var pairs []string
	for i := 0; i < len(hex); i += 2 {
		pairs = append(pairs, hex[i:i+2])
	}
	return strings.Join(pairs, ":")
}

// A server that is not who it should be hears nothing of the credentials: it
// gets no byte after the handshake.
func TestNothingIsSentToAnImpostor(t *testing.T) {
	w := boot(t, nil, map[string][]string{machine.AtConnect: {machine.WrongHostKey}})
	w.awaitUp()
	thumbprints := winrm.ConsoleThumbprints(w.computer.Console())
	o := w.options()
	var afterAnswer atomic.Int64
	dial := o.Dial
	o.Dial = func(ctx context.Context, network, to string) (net.Conn, error) {
		conn, err := dial(ctx, network, to)
		return &watched{Conn: conn, written: &afterAnswer}, err
	}
	o.TLS = winrm.Verification{Console: func(context.Context) ([]string, error) {
		afterAnswer.Store(0) // the handshake is over when the certificate is judged
		return thumbprints, nil
	}}
	_, err := winrm.Dial(t.Context(), o)
	if kindOf(err) != winrm.Certificate || isTemporary(err) {
		t.Errorf("error %v", err)
	}
	if n := afterAnswer.Load(); n != 0 {
		t.Errorf("%d bytes were sent to it", n)
	}
}

type watched struct {
	net.Conn
	written *atomic.Int64
}

func (w *watched) Write(b []byte) (int, error) {
	w.written.Add(int64(len(b)))
	return w.Conn.Write(b)
}

func TestDialFails(t *testing.T) {
	for _, tt := range []struct {
		name      string
		change    func(o *winrm.Options)
		want      winrm.Kind
		temporary bool
		says      string
	}{
		{"wrong password, NTLM", func(o *winrm.Options) { o.Password = "wrong-secret" }, winrm.Denied, true, "ntlm authentication of Administrator failed"},
		{"wrong password, Basic", func(o *winrm.Options) { o.Password = "wrong-secret"; o.Auth = winrm.Basic }, winrm.Denied, true, "offers Negotiate, Basic"},
		{"wrong user", func(o *winrm.Options) { o.User = "somebody" }, winrm.Denied, true, "somebody"},
		{"Basic over HTTP", func(o *winrm.Options) { o.HTTPS = false; o.Auth = winrm.Basic }, winrm.Settings, false, "would show the password"},
		{"unknown authentication", func(o *winrm.Options) { o.Auth = "kerberos" }, winrm.Settings, false, `"kerberos"`},
		{"no port", func(o *winrm.Options) { o.Address = "127.66.0.5" }, winrm.Settings, false, "missing port"},
		{"no password", func(o *winrm.Options) { o.Password = "" }, winrm.Settings, false, "no password"},
		{"nothing listens", func(o *winrm.Options) {
			dial := o.Dial
			o.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dial(ctx, network, "127.66.0.5:22")
			}
			o.ConnectTimeout = 200 * time.Millisecond
		}, winrm.Unreachable, true, ""},
		{"nobody there", func(o *winrm.Options) { o.Address = "127.66.0.9:5986"; o.ConnectTimeout = 100 * time.Millisecond }, winrm.Unreachable, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := boot(t, nil, nil)
			w.awaitUp()
			o := w.options()
			tt.change(&o)
			_, err := winrm.Dial(t.Context(), o)
			if kindOf(err) != tt.want || isTemporary(err) != tt.temporary {
				t.Fatalf("error %v of kind %q, want %q", err, kindOf(err), tt.want)
			}
			if !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "wrong-secret") {
				t.Errorf("error %q", err)
			}
		})
	}
}

func TestUsersInDomains(t *testing.T) {
	for _, user := range []string{"administrator", `.\Administrator`, `EC2AMAZ\Administrator`, "Administrator@EC2AMAZ"} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			w := boot(t, nil, nil)
			o := w.options()
			o.User = user
			w.dial(o)
		})
	}
}

func TestBootingHostIsTemporary(t *testing.T) {
	w := boot(t, nil, nil)
	var host *winrm.Host
	for {
		var err error
		host, err = winrm.Dial(t.Context(), w.options())
		if err == nil {
			break
		}
		if !isTemporary(err) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := host.Close(); err != nil {
		t.Error(err)
	}
}

func TestConsoleThumbprints(t *testing.T) {
	const sum = "1A2B3C4D5E6F708192A3B4C5D6E7F8091A2B3C4D"
	for _, tt := range []struct{ name, console, want string }{
		{"EC2Launch", "2015/07/14 09:00:00Z: RDPCERTIFICATE-THUMBPRINT: " + sum + "\r\n", strings.ToLower(sum)},
		{"as an element", "<RDPCERTIFICATE-THUMBPRINT>" + sum + "</RDPCERTIFICATE-THUMBPRINT>", strings.ToLower(sum)},
		{"two boots", "RDPCERTIFICATE-THUMBPRINT: " + sum + "\nRDPCERTIFICATE-THUMBPRINT: " + strings.Repeat("0", 40), strings.ToLower(sum) + " " + strings.Repeat("0", 40)},
		{"cut off", "RDPCERTIFICATE-THUMBPRINT: " + sum[:39], ""},
		{"too long", "RDPCERTIFICATE-THUMBPRINT: " + sum + "00", ""},
		{"empty", "", ""},
	} {
		if got := strings.Join(winrm.ConsoleThumbprints([]byte(tt.console)), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The authority's own PEM is what a configuration's CA file holds.
func TestAuthorityIsPEM(t *testing.T) {
	w := boot(t, nil, nil)
	block, rest := pem.Decode(w.ca.PEM())
	if block == nil || len(rest) != 0 {
		t.Fatal("no PEM")
	}
	if c, err := x509.ParseCertificate(block.Bytes); err != nil || !c.IsCA {
		t.Errorf("%v, %v", c, err)
	}
}
