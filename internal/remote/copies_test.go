//go:build unix

package remote

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// copier is what has copies.
type copier interface {
	Copies(ctx context.Context, file string) ([]string, error)
	Copy(ctx context.Context, file, name string) error
	RemoveCopy(ctx context.Context, file, name string) error
}

func eachCopier(t *testing.T, test func(t *testing.T, c copier)) {
	t.Run("local", func(t *testing.T) { test(t, Local{}) })
	eachShell(t, func(t *testing.T, h *SSHHost) { test(t, h) })
}

func TestCopies(t *testing.T) {
	eachCopier(t, func(t *testing.T, c copier) {
		dir := filepath.Join(t.TempDir(), "it's a folder")
		file := filepath.Join(dir, "key.pem")
		write(t, file, "secret", 0o600)
		write(t, filepath.Join(dir, "key.pemx"), "", 0o644)
		if os.Getuid() == 0 {
			if err := os.Chown(file, 1234, 2345); err != nil {
				t.Fatal(err)
			}
		}
		before := stat(t, file)
		for _, name := range []string{"key.pem.20150714T010203Z", "key.pem.old one"} {
			if err := c.Copy(t.Context(), file, name); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, name)
			if content(t, path) != "secret" || stat(t, path) != before {
				t.Errorf("%s: %q, %v, want %v", name, content(t, path), stat(t, path), before)
			}
		}
		got, err := c.Copies(t.Context(), file)
		if diff := cmp.Diff([]string{"key.pem.20150714T010203Z", "key.pem.old one"}, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		dead := ".amirotate-0123-copy" // what a dead run has begun to copy
		if _, local := c.(Local); local {
			dead = stagedPrefix(file) + "0123"
		}
		write(t, filepath.Join(dir, dead), "secr", 0o600)
		for range 2 { // the second one is gone already
			if err := c.RemoveCopy(t.Context(), file, "key.pem.old one"); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]string{"key.pem", "key.pem.20150714T010203Z", "key.pemx"}, names(t, dir)); diff != "" {
			t.Errorf("in the folder (-want +got):\n%s", diff)
		}
	})
}

func TestCopiesAreRefused(t *testing.T) {
	eachCopier(t, func(t *testing.T, c copier) {
		dir := t.TempDir()
		file := filepath.Join(dir, "key.pem")
		write(t, file, "secret", 0o600)
		for _, name := range []string{"", "key.pem", "other.pem", "key.pem./../x", "../key.pem.x", "key.pem.a\nb"} {
			if c.Copy(t.Context(), file, name) == nil || c.RemoveCopy(t.Context(), file, name) == nil {
				t.Errorf("%q was taken for a copy's name", name)
			}
		}
		err := c.Copy(t.Context(), filepath.Join(dir, "none"), "none.copy")
		if err == nil || !strings.Contains(err.Error(), "o such file") {
			t.Errorf("a file that is not there: %v", err)
		}
		if got, err := c.Copies(t.Context(), file); len(got) != 0 || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		if got := names(t, dir); len(got) != 1 {
			t.Errorf("left behind: %q", got)
		}
	})
}

// stat is mode and owner of a file.
func stat(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().String() + " " + ownerOf(info)
}
