package cli_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/farmtest"
)

// tlsSet is an authority, a certificate and its key, as one side of mutual TLS
// holds them.
type tlsSet struct{ ca, cert, key []byte }

// config is what Docker makes of them, on either side.
func (s tlsSet) config(t *testing.T, now time.Time) *tls.Config {
	t.Helper()
	pair, err := tls.X509KeyPair(s.cert, s.key)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(s.ca) {
		t.Fatal("no authority")
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: trusted, ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert,
		ServerName: "docker.internal", Time: func() time.Time { return now }}
}

// handshake is that of client and server, both certificates verified.
func handshake(t *testing.T, client, server tlsSet, now time.Time) error {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	result := make(chan error, 1)
	go func() {
		conn := tls.Server(far, server.config(t, now))
		err := conn.Handshake()
		if err == nil {
			_, err = conn.Write([]byte("pong"))
		}
		result <- err
	}()
	conn := tls.Client(near, client.config(t, now))
	answer := make([]byte, 4)
	_, clientErr := conn.Read(answer)
	serverErr := <-result
	if clientErr != nil || serverErr != nil {
		return fmt.Errorf("client: %v; server: %v", clientErr, serverErr)
	}
	return nil
}

// rackFarm is an account whose Docker host was booted from an image with a set
// that a release handed out, and whose Parameter Store holds that set.
type rackFarm struct {
	*certBench
	farm *farmtest.Farm
}

const rackCertificate = `
certificate:
  kind: set
  authority: CN=docker CA
  subject: CN=docker.internal
  key_type: ecdsa-p256
`

// newRackFarm makes an authority of ten years and a pair that ends five days
// before it.
func newRackFarm(t *testing.T) *rackFarm {
	maker := newCertBench(t, rackCertificate+"  store: {folder: set}\n")
	maker.ensure()
	for _, name := range []string{"cert.pem", "key.pem"} {
		if err := os.Remove(filepath.Join(maker.dir, "set", name)); err != nil {
			t.Fatal(err)
		}
	}
	maker.write("amirotate.yaml", rackCertificate+"  store: {folder: set}\n  validity: 3645d\n")
	maker.ensure()
	files := map[string]string{}
	for _, name := range []string{"ca.pem", "ca-key.pem", "cert.pem", "key.pem"} {
		files[name] = maker.read("set/" + name)
	}
	end := certStart.Add(3645 * certDay).Format(time.RFC3339)
	f := farmtest.Start(t, `
clock: {scale: 0.0001}
images:
  - id: ami-0d0c0e00
    name: docker
    platform: linux
    user: bot
    tags: {`+fmt.Sprintf("%q: %q", cloud.TagCertNotAfter, end)+`}
    files:
      - {path: /etc/ca.pem, from: ca.pem}
      - {path: /etc/cert.pem, from: cert.pem}
      - {path: /etc/key.pem, from: key.pem, mode: "0600"}
instances: [{id: i-0d0c0e00, image: ami-0d0c0e00, name: docker1}]
security_groups: [{id: sg-0a0a0a0a, name: builders, ingress: [{port: 22, from: bastion}]}]
`, files)
	for item, name := range map[string]string{"ca-cert": "ca.pem", "ca-key": "ca-key.pem", "cert": "cert.pem", "key": "key.pem"} {
		callSSM(t, f, "PutParameter", map[string]any{"Name": "rack1-docker-tls-" + item, "Type": "String", "Value": files[name]}, nil)
	}
	r := &rackFarm{newCertBench(t, rackCertificate+"  store: {ssm: 'rack1-docker-tls-{item}'}\nwaits: {poll: 10ms}\nslave_list: "+filepath.Join(f.Dir, "slave-list.txt")+"\n").onFarm(f), f}
	return r
}

// onInstance is what the running instance holds on its disk.
func (r *rackFarm) onInstance() tlsSet {
	etc := "instances/i-0d0c0e00/root/etc/"
	return tlsSet{r.farm.Read(etc + "ca.pem"), r.farm.Read(etc + "cert.pem"), r.farm.Read(etc + "key.pem")}
}

