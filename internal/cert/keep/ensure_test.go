package keep

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
)

func sprint(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// memory is a store that counts its writes and fails as it is told.
type memory struct {
	items     Items
	writes    int
	loadErr   error
	contender func(m *memory) // runs before a Replace, once
}

func (m *memory) Name() string { return "memory" }

func (m *memory) Load(context.Context) (Snapshot, error) {
	if m.loadErr != nil {
		return Snapshot{}, m.loadErr
	}
	return Snapshot{Items: with(m.items, nil), Version: m.items.Digest()}, nil
}

func (m *memory) Replace(_ context.Context, was Snapshot, items Items, _ time.Time) error {
	if c := m.contender; c != nil {
		m.contender = nil
		c(m)
	}
	if was.Version != m.items.Digest() {
		return ErrChanged
	}
	m.items, m.writes = items, m.writes+1
	return nil
}

func clockAt(now time.Time) func() time.Time { return func() time.Time { return now } }

func TestHundredTimesOneWrite(t *testing.T) {
	m := &memory{}
	for range 100 {
		if _, err := Ensure(context.Background(), m, docker(), clockAt(start)); err != nil {
			t.Fatal(err)
		}
	}
	if m.writes != 1 {
		t.Fatalf("%d writes, want 1", m.writes)
	}
}

func TestAStoreThatCannotBeAskedIsNoReasonToMake(t *testing.T) {
	denied := errors.New("AccessDeniedException")
	m := &memory{loadErr: denied}
	r, err := Ensure(context.Background(), m, single(), clockAt(start))
	if !errors.Is(err, denied) || r.Changed || m.writes != 0 {
		t.Fatalf("got %v, changed %v, %d writes", err, r.Changed, m.writes)
	}
	if !strings.Contains(err.Error(), "cannot ask memory, nothing was made") {
		t.Errorf("the error reads %q", err)
	}
}

func TestAContenderWins(t *testing.T) {
	m := &memory{contender: func(m *memory) {
		if _, err := Ensure(context.Background(), m, single(), clockAt(start)); err != nil {
			t.Error(err)
		}
	}}
	r, err := Ensure(context.Background(), m, single(), clockAt(start))
	if err != nil || r.Changed || m.writes != 1 {
		t.Fatalf("changed %v, %d writes, error %v; want the contender's pair kept", r.Changed, m.writes, err)
	}
}

func TestCancelledWritesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := &memory{}
	if _, err := Ensure(ctx, m, single(), clockAt(start)); !errors.Is(err, context.Canceled) || m.writes != 0 {
		t.Fatalf("error %v, %d writes", err, m.writes)
	}
}

func TestNoSubject(t *testing.T) {
	if _, err := Ensure(context.Background(), &memory{}, SelfSigned(Subject{}), clockAt(start)); err == nil || !strings.Contains(err.Error(), "subject") {
		t.Fatalf("got %v", err)
	}
}

// TestWhatIsNotConfiguredIsTheOldOnes also makes sure that a new certificate
// gets a new key.
func TestWhatIsNotConfiguredIsTheOldOnes(t *testing.T) {
	p := single()
	p.Leaves[0].Names = []string{"bot.example.org", "10.0.0.7", "ops@example.org"}
	m := &memory{items: makeAll(t, nil, p, start).items}
	old := leafOf(t, m.items, Cert)
	if _, err := Ensure(context.Background(), m, SelfSigned(Subject{}), clockAt(start.Add(3600*day))); err != nil {
		t.Fatal(err)
	}
	fresh := leafOf(t, m.items, Cert)
	if fresh.Subject.String() != old.Subject.String() || sprint("%v", fresh.Names()) != sprint("%v", old.Names()) || fresh.Key.String() != old.Key.String() {
		t.Errorf("got %s %v %s, want %s %v %s", fresh.Subject, fresh.Names(), fresh.Key, old.Subject, old.Names(), old.Key)
	}
	if string(fresh.Key.Raw) == string(old.Key.Raw) {
		t.Error("the key is the old one")
	}
	if len(old.Names()) != 3 {
		t.Errorf("the old names are %v", old.Names())
	}
}

func leafOf(t *testing.T, items Items, item string) *cert.Certificate {
	t.Helper()
	f, err := cert.Parse(item, items[item])
	if err != nil {
		t.Fatal(err)
	}
	return f.Leaf()
}

