package winrm_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/amirotate/amirotate/internal/remote/winrm"
	"github.com/amirotate/amirotate/internal/testenv"
	"github.com/amirotate/amirotate/internal/verify"
)

func TestReplaceAndReadBack(t *testing.T) {
	for _, auth := range []string{winrm.Basic, winrm.NTLM} {
		for _, kib := range []int{1, 2, 8, 64, 200} {
			t.Run(fmt.Sprintf("%s/%dKiB", auth, kib), func(t *testing.T) {
				t.Parallel()
				old, new := pemOf(t, kib<<10), pemOf(t, kib<<10)
				w := boot(t, map[string][]byte{"C/Program Files (x86)/stunnel/cert.pem": old, "C/bot/cert.pem": old}, nil)
				o := w.options()
				o.Auth = auth
				host := w.dial(o)

				seen, err := host.Read(t.Context(), []string{certPath})
				if err != nil {
					t.Fatal(err)
				}
				if seen[0].Digests != verify.Of(old) || !bytes.Equal(seen[0].Content, old) || seen[0].Owner == "" {
					t.Fatalf("before: %+v", seen[0])
				}
				before, err := host.Replace(t.Context(), []verify.Change{change(certPath, old, new)})
				if err != nil {
					t.Fatal(err)
				}
				if before[0].Digests != verify.Of(old) {
					t.Errorf("before the replace: %+v", before[0])
				}
				after, err := host.Read(t.Context(), []string{certPath})
				if err != nil {
					t.Fatal(err)
				}
				if after[0].Digests != verify.Of(new) || after[0].Owner != seen[0].Owner {
					t.Errorf("after: %+v", after[0])
				}
				w.expect(map[string][]byte{"C/Program Files (x86)/stunnel/cert.pem": new, "C/bot/cert.pem": old})
			})
		}
	}
}

// A certificate is replaced and read back, from connecting to closing, in few
// requests: each is a round trip of a slow link.
func TestFewRequests(t *testing.T) {
	for _, tt := range []struct {
		auth string
		kib  int
		most int32
	}{
		{winrm.Basic, 1, 10}, // both commands fit into their lines
		{winrm.Basic, 8, 11}, // the payload goes to standard input
		{winrm.Basic, 64, 12},
		{winrm.NTLM, 8, 13}, // Windows' challenge, and closing logs in again only after a lost connection
	} {
		t.Run(fmt.Sprintf("%s/%dKiB", tt.auth, tt.kib), func(t *testing.T) {
			t.Parallel()
			old, new := pemOf(t, 8<<10), pemOf(t, tt.kib<<10)
			w := boot(t, map[string][]byte{"C/cert.pem": old}, nil)
			w.awaitUp()
			var requests atomic.Int32
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				WroteRequest: func(httptrace.WroteRequestInfo) { requests.Add(1) },
			})
			o := w.options()
			o.Auth = tt.auth
			host, err := winrm.Dial(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := host.Replace(ctx, []verify.Change{change(`C:\cert.pem`, old, new)}); err != nil {
				t.Fatal(err)
			}
			files, err := host.Read(ctx, []string{`C:\cert.pem`})
			if err != nil || files[0].Digests != verify.Of(new) {
				t.Fatalf("read back %+v, %v", files, err)
			}
			if err := host.Close(); err != nil {
				t.Fatal(err)
			}
			const closing = 1 // Close has a context of its own
			if n := requests.Load() + closing; n > tt.most {
				t.Errorf("%d requests, more than %d", n, tt.most)
			} else {
				testenv.Figure(t, "%d requests", n)
			}
		})
	}
}

