package draft

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func noEnv(string) string { return "" }

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("/farm/amirotate.yaml", []byte(text), noEnv)
	if err != nil {
		t.Fatalf("cannot parse: %v\n%s", err, text)
	}
	return c
}

func TestText(t *testing.T) {
	var d Draft
	d.Need("slave_list", "certificate.old", "certificate.new", "launch.security_groups", "platforms.linux.files", "platforms.linux.user")
	d.Set("slave_list", "found here", "slave-list.txt")
	d.Set("certificate.old", "expired 2015-07-20", "old-cert.pem")
	d.Set("launch.security_groups", "those of i-1 (linux1)", "sg-1", "build workers")
	d.Set("platforms.windows.files", "--windows-path", `C:\it's\cert.pem`, `D:\cert.pem`)
	d.Suggest("launch.like_instance", "linux1 runs,\nand i-1 is its id", "i-1")
	golden(t, "testdata/some.yaml", d.Text())
	c := parse(t, d.Text())
	want := []config.File{{Path: `C:\it's\cert.pem`}, {Path: `D:\cert.pem`}}
	if diff := cmp.Diff(want, c.Platforms.Windows.Files); diff != "" {
		t.Error(diff)
	}
	if got := fmt.Sprint(c.Launch.SecurityGroups); got != "[sg-1 build workers]" {
		t.Error(got)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// commented is a setting that is commented; the heading is none.
var commented = regexp.MustCompile(`(?m)^( *)# ( *(- )?[a-z_]+:( .*)?)$`)

// Whatever is known, the text is a configuration, and so it is when every
// commented line is taken for true.
func TestAnyDraftParses(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var d Draft
		for _, k := range layout {
			if random.IntN(2) == 0 {
				d.Set(k.path, "somewhere", k.example)
			}
			if random.IntN(3) == 0 {
				d.Need(k.path)
			}
		}
		if random.IntN(3) == 0 {
			d.Omit("platforms.windows")
		}
		text := d.Text()
		parse(t, text)
		all := parse(t, commented.ReplaceAllString(strings.TrimPrefix(text, heading), "$1$2"))
		if err := all.Validate(); err != nil && len(d.omitted) == 0 {
			t.Fatalf("with all commented lines it is not complete: %v\n%s", err, text)
		}
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"a", "no", "1", "it's", "a: b", "#", "- x", "{", `C:\x`, "\u00a0", "a\nb", "~", "0x1", "1e3", "ssh://a@b/c", "host:22", "é", "é\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || strings.ContainsRune(s, 0) || strings.ToValidUTF8(s, "") != s {
			return
		}
		var d Draft
		d.Set("launch.key_pair", "fuzz\n"+s, s)
		if got := parse(t, d.Text()).Launch.KeyPair; got != s {
			t.Errorf("read back as %q, want %q", got, s)
		}
	})
}

func TestOmit(t *testing.T) {
	var d Draft
	d.Need("platforms.windows.files", "platforms.linux.files")
	d.Omit("platforms.windows")
	if strings.Contains(d.Text(), "windows") {
		t.Errorf("windows is not left out:\n%s", d.Text())
	}
	if got := d.Missing(); len(got) != 1 || got[0].Key != "platforms.linux.files" {
		t.Errorf("missing %v", got)
	}
	d.Set("platforms.windows.user", "--windows-user", "Bob")
	if !strings.Contains(d.Text(), "user: Bob") {
		t.Errorf("what is set is left out:\n%s", d.Text())
	}
}
