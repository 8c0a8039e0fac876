package keep

import (
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cert/issue"
)

var start = time.Date(2026, 11, 22, 11, 42, 21, 0, time.UTC)

const day = 24 * time.Hour

func single() Policy {
	p := SelfSigned(Subject{Name: "O=Rust Project, CN=bot.example.org"})
	p.KeyType = issue.ECDSAP256
	return p
}

// docker has two leaves, as server and client of mutual TLS.
func docker() Policy {
	p := Set(Subject{Name: "CN=docker CA"},
		Leaf{Name: "server", Subject: Subject{Name: "CN=docker", Names: []string{"docker.example.org", "127.0.0.1"}}, Usage: issue.Server},
		Leaf{Subject: Subject{Name: "CN=rack"}, Usage: issue.Client})
	p.KeyType = issue.ECDSAP256
	return p
}

func makeAll(t *testing.T, items Items, p Policy, now time.Time) *made {
	t.Helper()
	p, err := p.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s, err := survey(now, items, p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.make(items)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func decide(t *testing.T, items Items, p Policy, now time.Time) Decision {
	t.Helper()
	d, err := Decide(now, items, p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func with(items Items, changes Items) Items {
	merged := Items{}
	for name, data := range items {
		merged[name] = data
	}
	for name, data := range changes {
		if data == nil {
			delete(merged, name)
			continue
		}
		merged[name] = data
	}
	return merged
}

func TestBoundaryIsExact(t *testing.T) {
	items := makeAll(t, nil, single(), start).items
	file, err := cert.Parse("cert", items[Cert])
	if err != nil {
		t.Fatal(err)
	}
	end := file.Leaf().NotAfter
	if want := start.Add(3650 * day); !end.Equal(want) {
		t.Fatalf("NotAfter is %s, want %s", end, want)
	}
	for _, c := range []struct {
		left time.Duration
		want Action
	}{
		{60*day + time.Minute, ActionKeep}, {60*day + time.Second, ActionKeep}, {60*day + 1, ActionKeep},
		{60 * day, ActionMake}, {60*day - time.Minute, ActionMake}, {0, ActionMake}, {-day, ActionMake},
	} {
		if d := decide(t, items, single(), end.Add(-c.left)); d.Action != c.want {
			t.Errorf("%s before the end: %s (%v), want %s", c.left, d.Action, d.Reasons, c.want)
		}
	}
}

func TestDecideSelfSigned(t *testing.T) {
	items := makeAll(t, nil, single(), start).items
	other := makeAll(t, nil, single(), start).items
	other2 := single()
	other2.Leaves[0].Subject = Subject{Name: "CN=another", Names: []string{"b.example.org"}}
	other2.KeyType, other2.Validity = issue.RSA4096, 90*day
	for _, c := range []struct {
		name   string
		items  Items
		policy Policy
		want   Action
		reason string
	}{
		{"good", items, single(), ActionKeep, "good until 2036"},
		{"another policy", items, other2, ActionKeep, "good until"},
		{"text around", with(items, Items{Cert: []byte("# stunnel\r\n" + strings.ReplaceAll(string(items[Cert]), "\n", "\r\n"))}), single(), ActionKeep, "good"},
		{"nothing", nil, single(), ActionMake, "the certificate is missing"},
		{"no key", with(items, Items{Key: nil}), single(), ActionMake, "the key of the certificate is missing"},
		{"no certificate", with(items, Items{Cert: nil}), single(), ActionMake, "is missing"},
		{"empty", with(items, Items{Cert: {}}), single(), ActionMake, "unreadable: cannot read cert: it is empty"},
		{"cut short", with(items, Items{Cert: items[Cert][:200]}), single(), ActionMake, "unreadable"},
		{"another key", with(items, Items{Key: other[Key]}), single(), ActionMake, "does not match"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := decide(t, c.items, c.policy, start)
			if d.Action != c.want || !strings.Contains(strings.Join(d.Reasons, "; "), c.reason) {
				t.Errorf("got %s because %v, want %s because %q", d.Action, d.Reasons, c.want, c.reason)
			}
		})
	}
}

// TestNothingIsMadeOfWhatOthersCanRead: a passphrase that is not at hand says
// nothing about the key.
func TestNothingIsMadeOfWhatOthersCanRead(t *testing.T) {
	p := single()
	p.Passphrase = []byte("correct horse")
	items := makeAll(t, nil, p, start).items
	if !strings.Contains(string(items[Key]), "ENCRYPTED PRIVATE KEY") {
		t.Fatal("the key was made without its passphrase")
	}
	if d := decide(t, items, p, start); d.Action != ActionKeep {
		t.Fatalf("with the passphrase: %s because %v", d.Action, d.Reasons)
	}
	for _, passphrase := range []string{"", "wrong"} {
		p.Passphrase = []byte(passphrase)
		if d, err := Decide(start, items, p); cert.KindOf(err) != cert.KindPassphrase {
			t.Errorf("passphrase %q: %v, %v, want a passphrase error", passphrase, d, err)
		}
	}
}

func TestPoliciesThatCannotBeCarriedOut(t *testing.T) {
	loop, kind, twice, bare := single(), single(), docker(), Set(Subject{})
	loop.Validity = 60 * day
	kind.KeyType = "rsa-512"
	twice.Leaves[0].Name = ""
	for name, p := range map[string]Policy{"due as soon as made": loop, "key type": kind, "two of a name": twice, "no leaves": bare} {
		if _, err := Decide(start, nil, p); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := survey(start, nil, SelfSigned(Subject{})); err != nil {
		t.Fatal(err)
	}
}

func TestDecideSet(t *testing.T) {
	items := makeAll(t, nil, docker(), start).items
	stranger := makeAll(t, nil, docker(), start).items
	for _, c := range []struct {
		name  string
		items Items
		make  string
	}{
		{"good", items, ""},
		{"server key missing", with(items, Items{"server-key": nil}), "server-cert"},
		{"client certificate of another authority", with(items, Items{Cert: stranger[Cert], Key: stranger[Key]}), "cert"},
		{"authority's key missing", with(items, Items{CAKey: nil}), "ca-cert server-cert cert"},
		{"all of another set but the authority", with(stranger, Items{CACert: items[CACert], CAKey: items[CAKey]}), "server-cert cert"},
		{"nothing", nil, "ca-cert server-cert cert"},
	} {
		if d := decide(t, c.items, docker(), start); strings.Join(d.Make, " ") != c.make {
			t.Errorf("%s: makes %v because %v, want %s", c.name, d.Make, d.Reasons, c.make)
		}
	}
}

func TestItemsDoNotPrintKeys(t *testing.T) {
	items := makeAll(t, nil, single(), start).items
	r := Result{Items: items}
	for _, text := range []string{sprint("%v", items), sprint("%+v", r), sprint("%#v", r), sprint("%s", Snapshot{Items: items})} {
		if strings.Contains(text, "PRIVATE") || strings.Contains(text, "45 4e 44") {
			t.Fatalf("a key was printed: %.80s", text)
		}
	}
	if _, err := items.MarshalJSON(); err == nil {
		t.Fatal("keys were written as JSON")
	}
}
