package rotate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/verify"
)

const oldText, newText = "old certificate\n", "new certificate\n"

// files is a host that holds these files and counts what it is asked. A content
// of "!" cannot be read.
type files map[string]string

func (h files) Read(_ context.Context, paths []string) ([]verify.File, error) {
	var seen []verify.File
	for _, p := range paths {
		text, ok := h[p]
		switch {
		case !ok:
			seen = append(seen, verify.File{Path: p, Status: verify.Missing})
		case text == "!":
			seen = append(seen, verify.File{Path: p, Status: verify.Unreadable, Problem: "permission denied"})
		default:
			seen = append(seen, verify.File{Path: p, Status: verify.Present, Content: []byte(text), Digests: verify.Of([]byte(text))})
		}
	}
	return seen, nil
}

func (h files) Find(_ context.Context, s verify.Search) ([]verify.File, error) {
	var found []verify.File
	for p, text := range h {
		for _, folder := range s.Folders {
			if strings.HasPrefix(p, folder) && (len(s.Sizes) == 0 || slices.Contains(s.Sizes, int64(len(text)))) {
				found = append(found, verify.File{Path: p, Status: verify.Present, Digests: verify.Of([]byte(text))})
			}
		}
	}
	if s.Depth > 1 {
		return found, errors.New("there was no time to look everywhere")
	}
	return found, nil
}

func (h files) Replace(context.Context, []verify.Change) ([]verify.File, error) {
	panic("nothing may be replaced")
}
func (h files) Close() error { return nil }

func changesOf(paths ...string) []verify.Change {
	var changes []verify.Change
	for _, p := range paths {
		changes = append(changes, verify.Change{Path: p, Old: []verify.Digests{verify.Of([]byte(oldText))}, New: []byte(newText)})
	}
	return changes
}

