package slavelist_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/slavelist"
)

func addSeeds(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")))
	}
	f.Add([]byte("\xef\xbb\xbfa b ami=ami-7fd23e3b\x00\n#\xff\xfeami-7fd23e3b"))
	f.Add([]byte("a ami-7fd23e3b ami=ami-7fd23e3b\v\f\r\n#a ami=ami-7fd23e3b ami=ami-7fd23e3b"))
}

// reference is master.cfg's reading, written as plainly as it can be.
type reference struct{ names, passwords, amis []string }

func readPlainly(data []byte) reference {
	var r reference
	for line := range bytes.SplitAfterSeq(data, []byte("\n")) {
		fields := bytes.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t\n\v\f\r", c) })
		if bytes.HasPrefix(line, []byte("#")) || len(fields) < 2 {
			continue
		}
		ami := ""
		for _, f := range fields[2:] {
			if key, value, _ := bytes.Cut(f, []byte("=")); string(key) == "ami" {
				ami = string(value)
			}
		}
		r.names = append(r.names, string(fields[0]))
		r.passwords = append(r.passwords, string(fields[1]))
		r.amis = append(r.amis, ami)
	}
	return r
}

func readOf(list *slavelist.List) reference {
	var r reference
	for _, e := range list.Entries() {
		r.names = append(r.names, e.Name)
		r.passwords = append(r.passwords, e.Password.Reveal())
		r.amis = append(r.amis, e.AMI)
	}
	return r
}

func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		want := bytes.Clone(data)
		list, err := slavelist.Parse("fuzz", data)
		if !bytes.Equal(list.Pack(), want) {
			t.Fatal("Pack gives other bytes")
		}
		var perr *slavelist.ParseError
		if err != nil && (!errors.As(err, &perr) || len(perr.Problems) == 0) {
			t.Fatalf("got %v", err)
		}
		if err == nil {
			if diff := cmp.Diff(readPlainly(data), readOf(list), cmp.AllowUnexported(reference{})); diff != "" {
				t.Errorf("read otherwise than master.cfg does (-want +got):\n%s", diff)
			}
		}
		masked, err := slavelist.Parse("fuzz", list.Masked())
		for _, e := range masked.Entries() {
			if e.Password.Reveal() != slavelist.Stars {
				t.Errorf("the password in line %d is not masked: %v", e.Line, err)
			}
		}
	})
}

func FuzzReplace(f *testing.F) {
	addSeeds(f)
	const short, long = "ami-7fd23e3b", "ami-0123456789abcdef0"
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte(long)) {
			return // so that the way back is unique
		}
		list, err := slavelist.Parse("fuzz", data)
		if err != nil {
			return
		}
		rw, err := list.Replace(map[string]string{short: long})
		if err != nil {
			t.Fatal(err)
		}
		packed := rw.List.Pack()
		if back := bytes.ReplaceAll(packed, []byte(long), []byte(short)); !bytes.Equal(back, data) {
			t.Errorf("more than image ids changed:\n%q\n%q", data, packed)
		}
		checkRewritten(t, list, rw)
	})
}

// checkRewritten compares the rewritten list with its bytes parsed afresh, and
// its entries with those before.
func checkRewritten(t *testing.T, list *slavelist.List, rw slavelist.Rewrite) {
	t.Helper()
	afresh, err := slavelist.Parse("fuzz", rw.List.Pack())
	if err != nil {
		t.Fatalf("the rewritten list is malformed: %v", err)
	}
	if diff := cmp.Diff(afresh.Entries(), rw.List.Entries()); diff != "" {
		t.Errorf("the rewritten list is read otherwise afresh (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(afresh.Images(), rw.List.Images()); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	before, after := readOf(list), readOf(rw.List)
	if diff := cmp.Diff(before.names, after.names); diff != "" {
		t.Errorf("names (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before.passwords, after.passwords); diff != "" {
		t.Errorf("passwords (-before +after):\n%s", diff)
	}
	changed := 0
	for i := range before.amis {
		if before.amis[i] != after.amis[i] {
			changed++
		}
	}
	if changed != len(rw.Edits) {
		t.Errorf("%d edits told, %d made", len(rw.Edits), changed)
	}
}