func TestReplaceOutcomes(t *testing.T) {
	old, new, other := []byte("old\r\n"), []byte("new\r\n"), []byte("other\r\n")
	for _, tt := range []struct {
		name    string
		files   map[string][]byte
		prepare func(w *windows)
		paths   []string
		refused verify.Outcome // 0: none
		path    string         // of the refusal
		want    map[string][]byte
	}{
		{
			name: "replaced", files: map[string][]byte{"C/a.pem": old}, paths: []string{`C:\a.pem`},
			want: map[string][]byte{"C/a.pem": new},
		},
		{
			name: "another case and forward slashes", files: map[string][]byte{"C/Bot/A.pem": old}, paths: []string{`c:/bot/a.PEM`},
			want: map[string][]byte{"C/Bot/A.pem": new},
		},
		{
			name: "already new", files: map[string][]byte{"C/a.pem": new}, paths: []string{`C:\a.pem`},
			want: map[string][]byte{"C/a.pem": new},
		},
		{
			name: "old and new together", files: map[string][]byte{"C/a.pem": new, "C/b.pem": old}, paths: []string{`C:\a.pem`, `C:\b.pem`},
			want: map[string][]byte{"C/a.pem": new, "C/b.pem": new},
		},
		{
			name: "refused", files: map[string][]byte{"C/a.pem": other}, paths: []string{`C:\a.pem`},
			refused: verify.OtherContent, path: `C:\a.pem`, want: map[string][]byte{"C/a.pem": other},
		},
		{
			name: "all or none", files: map[string][]byte{"C/a.pem": old, "C/b.pem": other, "C/c.pem": old},
			paths: []string{`C:\a.pem`, `C:\b.pem`, `C:\c.pem`}, refused: verify.OtherContent, path: `C:\b.pem`,
			want: map[string][]byte{"C/a.pem": old, "C/b.pem": other, "C/c.pem": old},
		},
		{
			name: "missing", files: map[string][]byte{"C/a.pem": old}, paths: []string{`C:\a.pem`, `C:\none\b.pem`},
			refused: verify.FileMissing, path: `C:\none\b.pem`, want: map[string][]byte{"C/a.pem": old},
		},
		{
			name: "missing drive", paths: []string{`D:\a.pem`}, refused: verify.FileMissing, path: `D:\a.pem`,
			want: map[string][]byte{},
		},
		{
			name: "directory", files: map[string][]byte{"C/a.pem/b": old}, paths: []string{`C:\a.pem`},
			refused: verify.FileUnreadable, path: `C:\a.pem`, want: map[string][]byte{"C/a.pem/b": old},
		},
		{
			name: "relative", files: map[string][]byte{"C/a.pem": old}, paths: []string{`a.pem`},
			refused: verify.FileUnreadable, path: `a.pem`, want: map[string][]byte{"C/a.pem": old},
		},
		{
			name: "no way out of the folder", files: map[string][]byte{"C/a.pem": old}, paths: []string{`C:\..\..\..\..\etc\passwd`},
			refused: verify.FileMissing, path: `C:\..\..\..\..\etc\passwd`, want: map[string][]byte{"C/a.pem": old},
		},
		{
			name: "quotes, blanks and other scripts' letters", files: map[string][]byte{"C/it's für 日本 & %PATH%.pem": old},
			paths: []string{`C:\it's für 日本 & %PATH%.pem`}, want: map[string][]byte{"C/it's für 日本 & %PATH%.pem": new},
		},
		{
			name: "through a symbolic link", files: map[string][]byte{"C/real.pem": old}, paths: []string{`C:\link.pem`},
			prepare: func(w *windows) { w.link("real.pem", "C/link.pem") },
			want:    map[string][]byte{"C/real.pem": new, "C/link.pem": new},
		},
		{
			name: "staged file of a dead run", files: map[string][]byte{"C/a.pem": old, "C/.amirotate-a.pem.tmp": []byte("half")},
			paths: []string{`C:\a.pem`}, want: map[string][]byte{"C/a.pem": new},
		},
		{
			name: "run that died between two renames", files: map[string][]byte{"C/.amirotate-a.pem.old": old, "C/.amirotate-a.pem.tmp": new},
			paths: []string{`C:\a.pem`}, want: map[string][]byte{"C/a.pem": new},
		},
		{
			name: "run that died before it cleaned up", files: map[string][]byte{"C/a.pem": new, "C/.amirotate-a.pem.old": old},
			paths: []string{`C:\a.pem`}, want: map[string][]byte{"C/a.pem": new},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := boot(t, tt.files, nil)
			if tt.prepare != nil {
				tt.prepare(w)
			}
			host := w.dial(w.options())
			var changes []verify.Change
			for _, p := range tt.paths {
				changes = append(changes, change(p, old, new))
			}
			_, err := host.Replace(t.Context(), changes)
			var refusal *verify.Refusal
			errors.As(err, &refusal)
			switch {
			case tt.refused == 0 && err != nil:
				t.Error(err)
			case tt.refused != 0 && (refusal == nil || refusal.Outcome != tt.refused || refusal.Change.Path != tt.path):
				t.Errorf("error %v, want %s for %s", err, tt.refused, tt.path)
			}
			w.expect(tt.want)
		})
	}
}

func TestReplaceKeepsReadOnly(t *testing.T) {
	old, new := []byte("old"), []byte("new")
	w := boot(t, map[string][]byte{"C/a.pem": old}, nil)
	path := filepath.Join(w.root, "C/a.pem")
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	if _, err := w.dial(w.options()).Replace(t.Context(), []verify.Change{change(`C:\a.pem`, old, new)}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o444 {
		t.Errorf("mode %v", info.Mode())
	}
	w.expect(map[string][]byte{"C/a.pem": new})
}

func TestReadReportsEverything(t *testing.T) {
	t.Parallel()
	w := boot(t, map[string][]byte{"C/a.pem": []byte("a"), "C/empty": {}, "C/folder/x": nil, "C/big": make([]byte, 1<<20+1)}, nil)
	host := w.dial(w.options())
	paths := []string{`C:\a.pem`, `C:\empty`, `C:\folder`, `C:\none`, `C:\big`, `C:\bad|name`}
	files, err := host.Read(t.Context(), paths)
	if err != nil {
		t.Fatal(err)
	}
	want := []verify.Status{verify.Present, verify.Present, verify.Unreadable, verify.Missing, verify.Unreadable, verify.Unreadable}
	for i, f := range files {
		if f.Path != paths[i] || f.Status != want[i] {
			t.Errorf("%s: %s, want %s", f.Path, f.Status, want[i])
		}
		if (f.Status == verify.Unreadable) != (f.Problem != "") {
			t.Errorf("%s: problem %q", f.Path, f.Problem)
		}
	}
	if files[1].Digests != verify.Of(nil) {
		t.Errorf("empty file: %+v", files[1])
	}
	if none, err := host.Read(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("no paths: %v, %v", none, err)
	}
}
