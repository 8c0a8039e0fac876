package store

import (
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cert/keep"
)

// pairIn is the store of two named files in a folder.
func pairIn(t *testing.T, dir, certificate, key string) *Folder {
	t.Helper()
	f, err := NewFolder(dir, policy.Items(), map[string]string{keep.Cert: certificate, keep.Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Several pairs and a set may be kept in one folder: making one anew leaves the
// others as they are, keys above all.
func TestPairsInOneFolder(t *testing.T) {
	dir := t.TempDir()
	stores := map[string]*Folder{"a": pairIn(t, dir, "a.pem", "a-key.pem"), "b": pairIn(t, dir, "b.pem", "b-key.pem"), "plain": folder(t, dir)}
	contents := func(f *Folder) map[string]string {
		held := map[string]string{}
		for _, path := range f.paths() {
			held[path] = read(t, path)
		}
		return held
	}
	held := map[string]map[string]string{}
	for round := range 3 {
		for name, f := range stores {
			if r := ensure(t, f, policy, start.Add(time.Duration(round)*3600*24*time.Hour)); !r.Changed {
				t.Fatalf("round %d: %s was not made", round, name)
			}
			held[name] = contents(f)
			for other, was := range held {
				if !maps.Equal(was, contents(stores[other])) {
					t.Fatalf("round %d: %s has changed, %s was made", round, other, name)
				}
			}
		}
	}
}

// A certificate that is given another key does not take its own away.
func TestCertificateWithAnotherKey(t *testing.T) {
	dir := t.TempDir()
	ensure(t, pairIn(t, dir, "a.pem", "a-key.pem"), policy, start)
	ensure(t, pairIn(t, dir, "b.pem", "b-key.pem"), policy, start)
	was := read(t, filepath.Join(dir, "a-key.pem"))
	if r := ensure(t, pairIn(t, dir, "a.pem", "b-key.pem"), policy, start.Add(time.Second)); !r.Changed {
		t.Fatal("a key that is not the certificate's was kept")
	}
	if read(t, filepath.Join(dir, "a-key.pem")) != was {
		t.Error("the key of the first pair is lost")
	}
	for _, name := range []string{"a.pem", "b-key.pem"} {
		if backups, err := Backups(filepath.Join(dir, name)); err != nil || len(backups) != 1 {
			t.Errorf("%s: backups %v, %v", name, backups, err)
		}
	}
}
