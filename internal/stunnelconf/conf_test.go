package stunnelconf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inTestdata includes the files of a folder of testdata, by its last name.
func inTestdata(folder string) ([]Source, error) {
	entries, err := os.ReadDir(filepath.Join("testdata", filepath.Base(folder)))
	if err != nil {
		return nil, err
	}
	var sources []Source
	for i := range entries { // in an order that nobody wants
		name := entries[len(entries)-1-i].Name()
		b, err := os.ReadFile(filepath.Join("testdata", filepath.Base(folder), name))
		if err != nil {
			return nil, err
		}
		sources = append(sources, Source{folder + "/" + name, b})
	}
	return sources, nil
}

// described is a line for each file: service, use, path, position.
func described(c *Config) []string {
	var lines []string
	for _, s := range c.Services {
		if len(s.Files) == 0 {
			lines = append(lines, fmt.Sprintf("[%s] nothing", s.Name))
		}
		for _, f := range s.Files {
			lines = append(lines, fmt.Sprintf("[%s] %s %s (%v)", s.Name, f.Use, f.Path, f.At))
		}
	}
	return lines
}

func TestConfigurationsInTheWild(t *testing.T) {
	const programs = `C:\Program Files (x86)\stunnel\stunnel.conf`
	for _, tt := range []struct {
		file, conf, dir string
		want            []string // or one "error: …"
	}{
		{"bot-linux.conf", "/home/rustbuild/rust-buildbot/stunnel.conf", "", []string{
			"[buildbot] CAfile /home/rustbuild/rust-buildbot/rust-bot-cert.pem (line 10 of /home/rustbuild/rust-buildbot/stunnel.conf)"}},
		{"bot-linux.conf", "/etc/stunnel/bot.conf", "/build", []string{
			"[buildbot] CAfile /build/rust-bot-cert.pem (line 10 of /etc/stunnel/bot.conf)"}},
		{"bot-windows.conf", `C:\bot\stunnel.conf`, "", []string{
			`[buildbot] CAfile c:\bot\rust-bot-cert.pem (line 1 of C:\bot\stunnel.conf)`}},
		{"installed-windows.conf", programs, "", []string{
			`[buildbot] CAfile C:\Program Files (x86)\stunnel\cert.pem (line 8 of ` + programs + `)`}},
		{"installed-windows.conf", `c:/program files (x86)/Stunnel/Config/STUNNEL.CONF`, "", []string{
			`[buildbot] CAfile c:\program files (x86)\Stunnel\Config\cert.pem (line 8 of c:/program files (x86)/Stunnel/Config/STUNNEL.CONF)`}},
		{"installed-windows.conf", `C:\bot\stunnel.conf`, "", []string{
			`error: line 8 of C:\bot\stunnel.conf: "cert.pem" is relative to a folder that is not known`}},
		{"installed-windows.conf", `C:\bot\stunnel.conf`, `C:\Program Files (x86)\stunnel`, []string{
			`[buildbot] CAfile C:\Program Files (x86)\stunnel\cert.pem (line 8 of C:\bot\stunnel.conf)`}},
		{"relative-windows.conf", `C:\stunnel\stunnel.conf`, "", []string{
			`[buildbot] CAfile C:\stunnel\Bot.PEM (line 3 of C:\stunnel\stunnel.conf)`,
			`[buildbot] cert C:\stunnel\mine.pem (line 4 of C:\stunnel\stunnel.conf)`,
			`[buildbot] key C:\stunnel\mine.pem (line 4 of C:\stunnel\stunnel.conf)`}},
		{"relative-windows.conf", `D:\stunnel\stunnel.conf`, "", []string{
			`error: line 4 of D:\stunnel\stunnel.conf: "C:mine.pem" is relative to a folder that is not known`}},
		{"debian.conf", "/etc/stunnel/stunnel.conf", "", []string{
			"[gmail-pop3] CAfile /etc/ssl/certs/ca-certificates.crt (line 14 of /etc/stunnel/stunnel.conf)",
			"[gmail-pop3] CApath /etc/ssl/certs (line 23 of /etc/stunnel/stunnel.conf)",
			"[https] CAfile /etc/ssl/certs/ca-certificates.crt (line 14 of /etc/stunnel/stunnel.conf)",
			"[https] cert /etc/stunnel/stunnel.pem (line 34 of /etc/stunnel/stunnel.conf)",
			"[https] key /etc/stunnel/stunnel.pem (line 34 of /etc/stunnel/stunnel.conf)",
			"[imaps] cert /etc/stunnel/mail.pem (line 40 of /etc/stunnel/stunnel.conf)",
			"[imaps] key /etc/stunnel/mail key.pem (line 41 of /etc/stunnel/stunnel.conf)"}},
		{"jail.conf", "/etc/stunnel/jail.conf", "", []string{
			"[only] CAfile /etc/stunnel/peers.pem # not a comment (line 4 of /etc/stunnel/jail.conf)",
			"[only] CApath /var/lib/stunnel4/certs (line 2 of /etc/stunnel/jail.conf)"}},
		{"includes.conf", "/etc/stunnel/stunnel.conf", "", []string{
			"[one] CAfile /etc/stunnel/shared.pem (line 3 of /etc/stunnel/conf.d/00-global.conf)",
			"[two] CAfile /etc/stunnel/two.pem (line 4 of /etc/stunnel/conf.d/20-two.conf)"}},
		{"inetd.conf", "/etc/bot.conf", "", []string{"[] CAfile /etc/inetd-bot.pem (line 2 of /etc/bot.conf)"}},
		{"engine.conf", programs, "", []string{
			`[hsm] CAfile C:\bot\cert.pem (line 7 of ` + programs + `)`,
			`[hsm] cert \\fileserver\certs\web.pem (line 6 of ` + programs + `)`,
			`[hsm] CApath d:\CA (line 8 of ` + programs + `)`}},
	} {
		t.Run(tt.file+" as "+tt.conf, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join("testdata", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			system := SystemOf(!strings.HasPrefix(tt.conf, "/"), tt.conf, tt.dir)
			c, err := Parse(system, Source{tt.conf, b}, inTestdata)
			got := []string{fmt.Sprintf("error: %v", err)}
			if err == nil {
				got = described(c)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"client = yes\nverify 3\n", `line 2 of /c: "verify 3" has no =`},
		{"[a\n", `line 1 of /c: "[a" has no =`},
		{"[a]\nchroot = /jail\n", "line 2 of /c: chroot is not for a section"},
		{"CAfile = a\x00b\n", "line 1 of /c: the line is longer than 16383 bytes, or holds a NUL"},
		{"; " + strings.Repeat("x", maxLine) + "\n", "line 1 of /c: the line is longer than 16383 bytes, or holds a NUL"},
		{"include =\n", `line 1 of /c: "" names nothing`},
		{"\ninclude = nowhere\n", "line 2 of /c: include = nowhere: file does not exist"},
		{"include = itself\n", "line 1 of /itself/c: more than 10 files include each other"},
	} {
		_, err := Parse(SystemOf(false, "/c", ""), Source{"/c", []byte(tt.text)}, func(folder string) ([]Source, error) {
			if folder == "/itself" {
				return []Source{{"/itself/c", []byte("include = itself")}}, nil
			}
			return nil, fs.ErrNotExist
		})
		if fmt.Sprint(err) != tt.want {
			t.Errorf("%.40q: %v, want %s", tt.text, err, tt.want)
		}
	}
	_, err := Parse(System{}, Source{"/c", []byte("include = /d")}, nil)
	var e *Error
	if !errors.As(err, &e) || e.Hint() == "" {
		t.Errorf("nothing to include with: %v", err)
	}
}

func TestSame(t *testing.T) {
	for _, tt := range []struct {
		windows bool
		a, b    string
		want    bool
	}{
		{false, "/a//b/./c.pem", "/a/b/c.pem", true},
		{false, "/a/B", "/a/b", false},
		{true, `c:/bot/CERT.pem`, `C:\Bot\cert.pem`, true},
		{true, `C:\bot\.\x\..\cert.pem. `, `C:\bot\cert.pem`, true},
		{true, `\\?\C:\bot\cert.pem`, `C:\bot\cert.pem`, true},
		{true, `\\server\share\a`, `//SERVER/share/a`, true},
		{true, `C:\bot\cert.pem`, `D:\bot\cert.pem`, false},
		{true, `C:\..\a`, `C:\a`, true},
	} {
		if got := (System{Windows: tt.windows}).Same(tt.a, tt.b); got != tt.want {
			t.Errorf("%s and %s: same is %v", tt.a, tt.b, got)
		}
	}
	s := System{Windows: true}
	if s.Folder(`C:\cert.pem`) != `C:\` || s.Folder(`C:/a b/cert.pem`) != `C:\a b` || !s.In(`c:\A B\`, `C:\a b\x.0`) || s.In(`C:\`, `C:\a\b`) {
		t.Error("folders are taken apart wrongly")
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.conf")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, strings.Contains(name, "windows"))
	}
	f.Fuzz(func(t *testing.T, b []byte, windows bool) {
		conf := map[bool]string{false: "/etc/stunnel/stunnel.conf", true: `C:\stunnel\stunnel.conf`}[windows]
		system := SystemOf(windows, conf, "")
		c, err := Parse(system, Source{conf, b}, func(folder string) ([]Source, error) {
			return []Source{{folder + "/a", []byte("CAfile = a.pem\n[a]\n")}}, nil
		})
		if err != nil {
			return
		}
		if len(c.Services) == 0 {
			t.Fatal("no service")
		}
		for _, file := range c.Files() {
			again, err := system.resolve(file.Path)
			if err != nil || !system.Same(again, file.Path) {
				t.Errorf("%q is not absolute: %q, %v", file.Path, again, err)
			}
			if file.At.Line < 1 || strings.ContainsAny(file.Written, "\r\n\x00") {
				t.Errorf("%+v", file)
			}
		}
	})
}
