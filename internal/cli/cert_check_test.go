package cli_test

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/testenv"
)

const dockerSet = `
certificate:
  kind: set
  store: {folder: docker}
  key_type: ecdsa-p256
  authority: CN=docker CA
  subject: CN=docker.internal
`

func TestCertCheckStates(t *testing.T) {
	b := newCertBench(t, selfSigned+"  check: {files: [watched], endpoints: [{address: "+tlsServer(t)+"}, {address: '127.0.0.1:1'}]}\n"+
		"static: [{workers: [mac1], address: mac1.example.org, files: [{path: /etc/cert.pem, new: static.pem}]}]\n")
	b.ensure()
	b.write("static.pem", b.read("bot.pem"))
	if err := os.Mkdir(filepath.Join(b.dir, "watched"), 0o700); err != nil {
		t.Fatal(err)
	}
	b.write("watched/same.pem", b.read("bot.pem"))
	b.write("watched/key.pem", b.read("bot-key.pem"))
	b.write("watched/broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n")
	b.now = certStart.Add(3600 * certDay)
	got := b.check(3)
	want := map[string]string{"bot.pem": "due", "same.pem": "due", "static.pem": "due", "broken.pem": "unreadable", "127.0.0.1:1": "unreadable"}
	states := got.states()
	for source, state := range want {
		if states[source] != state {
			t.Errorf("%s is %q, want %s", source, states[source], state)
		}
	}
	if len(states) != 6 || len(got.Errors) != 2 {
		t.Errorf("states %v, errors %q", states, got.Errors)
	}
	b.now = certStart
	b.check(1) // none is due, two could not be asked
}

// tlsServer presents a certificate for good.
func tlsServer(t *testing.T) string {
	t.Helper()
	b := newCertBench(t, selfSigned)
	b.ensure()
	pair, err := tls.X509KeyPair([]byte(b.read("bot.pem")), []byte(b.read("bot-key.pem")))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_ = conn.(*tls.Conn).Handshake() // the client leaves early
			}()
		}
	}()
	return l.Addr().String()
}

// TestCertCheckBundle: what stands beside the certificate in use for the time of
// a change doesn't count.
func TestCertCheckBundle(t *testing.T) {
	b := newCertBench(t, selfSigned)
	b.ensure()
	old := b.read("bot.pem")
	b.now = certStart.Add(3600 * certDay)
	b.ensure()
	b.write("old.pem", old)
	for _, order := range [][]string{{"bot.pem", "old.pem"}, {"old.pem", "bot.pem"}} {
		b.must(0, append([]string{"bundle", "--out", "both.pem"}, order...)...)
		b.write("other.yaml", "certificate: {new: both.pem}\n")
		if r := b.must(0, "check", "--config", "other.yaml"); !strings.Contains(r.Stdout, "ok") {
			t.Errorf("%v: %s", order, r.Stdout)
		}
	}
	b.now = certStart.Add(3700 * certDay)
	if r := b.must(2, "bundle", "bot.pem", "old.pem"); !strings.Contains(r.Stderr, "expired") || r.Stdout != "" {
		t.Errorf("it says %q, and wrote %q", r.Stderr, r.Stdout)
	}
	r := b.must(0, "bundle", "--allow-expired", "bot.pem", "old.pem", "old.pem")
	if strings.Count(r.Stdout, "BEGIN CERTIFICATE") != 2 || strings.Contains(r.Stdout, "PRIVATE") || !strings.Contains(r.Stderr, "subject") {
		t.Errorf("wrote %s and says %q", r.Stdout, r.Stderr)
	}
}

// TestCertPrometheus: the file is there whole or not at all, and exit 3 doesn't
// keep it from being written.
func TestCertPrometheus(t *testing.T) {
	b := newCertBench(t, dockerSet)
	b.ensure()
	b.now = certStart.Add(3700 * certDay)
	if err := os.WriteFile(filepath.Join(b.dir, "old.prom"), []byte("before"), 0o644); err != nil {
		t.Fatal(err)
	}
	before, err := os.Open(filepath.Join(b.dir, "old.prom"))
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	b.must(3, "check", "--prometheus", "old.prom")
	text := b.read("old.prom")
	for _, want := range []string{"x509_cert_expired{store=", "docker: ca-cert\"", "} 1\n", "x509_cert_not_after{", "x509_read_errors 0\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	was := make([]byte, 10)
	if n, _ := before.Read(was); string(was[:n]) != "before" {
		t.Errorf("the file was written in place: a reader saw %q", was[:n])
	}
	if info, err := os.Stat(filepath.Join(b.dir, "old.prom")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v: the collector must read it", info.Mode(), err)
	}
}

// TestCertCalendar asks python3-icalendar.
func TestCertCalendar(t *testing.T) {
	python := testenv.PythonModule(t, "icalendar")
	b := newCertBench(t, dockerSet)
	b.ensure()
	b.must(0, "remind", "--out", "c.ics")
	first := b.read("c.ics")
	if r := b.must(0, "remind", "--stdout"); r.Stdout != first {
		t.Error("--stdout writes another calendar")
	}
	script := `
import icalendar, json, sys
events = icalendar.Calendar.from_ical(sys.stdin.buffer.read()).walk("VEVENT")
print(json.dumps([[str(e["UID"]), e["DTSTART"].dt.isoformat(), [x["TRIGGER"].dt.days for x in e.walk("VALARM")]] for e in events]))`
	parse := func(text string) [][]any {
		cmd := exec.Command(python, "-c", script)
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.CombinedOutput()
		var events [][]any
		if err == nil {
			err = json.Unmarshal(out, &events)
		}
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return events
	}
	events := parse(first)
	if len(events) != 10 { // two certificates, an end and four days before each
		t.Fatalf("%d events", len(events))
	}
	if diff := cmp.Diff([]any{-90.0, -60.0, -30.0, -7.0}, events[0][2]); diff != "" {
		t.Error(diff)
	}
	b.now = certStart.Add(100 * certDay)
	if diff := cmp.Diff(events, parse(b.must(0, "remind", "--stdout").Stdout)); diff != "" {
		t.Errorf("importing it again would double events:\n%s", diff)
	}
}

// TestCertInspectEndpoint: a TLS server that only the bastion reaches, the
// Windows host's WinRM.
func TestCertInspectEndpoint(t *testing.T) {
	f := farmtest.Start(t, `
images: [{id: ami-0a0a0a0a, name: winbuilder, platform: windows, user: Administrator, files: [{path: 'C:\c.pem', from: old}]}]
instances: [{id: i-0a0a0a0a, image: ami-0a0a0a0a, name: w1}]
security_groups: [{id: sg-0a0a0a0a, name: builders, ingress: [{port: 5986, from: bastion}]}]
`, nil)
	address := f.AWS("ec2", "describe-instances", "--query", "Reservations[0].Instances[0].PrivateIpAddress", "--output", "text")
	address = net.JoinHostPort(strings.TrimSpace(address), "5986")
	var r farmtest.Result
	for range 50 { // it boots
		if r = f.Run("cert", "inspect", "--json", "--through-bastion", address); r.Code == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	var got struct {
		Certificates []struct{ Source, Subject string }
	}
	if r.JSON(t, &got); r.Code != 0 || len(got.Certificates) == 0 || got.Certificates[0].Source != address {
		t.Fatalf("exit code %d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	if r := f.Run("cert", "inspect", address); r.Code != 1 {
		t.Errorf("reached without the bastion: %s", r.Stdout)
	}
}
