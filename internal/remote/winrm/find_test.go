package winrm_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/remote/winrm"
	"github.com/amirotate/amirotate/internal/verify"
)

func TestFind(t *testing.T) {
	cert, other := []byte("certificate"), []byte("cortificate")
	w := boot(t, map[string][]byte{
		"C/bot/cert.pem": cert, "C/bot/sub/deep/cert.pem": cert, "C/bot/long.pem": append(cert, '\n'), "C/Bot [2]/a.pem": other,
		"C/Users/ann/bot/x.pem": cert, "C/Users/bob b/bot/x.pem": cert, "C/Users/x/other/x.pem": cert, "C/big": make([]byte, 2<<20),
	}, nil)
	o := w.options()
	o.Auth = winrm.NTLM
	host := w.dial(o)
	size := []int64{int64(len(cert))}
	for name, tt := range map[string]struct {
		search verify.Search
		want   []string
	}{
		"one level":  {verify.Search{Folders: []string{`c:/BOT`, `C:\none`}, Depth: 1, Sizes: size, Most: 9}, []string{`C:\bot\cert.pem`}},
		"all levels": {verify.Search{Folders: []string{`C:\bot`}, Depth: 3, Sizes: size, Most: 9}, []string{`C:\bot\cert.pem`, `C:\bot\sub\deep\cert.pem`}},
		"wildcards":  {verify.Search{Folders: []string{`C:\Users\*\bot`}, Depth: 1, Sizes: size, Most: 9}, []string{`C:\Users\ann\bot\x.pem`, `C:\Users\bob b\bot\x.pem`}},
		"question":   {verify.Search{Folders: []string{`C:\?ot [2]`}, Depth: 1, Sizes: size, Most: 9}, []string{`C:\Bot [2]\a.pem`}},
		"no sizes":   {verify.Search{Folders: []string{`C:\`}, Depth: 2, Most: 9}, []string{`C:\Bot [2]\a.pem`, `C:\bot\cert.pem`, `C:\bot\long.pem`}},
		"no more":    {verify.Search{Folders: []string{`C:\bot`}, Depth: 3, Sizes: size, Most: 1}, []string{`C:\bot\cert.pem`}},
		"nowhere":    {verify.Search{Depth: 3, Most: 1}, nil},
	} {
		found, err := host.Find(t.Context(), tt.search)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var paths []string
		for _, f := range found {
			paths = append(paths, f.Path)
			if f.SHA256 != verify.Of(cert).SHA256 && f.Path == `C:\bot\cert.pem` || f.MD5 == "" || f.Status != verify.Present {
				t.Errorf("%s: %+v", name, f)
			}
		}
		slices.Sort(paths)
		if d := cmp.Diff(tt.want, paths); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
