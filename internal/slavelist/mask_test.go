package slavelist_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/slavelist"
)

func TestMasked(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"worker":                  {"a  p\tami=ami-7fd23e3b \r\n", "a  ********\tami=ami-7fd23e3b \r\n"},
		"no keys, no newline":     {"a p", "a ********"},
		"one field":               {"a\n", "a\n"},
		"commented out":           {"#a p ami=ami-7fd23e3b", "#a ******** ami=ami-7fd23e3b"},
		"commented out, spaced":   {"##  a p k=v", "##  a ******** k=v"},
		"commented out, no keys":  {"# a p", "# a ********"},
		"commented out, and note": {"# linux9 p is broken", "# linux9 ******** is broken"},
		"commented out, labelled": {"# old: a p k=v", "# old: ******** ******** k=v"},
		"known name":              {"mac p1\n# mac p2 was it", "mac ********\n# mac ******** was it"},
		"known password":          {"a s3cret k=v\n# it is s3cret for now", "a ******** k=v\n# it is ******** for now"},
		"note":                    {"# made of the image ami-7fd23e3b", "# made of the image ami-7fd23e3b"},
		"bare #":                  {"#\n", "#\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(parse(t, test.text).Masked())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPasswordIsNeverPrinted(t *testing.T) {
	const secret = "hunter2"
	entries := parse(t, "a "+secret+" k=v\n").Entries()
	hidden := struct{ e slavelist.Entry }{entries[0]}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		fmt.Fprintf(&out, verb+"\n", entries[0].Password)
		fmt.Fprintf(&out, verb+"\n", &entries[0].Password)
		fmt.Fprintf(&out, verb+"\n", entries)
		fmt.Fprintf(&out, verb+"\n", hidden)
	}
	fmt.Fprintln(&out, entries[0].Password.String(), entries[0].Password.GoString())
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "password", entries[0].Password, "entry", entries[0])
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "password", entries[0].Password, "entry", entries[0])
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
		b, err := marshal(entries[0])
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	for _, leak := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("%s in:\n%s", leak, out.String())
		}
	}
	if !strings.Contains(out.String(), `"password":"********"`) {
		t.Errorf("no stars in:\n%s", out.String())
	}
}

func TestPassword(t *testing.T) {
	p := slavelist.NewPassword("x")
	if p.Reveal() != "x" || (slavelist.Password{}).Reveal() != "" {
		t.Error("Reveal gives another password")
	}
	if !p.Equal(slavelist.NewPassword("x")) || p.Equal(slavelist.NewPassword("y")) {
		t.Error("Equal is wrong")
	}
}

func TestMaskedDiff(t *testing.T) {
	old := parse(t, "a p\nb p ami=ami-7fd23e3b\nc p\n")
	tests := map[string]struct{ changed, want string }{
		"same":             {"a p\nb p ami=ami-7fd23e3b\nc p\n", ""},
		"another password": {"a q\nb p ami=ami-7fd23e3b\nc p\n", ""},
		"a line more": {"a p\nb p ami=ami-7fd23e3b\nc p\nd p\n",
			"--- slave-list.txt\n+++ slave-list.txt\n@@ -1,3 +1,4 @@\n a ********\n b ******** ami=ami-7fd23e3b\n c ********\n+d ********\n"},
		"two lines": {"a p\nb p\nc p k=v\n",
			"--- slave-list.txt\n+++ slave-list.txt\n@@ -1,3 +1,3 @@\n a ********\n-b ******** ami=ami-7fd23e3b\n-c ********\n+b ********\n+c ******** k=v\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, slavelist.MaskedDiff(old, parse(t, test.changed))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
