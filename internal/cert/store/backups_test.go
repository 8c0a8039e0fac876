package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/google/go-cmp/cmp"
)

func TestBackups(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "cert.pem")
	if found, err := Backups(filepath.Join(dir, "no", "cert.pem")); found != nil || err != nil {
		t.Errorf("no folder: %v, %v", found, err)
	}
	f, err := NewFolder(dir, []string{keep.Cert, keep.Key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.Path(keep.Cert) != path || f.Path("other") != "" {
		t.Errorf("the certificate is at %q, something else at %q", f.Path(keep.Cert), f.Path("other"))
	}
	for i, text := range []string{"one", "two", "three"} {
		was, err := f.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Replace(t.Context(), was, keep.Items{keep.Cert: []byte(text), keep.Key: []byte("key")}, time.Date(2030, 1, 1+i, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{"cert.pem.old", "cert.pem.20300101T000000Z.txt", "my-cert.pem.20300101T000000Z"} {
		if err := os.WriteFile(filepath.Join(dir, other), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := Backups(path)
	if want := []string{path + ".20300103T000000Z", path + ".20300102T000000Z"}; err != nil || !cmp.Equal(found, want) {
		t.Errorf("found %v, %v; want %v", found, err, want)
	}
	for i, want := range []string{"two", "one"} {
		if text, err := os.ReadFile(found[i]); err != nil || string(text) != want {
			t.Errorf("%s holds %q, %v; want %q", found[i], text, err, want)
		}
	}
}
