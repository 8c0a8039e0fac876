package ec2api

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type sample struct {
	dry
	IDs     []string  `q:"Id"`
	Count   int       `q:"Count"`
	At      time.Time `q:"At"`
	Data    []byte    `q:"Data"`
	Filters []filter  `q:"Filter"`
	Skip    ignored   `q:"Skip"`
	Nested  *struct {
		Name  *string `q:"Name"`
		Truth *bool   `q:"Truth"`
	} `q:"Nested"`
}

func TestDecode(t *testing.T) {
	values, err := url.ParseQuery("Action=X&Version=2016-11-15&Id.2=b&Id.10=c&Id.1=a&Count=3&At=2015-07-14T02:28:50Z&Data=aGk%3D&DryRun=true" +
		"&Filter.1.Name=n&Filter.1.Value.1=x&Filter.1.Value.2=y&Skip.Any.1.Thing=z&Nested.Name=&Nested.Truth=false")
	if err != nil {
		t.Fatal(err)
	}
	var got sample
	if err := decode(values, &got); err != nil {
		t.Fatal(err)
	}
	want := sample{
		dry: dry{true}, IDs: []string{"a", "b", "c"}, Count: 3, At: time.Date(2015, 7, 14, 2, 28, 50, 0, time.UTC), Data: []byte("hi"),
		Filters: []filter{{"n", []string{"x", "y"}}},
	}
	if got.Nested == nil || *got.Nested.Name != "" || *got.Nested.Truth {
		t.Errorf("nested: %+v", got.Nested)
	}
	want.Nested = got.Nested
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sample{}, dry{})); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := map[string]string{
		"Idd.1=a":             "UnknownParameter: The parameter Idd.1 is not recognized",
		"Nested.Nome=a":       "UnknownParameter: The parameter Nested.Nome is not recognized",
		"Id.x=a":              "UnknownParameter: The parameter Id.x is not recognized",
		"Count.1=3":           "UnknownParameter: The parameter Count.1 is not recognized",
		"Count=three":         "InvalidParameterValue: Value (three) for parameter Count is invalid. Expected an integer.",
		"Count=99999999999":   "InvalidParameterValue: Value (99999999999) for parameter Count is invalid. Expected an integer.",
		"DryRun=perhaps":      "InvalidParameterValue: Invalid value 'perhaps' for boolean parameter DryRun",
		"At=tomorrow":         "InvalidParameterValue: Value (tomorrow) for parameter At is invalid.",
		"Data=%25":            "InvalidParameterValue: Invalid BASE64 encoding of Data",
		"Filter.1.Names=x":    "UnknownParameter: The parameter Filter.1.Names is not recognized",
		"Nested.Truth.Deep=x": "UnknownParameter: The parameter Nested.Truth.Deep is not recognized",
	}
	for query, want := range tests {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if err := decode(values, new(sample)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", query, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("Id.1=a&Filter.1.Value.2=x")
	f.Add("Id=a&.=b&..1=c&Nested=1&Skip.=2")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for _, into := range []any{new(sample), new(runInstancesRequest), new(modifyImageRequest), new(ingressRequest)} {
			if err := decode(values, into); err != nil {
				if _, ok := err.(*ec2state.Error); !ok {
					t.Errorf("not one of EC2's errors: %v", err)
				}
			}
		}
	})
}

func TestWildcard(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"abc", "abc", true}, {"abc", "abC", false}, {"a*", "a", true}, {"a*c", "abbc", true},
		{"a*c", "abcd", false}, {"*b*", "abc", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {`a\*c`, "a*c", true},
		{`a\*c`, "abc", false}, {`a\?c`, "a?c", true}, {"**", "x", true}, {`\`, `\`, true}, {"[a]", "[a]", true}, {"*x*y*", "axbyc", true},
	}
	for _, test := range tests {
		if got := wildcard(test.pattern, test.s); got != test.want {
			t.Errorf("%q matches %q: %t", test.pattern, test.s, got)
		}
	}
}

func TestEscapedMatchesItselfOnly(t *testing.T) {
	for _, s := range []string{"a*b", `\`, `a\?`, "plain", "?"} {
		if p := escaped([]string{s})[0]; !wildcard(p, s) || wildcard(p, s+"x") || wildcard(p, strings.NewReplacer("*", "zz", "?", "z").Replace(s)) != !strings.ContainsAny(s, "*?") {
			t.Errorf("%q became %q", s, p)
		}
	}
}

func TestPages(t *testing.T) {
	items := strings.Split("a b c d e f g", " ")
	same := func(s string) string { return s }
	var got []string
	token := ""
	for range 10 {
		p, next, err := page(items, paging{new(3), token}, 1, 1000, same)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join(p, ""))
		if token = next; token == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"abc", "def", "g"}, got); diff != "" {
		t.Error(diff)
	}
	_, token, _ = page(items, paging{new(3), ""}, 1, 1000, same)
	for _, gone := range []string{"b d e f g", "a c d e f g", "a b d e f g", "d e f g"} { // what is gone must not make anything be passed over
		p, _, err := page(strings.Split(gone, " "), paging{new(2), token}, 1, 1000, same)
		if err != nil || p[0] != "d" {
			t.Errorf("after %q was gone: %v, %v", gone, p, err)
		}
	}
	if _, _, err := page(items, paging{new(3), ""}, 5, 1000, same); err == nil {
		t.Error("a page of 3 passed where 5 is the least")
	}
	for _, bad := range []string{"x", "eA", "LTEgYQ"} {
		if _, _, err := page(items, paging{nil, bad}, 5, 1000, same); err == nil || !strings.HasPrefix(err.Error(), "InvalidNextToken") {
			t.Errorf("token %q: %v", bad, err)
		}
	}
}
