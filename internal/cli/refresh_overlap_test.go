package cli_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/google/go-cmp/cmp"
)

// serveTLS is a master that presents the pair that lies in the farm's folder now.
func serveTLS(t *testing.T, f *farmtest.Farm) (address string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(f.Dir, "bot-cert.pem"), filepath.Join(f.Dir, "bot-key.pem"))
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
			_ = conn.(*tls.Conn).Handshake()
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// A certificate that is kept is renewed without a gap: what was there before is
// the old one of the overlap, whoever has written it into the configuration or
// not.
func TestRefreshOverlaps(t *testing.T) {
	t.Parallel()
	f := startFresh(t, "\nstrategy: overlap\n")
	clock := f.Sandbox.Clock()
	clock.Set(time.Date(2030, 3, 5, 6, 0, 0, 0, time.UTC))
	f.MustRun(0, "refresh")
	first, outdated := string(f.Read("bot-cert.pem")), string(f.Read("old-cert.pem"))
	held := func(image string) string { return string(f.ImageFile(image, "srv/cert.pem")) }
	if got := held(listed(f)[0]); got != first+outdated {
		t.Fatalf("the first refresh put in place\n%s", got)
	}
	stopped := serveTLS(t, f)
	f.MustRun(0, "refresh", "--endpoint", stopped)
	if got := held(listed(f)[0]); got != first {
		t.Fatalf("the master presents it, and an image holds\n%s", got)
	}
	worker, err := f.Sandbox.State().RunInstances(ec2state.LaunchRequest{ImageID: listed(f)[0], Type: "m3.xlarge", Min: 1, Max: 1})
	if err != nil {
		t.Fatal(err)
	}
	id := worker.Instances[0].ID
	before := mutations(f)
	if r := f.MustRun(0, "refresh", "--endpoint", stopped); !strings.Contains(r.Stdout, "stage done") || !cmp.Equal(before, mutations(f)) {
		t.Errorf("an idle refresh did %v and says\n%s", mutations(f)[len(before):], r.Stdout)
	}

	clock.Set(clock.Now().AddDate(0, 0, 3600))
	r := f.MustRun(0, "refresh", "--endpoint", stopped)
	second := string(f.Read("bot-cert.pem"))
	if got := held(listed(f)[0]); second == first || got != second+outdated+first {
		t.Errorf("renewed, an image holds\n%s", got)
	}
	if !strings.Contains(r.Stdout, "stage wait: "+id+" booted without the new certificate") {
		t.Errorf("renewed, refresh says\n%s", r.Stdout)
	}
	if _, err := f.Sandbox.State().TerminateInstances([]string{id}, false); err != nil {
		t.Fatal(err)
	}
	for len(f.Folders("instances")) > 0 {
		time.Sleep(time.Millisecond)
	}
	if r := f.MustRun(0, "refresh", "--endpoint", stopped); !strings.Contains(r.Stdout, "stage switch") {
		t.Errorf("nobody runs, and refresh says\n%s", r.Stdout)
	}
	f.MustRun(0, "refresh", "--endpoint", serveTLS(t, f))
	if got := held(listed(f)[0]); got != second {
		t.Errorf("switched, an image holds\n%s", got)
	}

	// Nobody knows any more what the images hold: that is not taken away.
	backups, err := filepath.Glob(filepath.Join(f.Dir, "bot-cert.pem.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(backups, filepath.Join(f.Dir, "bot-cert.pem"), filepath.Join(f.Dir, "bot-key.pem")) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if r := f.MustRun(2, "refresh", "--endpoint", stopped); !strings.Contains(r.Stderr, "that is neither") || !strings.Contains(r.Stderr, "hint: add that certificate to certificate.old") {
		t.Errorf("an unknown certificate: refresh says\n%s", r.Stderr)
	}
}