// inStore is what a client of the rack fetches.
func (r *rackFarm) inStore() tlsSet {
	get := func(item string) []byte {
		var out struct{ Parameter struct{ Value string } }
		callSSM(r.T, r.farm, "GetParameter", map[string]any{"Name": "rack1-docker-tls-" + item, "WithDecryption": true}, &out)
		return []byte(out.Parameter.Value)
	}
	return tlsSet{get("ca-cert"), get("cert"), get("key")}
}

// TestCertDockerRack replays the second incident: a rack whose authority was
// made anew at each release, while running instances trusted the one that they
// had booted with.
func TestCertDockerRack(t *testing.T) {
	r := newRackFarm(t)
	booted := r.onInstance()
	at := func(days int) { r.now = certStart.Add(time.Duration(days) * certDay) }
	works := func(what string, client, server tlsSet) {
		t.Helper()
		if err := handshake(t, client, server, r.now); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}

	for days := range 30 { // releases
		at(1 + 100*days)
		if r.ensure().Changed {
			t.Fatalf("a release on day %d replaced a good set", 1+100*days)
		}
	}
	works("after thirty releases", r.inStore(), booted)
	if c := r.check(0); c.states()["ami-0d0c0e00"] != "ok" || len(c.Certificates) != 3 {
		t.Errorf("check: %+v", c)
	}

	at(3586) // the pair is due, its authority is not
	if c := r.check(3); strings.Contains(fmt.Sprint(c.states()), "expired") || c.states()["ami-0d0c0e00"] != "due" {
		t.Errorf("check before the renewal: %v", c.states())
	}
	if made := r.ensure().Decision.Make; fmt.Sprint(made) != "[cert]" {
		t.Fatalf("made %v, want the pair alone", made)
	}
	renewed := r.inStore()
	if bytes.Equal(renewed.cert, booted.cert) || !bytes.Equal(bytes.TrimSpace(renewed.ca), bytes.TrimSpace(booted.ca)) {
		t.Fatal("the renewal changed the wrong things")
	}
	works("a renewed client, the booted instance", renewed, booted)
	works("the old client, an instance with the renewed pair", booted, renewed)

	at(3595) // the authority is due
	if made := r.ensure().Decision.Make; fmt.Sprint(made) != "[ca-cert cert]" {
		t.Fatalf("made %v, want the authority and the pair", made)
	}
	changed := r.inStore()
	if n := bytes.Count(changed.ca, []byte("BEGIN CERTIFICATE")); n != 2 {
		t.Errorf("%d authorities are handed out, want old and new", n)
	}
	works("a new client, the booted instance", changed, booted)
	works("the old client, an instance with the new set", booted, changed)
	works("a new client, an instance with the renewed pair", changed, renewed)
	works("new on both sides", changed, changed)
	if r.ensure().Changed {
		t.Error("made again")
	}
	if !bytes.Equal(r.onInstance().ca, booted.ca) {
		t.Error("the running instance was touched")
	}

	at(3700) // the old authority and what it signed have ended
	c := r.check(3)
	if c.states()["ami-0d0c0e00"] != "expired" {
		t.Errorf("check past the image's end: %v", c.states())
	}
	for _, row := range c.Certificates {
		if row.SourceKind != "image" && row.State != "ok" && strings.Contains(row.Source, "rack1") {
			t.Errorf("%s is %s: %s", row.Source, row.State, row.Reason)
		}
	}
	works("new on both sides, past the old one's end", changed, changed)
	if handshake(t, changed, booted, r.now) == nil {
		t.Error("an instance with an expired certificate is accepted: the test can't fail")
	}
}

// TestCertDockerRackExpired: nobody ran ensure in time.
func TestCertDockerRackExpired(t *testing.T) {
	r := newRackFarm(t)
	r.now = certStart.Add(3660 * certDay)
	c := r.check(3)
	for _, row := range c.Certificates {
		if row.State != "expired" || row.DaysLeft == nil || *row.DaysLeft >= 0 {
			t.Errorf("%s is %s", row.Source, row.State)
		}
	}
	if r := r.must(3, "check"); strings.Count(r.Stdout, "expired on") != 3 {
		t.Errorf("check prints\n%s", r.Stdout)
	}
}
