//go:build unix

package remote

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/amirotate/amirotate/internal/verify"
)

// finds is what both SSHHost and Local must find in the same folders.
func finds(t *testing.T, h Host) {
	dir := t.TempDir()
	in := func(names ...string) []string {
		paths := make([]string, len(names))
		for i, n := range names {
			paths[i] = filepath.Join(dir, n)
		}
		return paths
	}
	for name, text := range map[string]string{
		"a/cert.pem": oldText, "a/it's  a copy [1].pem": oldText, "a/b/c/deep.pem": oldText, "a/other.pem": "old certificate?",
		"a/long.pem": oldText + oldText, "a/.hidden": oldText, "a/new\nline.pem": oldText, "home/x/bot/cert": newText,
		"home/y y/bot/cert": oldText, "home/bot/cert": oldText, "[q]/cert": oldText, "q/cert": oldText, "a*/cert": oldText,
	} {
		write(t, filepath.Join(dir, name), text, 0o644)
	}
	link(t, "a/cert.pem", filepath.Join(dir, "link.pem"))
	link(t, "nowhere", filepath.Join(dir, "dangling"))
	link(t, "a", filepath.Join(dir, "alink"))
	write(t, filepath.Join(dir, "big"), strings.Repeat("x", maxFound+1), 0o644)
	if err := os.WriteFile(filepath.Join(dir, "a", "secret"), []byte(oldText), 0); err != nil {
		t.Fatal(err)
	}
	size := []int64{int64(len(oldText))}
	for name, tt := range map[string]struct {
		search verify.Search
		want   []string
	}{
		"one level":   {verify.Search{Folders: in("a"), Depth: 1, Sizes: size, Most: 9}, []string{"a/.hidden", "a/cert.pem", "a/it's  a copy [1].pem", "a/other.pem", "a/secret"}},
		"two sizes":   {verify.Search{Folders: in("a/b", "a/none", "home/x/bot"), Depth: 2, Sizes: []int64{1, size[0]}, Most: 9}, []string{"a/b/c/deep.pem", "home/x/bot/cert"}},
		"through it":  {verify.Search{Folders: in("alink/b"), Depth: 3, Sizes: size, Most: 9}, []string{"a/b/c/deep.pem"}},
		"wildcards":   {verify.Search{Folders: in("home/*/bot", "home/?/nothing"), Depth: 1, Sizes: size, Most: 9}, []string{"home/x/bot/cert", "home/y y/bot/cert"}},
		"brackets":    {verify.Search{Folders: in("[q]"), Depth: 1, Sizes: size, Most: 9}, []string{"[q]/cert"}},
		"no sizes":    {verify.Search{Folders: []string{dir}, Depth: 1, Most: 9}, []string{"link.pem"}},
		"other sizes": {verify.Search{Folders: []string{dir}, Depth: 5, Sizes: []int64{7}, Most: 9}, nil},
	} {
		got, err := h.Find(t.Context(), tt.search)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var paths []string
		for _, f := range got {
			b, err := os.ReadFile(f.Path)
			if err == nil && (f.Digests != verify.Of(b) || f.Status != verify.Present) || err != nil && f.MD5 != "" {
				t.Errorf("%s: %+v, %v", name, f, err)
			}
			rel, _ := filepath.Rel(dir, f.Path)
			paths = append(paths, strings.Replace(rel, "alink", "a", 1))
		}
		slices.Sort(paths)
		paths = slices.DeleteFunc(paths, func(p string) bool { return strings.Contains(p, "\n") }) // which a shell can't tell
		if d := cmp.Diff(tt.want, paths); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if got, err := h.Find(t.Context(), verify.Search{Folders: in("a"), Depth: 4, Sizes: size, Most: 2}); err != nil || len(got) != 2 {
		t.Errorf("no more than two: %+v, %v", got, err)
	}
}

func TestFind(t *testing.T) {
	eachShell(t, func(t *testing.T, h *SSHHost) { finds(t, h) })
	t.Run("local", func(t *testing.T) { finds(t, Local{}) })
}

func TestFindNeedsABound(t *testing.T) {
	testenv.Program(t, "dash")
	h := shellHost(t, []string{"dash"}, fakes(t, map[string]string{
		"find": "case $* in *-maxdepth*) echo bad option >&2; exit 1 ;; esac\necho /etc/passwd"}))
	got, err := h.Find(t.Context(), verify.Search{Folders: []string{"/etc"}, Depth: 1, Most: 9})
	if err == nil || !strings.Contains(err.Error(), "how deep") || len(got) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
