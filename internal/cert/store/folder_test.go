package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/cert/issue"
	"github.com/amirotate/amirotate/internal/cert/keep"
)

var (
	start  = time.Date(2026, 11, 22, 11, 42, 21, 0, time.UTC)
	policy = keep.Policy{KeyType: issue.ECDSAP256, Leaves: []keep.Leaf{{Subject: keep.Subject{Name: "CN=bot.example.org"}}}}
)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func folder(t *testing.T, dir string) *Folder {
	t.Helper()
	f, err := NewFolder(dir, policy.Items(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func ensure(t *testing.T, s keep.Store, p keep.Policy, now time.Time) keep.Result {
	t.Helper()
	r, err := keep.Ensure(context.Background(), s, p, at(now))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEnsureInAFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	f := folder(t, dir)
	if r := ensure(t, f, policy, start); !r.Changed {
		t.Fatalf("an empty folder got no certificate: %+v", r.Decision)
	}
	first := read(t, filepath.Join(dir, "cert.pem"))
	for range 100 {
		if r := ensure(t, f, policy, start.Add(time.Hour)); r.Changed {
			t.Fatalf("a good certificate was replaced: %+v", r.Decision)
		}
	}
	if got := read(t, filepath.Join(dir, "cert.pem")); got != first {
		t.Fatal("cert.pem changed")
	}
	info, err := os.Stat(filepath.Join(dir, "key.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key.pem: mode %v, error %v; want 0600", info.Mode(), err)
	}
}

// TestPlainFilesAreTakenOver starts with files as openssl leaves them.
func TestPlainFilesAreTakenOver(t *testing.T) {
	dir := t.TempDir()
	source := folder(t, filepath.Join(t.TempDir(), "s"))
	ensure(t, source, policy, start)
	for _, name := range []string{"cert.pem", "key.pem"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(read(t, filepath.Join(source.dir, name))), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	oldKey := read(t, filepath.Join(dir, "key.pem"))
	later := start.Add(3600 * 24 * time.Hour)
	f := folder(t, dir)
	if r := ensure(t, f, policy, later); !r.Changed {
		t.Fatalf("a certificate with 50 days left was kept: %+v", r.Decision)
	}
	if read(t, filepath.Join(dir, "key.pem")) == oldKey {
		t.Fatal("the key is the old one")
	}
	backup := filepath.Join(dir, "key.pem."+later.Format(stamp))
	if read(t, backup) != oldKey {
		t.Fatal("the backup is not the old key")
	}
	for name, want := range map[string]os.FileMode{backup: 0o600, filepath.Join(dir, "key.pem"): 0o600, filepath.Join(dir, "cert.pem"): 0o640} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, error %v; want %v", name, info.Mode(), err, want)
		}
	}
	assertTidy(t, f)
}

// assertTidy wants one generation and no temporary file.
func assertTidy(t *testing.T, f *Folder) {
	t.Helper()
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	var generations, temporary []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), f.names.generation) {
			generations = append(generations, e.Name())
		}
		if strings.HasPrefix(e.Name(), temporaryPrefix) {
			temporary = append(temporary, e.Name())
		}
	}
	if len(generations) != 1 || len(temporary) != 0 {
		t.Errorf("left behind: generations %v, temporary files %v", generations, temporary)
	}
}

func TestLoadFailsOnWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	f := folder(t, dir)
	if err := os.Mkdir(filepath.Join(dir, "key.pem"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := keep.Ensure(context.Background(), f, policy, at(start)); err == nil {
		t.Fatal("a folder in place of the key caused a new pair")
	}
	if _, err := os.Stat(filepath.Join(dir, "cert.pem")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("cert.pem was written: %v", err)
	}
	if os.Getuid() == 0 {
		return // root reads everything
	}
	_ = os.Remove(filepath.Join(dir, "key.pem"))
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := keep.Ensure(context.Background(), f, policy, at(start)); !errors.Is(err, os.ErrPermission) {
		t.Fatalf("a key that may not be read: %v, want permission denied", err)
	}
}

func TestReplaceRefusesAChangedStore(t *testing.T) {
	f := folder(t, t.TempDir())
	was, err := f.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ensure(t, f, policy, start)
	before, _ := f.Load(context.Background())
	if err := f.Replace(context.Background(), was, keep.Items{"cert": []byte("x")}, start); !errors.Is(err, keep.ErrChanged) {
		t.Fatalf("got %v, want ErrChanged", err)
	}
	if after, _ := f.Load(context.Background()); cmp.Diff(map[string][]byte(before.Items), map[string][]byte(after.Items)) != "" {
		t.Fatal("a refused replacement changed the store")
	}
}

func TestTwoAtOnceEndWithOnePair(t *testing.T) {
	dir := t.TempDir()
	results := make(chan string, 4)
	for range cap(results) {
		f := folder(t, dir)
		go func() {
			r, err := keep.Ensure(context.Background(), f, policy, at(start))
			if err != nil {
				results <- err.Error()
				return
			}
			results <- r.Items.Digest()
		}()
	}
	first := <-results
	for range cap(results) - 1 {
		if got := <-results; got != first {
			t.Errorf("two runs at once ended with %s and %s", first, got)
		}
	}
	assertTidy(t, folder(t, dir))
}

func TestCertificateAndKeyInOneFileAndFilesElsewhere(t *testing.T) {
	root := t.TempDir()
	one, err := NewFolder(filepath.Join(root, "one"), policy.Items(), map[string]string{"cert": "stunnel.pem", "key": "stunnel.pem"})
	if err != nil {
		t.Fatal(err)
	}
	ensure(t, one, policy, start)
	text := read(t, filepath.Join(root, "one", "stunnel.pem"))
	if strings.Count(text, "BEGIN CERTIFICATE") != 1 || strings.Count(text, "BEGIN PRIVATE KEY") != 1 {
		t.Fatal("stunnel.pem does not hold one certificate and one key")
	}
	ensure(t, one, policy, start.Add(3600*24*time.Hour))
	renewed := read(t, filepath.Join(root, "one", "stunnel.pem"))
	if strings.Count(renewed, "BEGIN") != 2 || renewed == text {
		t.Fatal("stunnel.pem was not renewed whole")
	}

	if err := os.Mkdir(filepath.Join(root, "private"), 0o700); err != nil {
		t.Fatal(err)
	}
	two, err := NewFolder(filepath.Join(root, "two"), policy.Items(), map[string]string{"key": filepath.Join(root, "private", "k.pem")})
	if err != nil {
		t.Fatal(err)
	}
	ensure(t, two, policy, start)
	if r := ensure(t, two, policy, start); r.Changed {
		t.Fatal("a key in another folder is not found again")
	}
	if !strings.Contains(read(t, filepath.Join(root, "private", "k.pem")), "PRIVATE KEY") {
		t.Fatal("no key in the other folder")
	}
}
