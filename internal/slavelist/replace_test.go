package slavelist_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/slavelist"
)

const (
	idA = "ami-7fd23e3b"
	idB = "ami-0123456789abcdef0"
	idC = "ami-381e197d"
)

func TestReplaceFarm(t *testing.T) {
	data := string(read(t, "testdata/farm.txt"))
	list := parse(t, data)
	rw, err := list.Replace(map[string]string{idA: "ami-11111111111111111", idB: "ami-22222222"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "farm.rewritten.txt", string(rw.List.Pack()))
	golden(t, "farm.diff", slavelist.MaskedDiff(list, rw.List))
	golden(t, "farm.masked.txt", string(list.Masked()))
	if string(list.Pack()) != data {
		t.Error("Replace changed the list itself")
	}
	back, err := rw.List.Replace(map[string]string{"ami-11111111111111111": idA, "ami-22222222": idB})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(data, string(back.List.Pack())); diff != "" {
		t.Errorf("there and back again (-want +got):\n%s", diff)
	}
}

func TestReplace(t *testing.T) {
	swap := map[string]string{idA: idB, idB: idA}
	tests := map[string]struct{ text, want string }{
		"value":                         {"a p ami=" + idA, "a p ami=" + idB},
		"swapped, each once":            {"a p ami=" + idA + "\nb p ami=" + idB, "a p ami=" + idB + "\nb p ami=" + idA},
		"other image":                   {"a p ami=" + idC, "a p ami=" + idC},
		"password like an id":           {"a " + idA + " ami=" + idA, "a " + idA + " ami=" + idB},
		"password like ami=":            {"a ami=" + idA + " ami=" + idA, "a ami=" + idA + " ami=" + idB},
		"name like an id":               {idA + " p ami=" + idA, idA + " p ami=" + idB},
		"other key":                     {"a p docker=" + idA + " ami=" + idA, "a p docker=" + idA + " ami=" + idB},
		"key that ends in ami":          {"a p old_ami=" + idA, "a p old_ami=" + idA},
		"CRLF":                          {"a p ami=" + idA + "\r\n#" + idA + "\r\n", "a p ami=" + idB + "\r\n#" + idB + "\r\n"},
		"one field":                     {idA + "\n", idA + "\n"},
		"note":                          {"# the image is " + idA + ".", "# the image is " + idB + "."},
		"note that begins with an id":   {"#" + idA + " is Linux", "#" + idB + " is Linux"},
		"note of a word and an id":      {"# Linux: " + idA, "# Linux: " + idB},
		"note of two words":             {"# was " + idA, "# was " + idB},
		"note with a date":              {"# 2015-07-14 " + idA + " was made", "# 2015-07-14 " + idB + " was made"},
		"in brackets and quotes":        {"# is (" + idA + ") or “" + idB + "” or", "# is (" + idB + ") or “" + idA + "” or"},
		"part of a word":                {"# is " + idA + "0 x" + idA + " " + idA + "-old é" + idA + " " + idA + "ß \xff" + idA, ""},
		"commented-out worker":          {"#a9 p ami=" + idA + " x=y", "#a9 p ami=" + idB + " x=y"},
		"its password":                  {"# a " + idA + " ami=" + idA, "# a " + idA + " ami=" + idB},
		"its password, like ami=":       {"# a ami=" + idA + " ami=" + idA, "# a ami=" + idA + " ami=" + idB},
		"its password, with a note":     {"#linux9 " + idA + " broken since May", ""},
		"its password, no keys":         {"#static " + idA, ""},
		"its password, hyphenated name": {"#linux-snap " + idA + " is gone", ""},
		"its password, after words":     {"# old: a " + idA + " ami=" + idA, "# old: a " + idA + " ami=" + idB},
		"comment between two workers":   {"a p ami=" + idA + "\n#=" + idB + "\n#" + idB + "!\nb p ami=" + idB, "a p ami=" + idB + "\n#=" + idA + "\n#" + idA + "!\nb p ami=" + idA},
		"docker tag in commented-out":   {"#a p docker=" + idA + " ami=" + idC, "#a p docker=" + idB + " ami=" + idC},
		"upper case is no id":           {"# it is " + strings.ToUpper(idA), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := test.want
			if want == "" {
				want = test.text
			}
			rw, err := parse(t, test.text).Replace(swap)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(rw.List.Pack())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReplaceReports(t *testing.T) {
	list := parse(t, "# is "+idA+" or "+idC+"\na p ami="+idA+"\nb p ami="+idC+"\n")
	rw, err := list.Replace(map[string]string{idA: idB, idC: idC})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]slavelist.Edit{{Line: 2, Worker: "a", From: idA, To: idB}}, rw.Edits); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]slavelist.CommentEdit{{Line: 1, From: idA, To: idB}}, rw.Comments); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{idB, idC}, rw.List.Images()); diff != "" {
		t.Error(diff)
	}
	if rw.List.Name() != "slave-list.txt" {
		t.Error(rw.List.Name())
	}
}

func TestReplaceByWhatIsNoImage(t *testing.T) {
	for _, to := range []string{"", "ami-", "ami-123", "ami-7fd23e3b\nx y", "AMI-7fd23e3b", "ami-7fd23e3g"} {
		if _, err := parse(t, "a p ami="+idA).Replace(map[string]string{idA: to}); err == nil {
			t.Errorf("%q is taken for an image id", to)
		}
	}
}

type fullDisk struct{ room int }

func (d *fullDisk) Write(b []byte) (int, error) {
	n := min(len(b), d.room)
	d.room -= n
	if n < len(b) {
		return n, errors.New("disk full")
	}
	return n, nil
}

func TestWriteTo(t *testing.T) {
	list := parse(t, "a p ami="+idA+"\n# is "+idA+" still\n")
	rw, err := list.Replace(map[string]string{idA: idB})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*slavelist.List{list, rw.List} {
		var b bytes.Buffer
		n, err := l.WriteTo(&b)
		if err != nil || !bytes.Equal(b.Bytes(), l.Pack()) || n != int64(b.Len()) {
			t.Errorf("wrote %d bytes, %v:\n%s", n, err, &b)
		}
		if n, err := l.WriteTo(&fullDisk{room: 5}); err == nil || n != 5 {
			t.Errorf("wrote %d bytes to a full disk: %v", n, err)
		}
	}
}