func TestFilesThatStunnelReads(t *testing.T) {
	const (
		unix     = "/home/bot/stunnel.conf"
		programs = `C:\Program Files (x86)\stunnel\`
	)
	for _, tt := range []struct {
		name  string
		look  Inspection
		host  files
		files []string
		want  string // the error, "" for none
		hint  string // part of it
	}{
		{name: "not looked at", files: []string{"/x"}},
		{name: "relative, lower case", look: Inspection{StunnelConf: unix},
			host: files{unix: "client = yes\npid =\n[buildbot]\naccept = 127.0.0.1:9987\nverify = 3\ncafile = ./rust-bot-cert.pem\n"}, files: []string{"/home/bot/rust-bot-cert.pem"}},
		{name: "another folder", look: Inspection{StunnelConf: unix}, host: files{unix: "cafile = ./cert.pem\n"}, files: []string{"/build/cert.pem"},
			want: "stunnel reads /home/bot/cert.pem (line 1 of /home/bot/stunnel.conf), but the configuration replaces /build/cert.pem",
			hint: "name /home/bot/cert.pem in files; or say in stunnel_dir from where stunnel takes relative paths, if that is not /home/bot"},
		{name: "started elsewhere", look: Inspection{StunnelConf: unix, StunnelDir: "/build"}, host: files{unix: "cafile = ./cert.pem\n"}, files: []string{"/build/cert.pem"}},
		{name: "the look-alike", look: Inspection{Windows: true, StunnelConf: programs + "stunnel.conf"},
			host: files{programs + "stunnel.conf": "client = yes\r\n[bot]\r\nCAfile = cert.pem\r\n"}, files: []string{`C:\bot\cert.pem`},
			want: "stunnel reads " + programs + "cert.pem (line 3 of " + programs + `stunnel.conf), but the configuration replaces C:\bot\cert.pem`,
			hint: "name " + programs + "cert.pem in files"},
		{name: "either slash, any case", look: Inspection{Windows: true, StunnelConf: programs + "stunnel.conf"},
			host: files{programs + "stunnel.conf": "cafile = c:/bot/rust-bot-cert.pem\r\n"}, files: []string{`C:\Bot\rust-bot-cert.pem`}},
		{name: "own folder unknown", look: Inspection{Windows: true, StunnelConf: `C:\bot\stunnel.conf`},
			host: files{`C:\bot\stunnel.conf`: "CAfile = cert.pem\r\n"}, files: []string{`C:\bot\cert.pem`},
			want: `cannot tell which files stunnel reads: line 1 of C:\bot\stunnel.conf: "cert.pem" is relative to a folder that is not known`, hint: "stunnel_dir"},
		{name: "two services, one left out", look: Inspection{StunnelConf: unix},
			host:  files{unix: "[a]\nCAfile = /a.pem\n[b]\nCAfile = /b.pem\n", "/a.pem": oldText, "/b.pem": oldText},
			files: []string{"/a.pem"},
			want: "stunnel reads /b.pem too (line 4 of /home/bot/stunnel.conf), which holds an expected old certificate (md5 " +
				verify.Of([]byte(oldText)).MD5 + "), but the configuration does not replace it",
			hint: "name /b.pem in files"},
		{name: "two services, both named", look: Inspection{StunnelConf: unix},
			host: files{unix: "[a]\nCAfile = /a.pem\n[b]\nCAfile = /b.pem\n"}, files: []string{"/b.pem", "/a.pem"}},
		{name: "two services, the other is another's", look: Inspection{StunnelConf: unix},
			host: files{unix: "[a]\nCAfile = /a.pem\n[b]\nCAfile = /b.pem\ncert = /none.pem\nkey = /k\n", "/b.pem": "an authority", "/k": "!"}, files: []string{"/a.pem"}},
		{name: "a look-alike beside it", look: Inspection{StunnelConf: unix}, host: files{unix: "CAfile = /a.pem\n"}, files: []string{"/look-alike.pem", "/a.pem"}},
		{name: "a folder of authorities", look: Inspection{StunnelConf: unix}, host: files{unix: "CApath = certs\n"}, files: []string{"/home/bot/certs/1a2b3c4d.0"}},
		{name: "deeper than that folder", look: Inspection{StunnelConf: unix}, host: files{unix: "CApath = certs\n"}, files: []string{"/home/bot/certs/more/1a2b3c4d.0"},
			want: "stunnel reads /home/bot/certs (line 1 of /home/bot/stunnel.conf), but the configuration replaces /home/bot/certs/more/1a2b3c4d.0"},
		{name: "included", look: Inspection{StunnelConf: unix},
			host:  files{unix: "include = conf.d\n", "/home/bot/conf.d/b": "[b]\n", "/home/bot/conf.d/a": "CAfile = bot.pem\n"},
			files: []string{"/home/bot/bot.pem"}},
		{name: "included, not to be seen", look: Inspection{StunnelConf: unix}, host: files{unix: "[a]\ninclude = conf.d\n"}, files: []string{"/a.pem"},
			want: "cannot read stunnel's configuration: line 2 of /home/bot/stunnel.conf: include = conf.d: no file is to be seen in /home/bot/conf.d", hint: "log in as"},
		{name: "included, unreadable", look: Inspection{StunnelConf: unix}, host: files{unix: "include = d\n", "/home/bot/d/a": "!"}, files: []string{"/a.pem"},
			want: "cannot read stunnel's configuration: line 1 of /home/bot/stunnel.conf: include = d: cannot tell which files stunnel reads: its configuration /home/bot/d/a is unreadable (permission denied)"},
		{name: "no configuration", look: Inspection{StunnelConf: unix}, host: files{}, files: []string{"/a.pem"},
			want: "cannot tell which files stunnel reads: its configuration /home/bot/stunnel.conf is missing", hint: "stunnel_conf"},
		{name: "no certificate", look: Inspection{StunnelConf: unix}, host: files{unix: "[a]\nconnect = 1\n"}, files: []string{"/a.pem"},
			want: "stunnel reads no certificate: /home/bot/stunnel.conf has no CAfile, cert, key or CApath; but the configuration replaces /a.pem"},
		{name: "no configuration of stunnel's", look: Inspection{StunnelConf: unix}, host: files{unix: "#!/bin/sh\nstunnel $1\n"}, files: []string{"/a.pem"},
			want: `cannot tell which files stunnel reads: line 2 of /home/bot/stunnel.conf: "stunnel $1" has no =`, hint: "correct"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.look.checkStunnel(t.Context(), tt.host, changesOf(tt.files...))
			if got := fmt.Sprint(err); tt.want == "" && err != nil || tt.want != "" && got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			var refused *StunnelError
			if err != nil && (!errors.As(err, &refused) || !strings.Contains(refused.Hint(), tt.hint) || refused.Hint() == "" || !final(err)) {
				t.Errorf("%#v, with the hint %q, want one with %q", err, refused.Hint(), tt.hint)
			}
		})
	}
}

func TestLookAlikes(t *testing.T) {
	host := files{"/a/cert.pem": oldText, "/a/copy": oldText, "/a/same-size": "new certificate\n", "/home/x/copy": oldText, "/conf/copy": oldText, "/other": oldText}
	look := Inspection{StunnelConf: "/conf/stunnel.conf", LookIn: []string{"/home/x", "/a"}, Sizes: []int64{int64(len(oldText))}}
	alikes, err := look.lookAlikes(t.Context(), host, changesOf("/a/cert.pem"))
	var paths []string
	for _, a := range alikes {
		paths = append(paths, a.Path)
	}
	slices.Sort(paths)
	if want := []string{"/a/copy", "/conf/copy", "/home/x/copy"}; !slices.Equal(paths, want) || err == nil {
		t.Errorf("%q, %v; want %q and what the host says", paths, err, want)
	}
	look.LookIn = nil
	if alikes, err := look.lookAlikes(t.Context(), host, changesOf("/a/cert.pem")); len(alikes) > 0 || err != nil {
		t.Errorf("the search is off, and finds %v, %v", alikes, err)
	}
}
