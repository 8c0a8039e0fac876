package store

import (
	"context"
	"crypto/tls"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/testenv"
)

// killed is what a dying disk panics with.
type killed struct{}

// quickDisk flushes nothing: a process that dies leaves what it wrote to the
// kernel.
type quickDisk struct{ realDisk }

func (quickDisk) Create(path string, data []byte, a attributes) error {
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return os.Chmod(path, a.mode)
}

func (quickDisk) SyncDir(string) error { return nil }

// dyingDisk dies at the nth step: before it, halfway through it (a file is cut
// short), or after it.
type dyingDisk struct {
	quickDisk
	steps, dieAt int
	when         string
}

func (d *dyingDisk) step(do func() error, half func()) error {
	d.steps++
	if d.steps != d.dieAt {
		return do()
	}
	switch d.when {
	case "halfway":
		half()
	case "after":
		_ = do()
	}
	panic(killed{})
}

func nothing() {}

func (d *dyingDisk) Mkdir(path string, mode fs.FileMode) error {
	return d.step(func() error { return d.quickDisk.Mkdir(path, mode) }, nothing)
}

func (d *dyingDisk) Create(path string, data []byte, a attributes) error {
	return d.step(func() error { return d.quickDisk.Create(path, data, a) }, func() { _ = os.WriteFile(path, data[:len(data)/2], 0o600) })
}

func (d *dyingDisk) Symlink(target, path string) error {
	return d.step(func() error { return d.quickDisk.Symlink(target, path) }, nothing)
}

func (d *dyingDisk) Rename(from, to string) error {
	return d.step(func() error { return d.quickDisk.Rename(from, to) }, nothing)
}

func (d *dyingDisk) SyncDir(path string) error {
	return d.step(func() error { return d.quickDisk.SyncDir(path) }, nothing)
}

// RemoveAll removes some of what is below when it dies halfway.
func (d *dyingDisk) RemoveAll(path string) error {
	return d.step(func() error { return d.quickDisk.RemoveAll(path) }, func() {
		if entries, _ := os.ReadDir(path); len(entries) > 0 {
			_ = os.Remove(filepath.Join(path, entries[0].Name()))
		}
	})
}

// pairState is what a server would find: nothing, or a pair that fits, by its
// certificate.
func pairState(t *testing.T, dir string) string {
	t.Helper()
	certificate, certErr := os.ReadFile(filepath.Join(dir, "cert.pem"))
	key, keyErr := os.ReadFile(filepath.Join(dir, "key.pem"))
	if os.IsNotExist(certErr) && os.IsNotExist(keyErr) {
		return "nothing"
	}
	if _, err := tls.X509KeyPair(certificate, key); certErr != nil || keyErr != nil || err != nil {
		return fmt.Sprintf("a mix: cert.pem %v, key.pem %v, %v", certErr, keyErr, err)
	}
	return string(certificate)
}

// TestKilledAtEachStep kills Ensure before, in the middle of and after each
// write, from an empty folder, from plain files, and from the store's own links.
func TestKilledAtEachStep(t *testing.T) {
	points := 0
	for _, from := range []string{"empty", "plain", "links"} {
		for _, when := range []string{"before", "halfway", "after"} {
			for n := 1; ; n++ {
				dir := t.TempDir()
				prepare(t, dir, from)
				old := pairState(t, dir)
				due := start.Add(3600 * 24 * time.Hour)
				if !ensureUntilKilled(t, dir, due, n, when) {
					break
				}
				points++
				name := fmt.Sprintf("from %s, killed %s step %d", from, when, n)
				seen := pairState(t, dir)
				f := folder(t, dir)
				f.disk = quickDisk{}
				r := ensure(t, f, policy, due)
				fresh := string(r.Items["cert"])
				if seen != old && (r.Changed || seen != fresh) {
					t.Fatalf("%s: neither the old pair nor the new:\n%s", name, seen)
				}
				if got := pairState(t, dir); got != fresh || fresh == old {
					t.Fatalf("%s: the next run did not finish: %s", name, got)
				}
				if r.Changed {
					assertTidy(t, f)
				}
				assertBackup(t, dir, from, old, due)
			}
		}
	}
	testenv.Figure(t, "killed at %d points", points)
	if points < 60 {
		t.Fatalf("only %d points were tried", points)
	}
}

func prepare(t *testing.T, dir, from string) {
	t.Helper()
	if from == "empty" {
		return
	}
	f := folder(t, dir)
	f.disk = quickDisk{}
	ensure(t, f, policy, start)
	if from == "links" {
		return
	}
	for _, name := range []string{"cert.pem", "key.pem"} {
		path := filepath.Join(dir, name)
		data := read(t, path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{f.generation(), f.names.current, lockFile} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// ensureUntilKilled returns false if Ensure came to its end before step n.
func ensureUntilKilled(t *testing.T, dir string, now time.Time, n int, when string) (died bool) {
	t.Helper()
	f := folder(t, dir)
	f.disk = &dyingDisk{dieAt: n, when: when}
	defer func() {
		r := recover()
		if _, ok := r.(killed); ok {
			died = true
		} else if r != nil {
			panic(r)
		}
	}()
	if _, err := keep.Ensure(context.Background(), f, policy, at(now)); err != nil {
		t.Fatal(err)
	}
	return false
}

func assertBackup(t *testing.T, dir, from, old string, now time.Time) {
	t.Helper()
	if from == "empty" {
		return
	}
	if got := read(t, filepath.Join(dir, "cert.pem."+now.Format(stamp))); got != old {
		t.Fatal("the old certificate was not backed up")
	}
}
