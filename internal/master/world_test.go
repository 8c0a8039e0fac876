package master_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/remote"
	"github.com/amirotate/amirotate/internal/verify"
)

var start = time.Date(2015, 7, 14, 1, 2, 3, 0, time.UTC)

// pair is a certificate and its key, in PEM.
type pair struct{ cert, key []byte }

func makePair(t *testing.T, name string, from, to time.Time) pair {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(from.Unix()), NotBefore: from, NotAfter: to,
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pair{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})}
}

// world is a master on this disk whose daemon presents what its file held when
// the command restart was run.
type world struct {
	*testing.T
	dir      string
	old, new pair
	sw       *master.Switch
	serves   []byte // PEM
	restarts int
	broken   string // what the command restart does wrong: fail or stale
	dies     int    // the host ends at this call, counted from 1; 0 never
	calls    int
	events   strings.Builder
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir(), old: makePair(t, "old", start.AddDate(-3, 0, 0), start.Add(-time.Hour)),
		new: makePair(t, "new", start.AddDate(0, 0, -1), start.AddDate(10, 0, 0))}
	w.write("cert.pem", w.old.cert, 0o644)
	w.write("key.pem", w.old.key, 0o600)
	w.serves = w.old.cert
	newCert, newKey := w.parse("new-cert.pem", w.new.cert), w.parse("new-key.pem", w.new.key)
	w.sw = &master.Switch{
		Settings: master.Settings{Address: "local", Certificate: w.path("cert.pem"), Key: w.path("key.pem"),
			Old: []*cert.File{w.parse("old-cert.pem", w.old.cert)}, New: newCert, NewKey: newKey,
			Commands: []command.Command{{Run: "restart"}, {Run: "echo buildmaster restarted"}},
			Check:    master.Check{Address: "master:9988", Timeout: 300 * time.Millisecond}},
		Dial:      func(context.Context) (master.Host, error) { return &host{w: w}, nil },
		Handshake: func(context.Context) ([]*cert.Certificate, error) { return w.parse("port", w.serves).Certificates, nil },
		Report: func(step master.Step, status master.Status, _ time.Duration, detail string) {
			fmt.Fprintf(&w.events, "%s %s %s\n", step, status, detail)
		},
		Now: func() time.Time { return start },
	}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name string, content []byte, mode os.FileMode) {
	w.Helper()
	if err := os.WriteFile(w.path(name), content, mode); err != nil {
		w.Fatal(err)
	}
}

func (w *world) read(name string) []byte {
	w.Helper()
	content, err := os.ReadFile(w.path(name))
	if err != nil {
		w.Fatal(err)
	}
	return content
}

func (w *world) parse(name string, content []byte) *cert.File {
	w.Helper()
	f, err := cert.ParseAny(name, content)
	if err != nil {
		w.Fatal(err)
	}
	return f
}

// names are the files in the master's folder.
func (w *world) names() []string {
	w.Helper()
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		w.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

const (
	backupCert = "cert.pem.20150714T010203Z"
	backupKey  = "key.pem.20150714T010203Z"
)

// holds checks the folder: which pair is in place and which is kept, if any,
// with their modes, and nothing else.
func (w *world) holds(now pair, kept *pair) {
	w.Helper()
	want := []string{"cert.pem", "key.pem"}
	files := map[string][]byte{"cert.pem": now.cert, "key.pem": now.key}
	if kept != nil {
		want = append(want, backupCert, backupKey)
		files[backupCert], files[backupKey] = kept.cert, kept.key
	}
	slices.Sort(want)
	if got := w.names(); !slices.Equal(got, want) {
		w.Errorf("in the folder: %q, want %q", got, want)
	}
	for name, content := range files {
		if !bytes.Equal(w.read(name), content) {
			w.Errorf("%s does not hold what it should", name)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(name, "key") {
			mode = 0o600
		}
		if info, err := os.Stat(w.path(name)); err != nil || info.Mode() != mode {
			w.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, mode)
		}
	}
}

var errDied = errors.New("the run was killed")

// host is the local disk, with a daemon; it ends when the world says so.
type host struct {
	remote.Local
	w *world
}

// live counts a call that changes something; dead before it, or after it.
func (h *host) live() error {
	h.w.calls++
	if h.w.calls == h.w.dies {
		return errDied
	}
	return nil
}

func (h *host) Copy(ctx context.Context, file, name string) error {
	if err := h.live(); err != nil {
		return err
	}
	return errors.Join(h.Local.Copy(ctx, file, name), h.live())
}

func (h *host) RemoveCopy(ctx context.Context, file, name string) error {
	if err := h.live(); err != nil {
		return err
	}
	return errors.Join(h.Local.RemoveCopy(ctx, file, name), h.live())
}

// Replace may end between two files, too, in either order.
func (h *host) Replace(ctx context.Context, changes []verify.Change) ([]verify.File, error) {
	if err := h.live(); err != nil {
		return nil, err
	}
	for i := range changes {
		one := []verify.Change{changes[i]}
		if h.w.calls+1 == h.w.dies {
			one = []verify.Change{changes[len(changes)-1]}
		}
		if h.live() != nil {
			_, err := h.Local.Replace(ctx, one)
			return nil, errors.Join(errDied, err)
		}
	}
	files, err := h.Local.Replace(ctx, changes)
	return files, errors.Join(err, h.live())
}

func (h *host) Run(ctx context.Context, c command.Command) (command.Output, error) {
	if err := h.live(); err != nil {
		return command.Output{Status: -1}, err
	}
	if c.Run != "restart" {
		out, err := h.Local.Run(ctx, c)
		return out, errors.Join(err, h.live())
	}
	h.w.restarts++
	switch h.w.broken {
	case "fail":
		return command.Output{Status: 7, Text: "the key is\n" + string(h.w.new.key) + "cannot start\n"}, nil
	case "stale":
		return command.Output{Text: "restarted\n"}, h.live()
	}
	h.w.serves = h.w.read("cert.pem")
	return command.Output{Text: "restarted\n"}, h.live()
}

// carry runs the switch, or the way back, until it succeeds or fails for good.
func (w *world) carry(listRewritten bool) (*master.Result, error) {
	return w.sw.Carry(w.Context(), master.Order{ListRewritten: listRewritten})
}
