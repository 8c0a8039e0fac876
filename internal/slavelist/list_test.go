package slavelist_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/slavelist"
)

func init() { flag.Bool("update", false, "write the golden files") }

func parse(t *testing.T, text string) *slavelist.List {
	t.Helper()
	list, err := slavelist.Parse("slave-list.txt", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEntries(t *testing.T) {
	list := parse(t, string(read(t, "testdata/farm.txt")))
	got, err := json.MarshalIndent(list.Entries(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "farm.entries.json", string(got)+"\n")
}

func TestSplitsAsPython2Does(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string // name|password|keys
	}{
		"all white space":       {"a\tb\v\fami=ami-7fd23e3b \r\n", []string{"a|b|ami=ami-7fd23e3b"}},
		"CR alone ends no line": {"a b x=1\rc=d\r\n", []string{"a|b|x=1|c=d"}},
		"NUL is no white space": {"a\x00 b\x00\n", []string{"a\x00|b\x00"}},
		"no-break space is no white space": {
			"a\u00a0b c\n", []string{"a\u00a0b|c"}},
		"information separators are no white space": {
			"a\x1cb c\x1fd\n", []string{"a\x1cb|c\x1fd"}},
		"broken UTF-8":    {"a\xff \xfeb k=\xc3\n", []string{"a\xff|\xfeb|k=\xc3"}},
		"no last newline": {"a b\nc d", []string{"a|b", "c|d"}},
		"one field":       {"a\n \n\n b\n", nil},
		"comment":         {"#a b\n#\n", nil},
		"leading white":   {"  a b\n", []string{"a|b"}},
		"password with #": {"a #b c=d\n", []string{"a|#b|c=d"}},
		"password with =": {"a b=c=d\n", []string{"a|b=c=d"}},
		"empty value":     {"a b docker=\n", []string{"a|b|docker="}},
		"empty":           {"", nil},
		"very long":       {"a " + strings.Repeat("x", 1<<20) + " k=v", []string{"a|" + strings.Repeat("x", 1<<20) + "|k=v"}},
		"byte order mark": {"\ufeffa b\n", []string{"\ufeffa|b"}},
		"many keys":       {"a b" + numbered(100), []string{"a|b" + strings.ReplaceAll(numbered(100), " ", "|")}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			list := parse(t, test.text)
			for _, e := range list.Entries() {
				s := e.Name + "|" + e.Password.Reveal()
				for _, kv := range e.Keys {
					s += "|" + kv.Key + "=" + kv.Value
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !bytes.Equal(list.Pack(), []byte(test.text)) {
				t.Error("Pack gives other bytes")
			}
		})
	}
}

func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " k%d=v", i)
	}
	return b.String()
}

func TestDefaults(t *testing.T) {
	e := parse(t, "mac1 asdf\n").Entries()[0]
	if e.MaxBuilds != 1 || e.InstanceType != "m3.xlarge" || !e.Static() || e.Line != 1 {
		t.Errorf("%+v", e)
	}
}

func TestImagesAndWorkers(t *testing.T) {
	list := parse(t, string(read(t, "testdata/farm.txt")))
	want := []string{"ami-7fd23e3b", "ami-381e197d", "ami-dbac5f9f", "ami-0123456789abcdef0"}
	if diff := cmp.Diff(want, list.Images()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"linux1", "linux2", "linux3", "lincross1"}, list.Workers("ami-7fd23e3b")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"win1", "win2"}, list.Workers("ami-0123456789abcdef0")); diff != "" {
		t.Error(diff)
	}
	if got := list.Workers("ami-00000000"); got != nil {
		t.Errorf("workers of an image that is not there: %q", got)
	}
}