func TestALeafIsRenewedByTheSameAuthority(t *testing.T) {
	p := docker()
	m := &memory{}
	if _, err := Ensure(context.Background(), m, p, clockAt(start)); err != nil {
		t.Fatal(err)
	}
	before := m.items
	m.items = with(m.items, Items{"server-cert": nil})
	r, err := Ensure(context.Background(), m, p, clockAt(start.Add(day)))
	if err != nil || strings.Join(r.Decision.Make, " ") != "server-cert" {
		t.Fatalf("made %v, error %v", r.Decision.Make, err)
	}
	for _, item := range []string{CACert, CAKey, Cert, Key} {
		if string(before[item]) != string(m.items[item]) {
			t.Errorf("%s changed", item)
		}
	}
}

func TestAuthorityChangeHandsOutBoth(t *testing.T) {
	p := docker()
	m := &memory{}
	if _, err := Ensure(context.Background(), m, p, clockAt(start)); err != nil {
		t.Fatal(err)
	}
	oldCA := leafOf(t, m.items, CACert)
	later := start.Add(3600 * day)
	r, err := Ensure(context.Background(), m, p, clockAt(later))
	if err != nil || len(r.Decision.Make) != 3 || len(r.Notes) != 0 {
		t.Fatalf("made %v, notes %v, error %v", r.Decision.Make, r.Notes, err)
	}
	bundle, err := cert.Parse(CACert, m.items[CACert])
	if err != nil || len(bundle.Certificates) != 2 || string(bundle.Certificates[1].Raw) != string(oldCA.Raw) {
		t.Fatalf("the bundle does not hold new and old: %v", err)
	}
	if got := bundle.Certificates[0].Subject.String(); got != "CN=docker CA 2036-09-30" {
		t.Errorf("the new authority is %q", got)
	}
	if r, err = Ensure(context.Background(), m, p, clockAt(later.Add(51*day))); err != nil || r.Changed {
		t.Fatalf("after the old authority's end: changed %v (%v), error %v", r.Changed, r.Decision.Reasons, err)
	}
	again := start.Add(2 * 3600 * day)
	if _, err = Ensure(context.Background(), m, p, clockAt(again)); err != nil {
		t.Fatal(err)
	}
	bundle, err = cert.Parse(CACert, m.items[CACert])
	if err != nil || len(bundle.Certificates) != 2 {
		t.Fatalf("the second change: %v, %v; want the ended authority gone", bundle.Certificates, err)
	}
}

// TestAKeptSetOverManyYears: no run makes anything that the next one
// replaces.
func TestAKeptSetOverManyYears(t *testing.T) {
	p := docker()
	p.Validity = 400 * day
	m := &memory{}
	for d := range 1200 {
		before := m.writes
		now := start.Add(time.Duration(d) * day)
		for range 2 {
			if _, err := Ensure(context.Background(), m, p, clockAt(now)); err != nil {
				t.Fatalf("day %d: %v", d, err)
			}
		}
		if m.writes > before+1 {
			t.Fatalf("day %d: two writes", d)
		}
	}
	if m.writes != 4 {
		t.Errorf("%d writes in 1200 days at 340 days each, want 4", m.writes)
	}
}

func TestInspectAStore(t *testing.T) {
	p := docker()
	p.Passphrase = []byte("x")
	items := with(makeAll(t, nil, p, start).items, Items{"server-cert": []byte("broken")})
	infos, errs := Inspect("memory", items, []byte("x"), start)
	if len(errs) != 1 || cert.KindOf(errs[0]) != cert.KindNotPEM || len(infos) != 2 {
		t.Fatalf("%d certificates, errors %v", len(infos), errs)
	}
	for _, i := range infos {
		if i.SourceKind != cert.SourceStore || i.KeyMatches == nil || !*i.KeyMatches || !*i.HasPassphrase {
			t.Errorf("%s: key %q, matches %v", i.Source, i.KeySource, i.KeyMatches)
		}
	}
	if infos, _ = Inspect("memory", items, []byte("wrong"), start); infos[0].KeyMatches != nil || !*infos[0].HasPassphrase {
		t.Errorf("a locked key: %+v", infos[0])
	}
}