func TestMalformed(t *testing.T) {
	list, err := slavelist.Parse("malformed.txt", read(t, "testdata/malformed.txt"))
	var perr *slavelist.ParseError
	if !errors.As(err, &perr) {
		t.Fatalf("got %v, want a *ParseError", err)
	}
	text := err.Error() + "\n"
	for _, w := range list.Warnings() {
		text += "warning: " + w.String() + "\n"
	}
	golden(t, "malformed.errors.txt", text)
	golden(t, "malformed.masked.txt", string(list.Masked()))
	for _, secret := range []string{"hunter2", "horse", "battery"} {
		if strings.Contains(text+string(list.Masked()), secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	if !bytes.Equal(list.Pack(), read(t, "testdata/malformed.txt")) {
		t.Error("Pack gives other bytes")
	}
}

func TestOneProblemIsOneLine(t *testing.T) {
	_, err := slavelist.Parse("l", []byte("a b c\n"))
	want := `cannot read l: line 1: field 3 has no "="; after name and password each field is key=value, with exactly one "=" and no white space; master.cfg stops here`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestKeyGivenTwiceAmongMany(t *testing.T) {
	_, err := slavelist.Parse("l", []byte("a b"+numbered(100)+" k7=x\nc d"+numbered(100)+"\n"))
	var perr *slavelist.ParseError
	if !errors.As(err, &perr) || len(perr.Problems) != 1 || !strings.Contains(perr.Problems[0].Message, `"k7"`) {
		t.Errorf("got %v", err)
	}
}

// Seven hundred names make the set of names grow.
func TestDuplicateNames(t *testing.T) {
	var b strings.Builder
	for i := range 700 {
		fmt.Fprintf(&b, "w%d p\n", i)
	}
	list := parse(t, b.String()+"w13 p\n w699 q\n")
	var lines []int
	for _, w := range list.Warnings() {
		lines = append(lines, w.Line)
	}
	if diff := cmp.Diff([]int{701, 702}, lines); diff != "" {
		t.Errorf("%s%v", diff, list.Warnings())
	}
	if m := list.Warnings()[0].Message; !strings.Contains(m, "line 14 ") {
		t.Error(m)
	}
}

func TestIncidentSample(t *testing.T) {
	const dir = "../../../shared/incident"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the incident's files are not here") //nolint:forbidigo // they are not part of the project
	}
	data := read(t, dir+"/slave-list.txt.sample")
	list := parse(t, string(data))
	if n := len(list.Entries()); n != 19 {
		t.Errorf("%d entries, want 19", n)
	}
	if diff := cmp.Diff([]string{"ami-457cbc01", "ami-8743bdc3"}, list.Images()); diff != "" {
		t.Error(diff)
	}
	rw, err := list.Replace(map[string]string{"ami-457cbc01": "ami-0123456789abcdef0", "ami-8743bdc3": "ami-7fd23e3b"})
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.ReplaceAll(data, []byte("ami-457cbc01"), []byte("ami-0123456789abcdef0"))
	want = bytes.ReplaceAll(want, []byte("ami-8743bdc3"), []byte("ami-7fd23e3b"))
	if !bytes.Equal(rw.List.Pack(), want) || len(rw.Edits) != 12 {
		t.Errorf("%d edits:\n%s", len(rw.Edits), rw.List.Pack())
	}
}

func TestByteOrderMarkIsToldOf(t *testing.T) {
	w := parse(t, "\ufeffa b\n").Warnings()
	if len(w) != 1 || w[0].Line != 1 || !strings.Contains(w[0].Message, "byte order mark") {
		t.Errorf("got %v", w)
	}
}

func TestUTF16IsOneProblem(t *testing.T) {
	for _, text := range []string{"\xff\xfea\x00 \x00p\x00 \x00x\x00\n\x00b\x00 \x00q\x00 \x00x\x00", "\xfe\xff\x00a\x00\n"} {
		list, err := slavelist.Parse("list.txt", []byte(text))
		if want := "cannot read list.txt: line 1: the file is UTF-16"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if string(list.Pack()) != text {
			t.Error("bytes were lost")
		}
	}
	if _, err := slavelist.Parse("list.txt", []byte("\xff\xfeworker p k=v\n")); err != nil {
		t.Errorf("a worker's name: %v", err)
	}
}
