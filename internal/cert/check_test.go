package cert

import (
	"fmt"
	"math/big"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func loaded(t *testing.T, path string) *File {
	t.Helper()
	f, err := LoadAny(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func parsed(t *testing.T, name, data string) *File {
	t.Helper()
	f, err := ParseAny(name, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func codes(problems []Problem) []string {
	texts := []string{}
	for _, p := range problems {
		texts = append(texts, fmt.Sprintf("%s %s", p.Severity, p.Code))
	}
	return texts
}

func TestCheckNew(t *testing.T) {
	good, other := loaded(t, "testdata/good.pem"), madeFile(t, "/CN=other", "-days", "30")
	leaf := good.Leaf()
	mid := leaf.NotBefore.Add(24 * time.Hour)
	old := madeFile(t, "/CN=old", "-days", "20000")
	text := string(good.Bytes())
	for _, c := range []struct {
		name string
		file *File
		old  []*File
		key  *File
		now  time.Time
		want []string
	}{
		{"good", good, []*File{other}, loaded(t, "testdata/good-key.pem"), mid, []string{}},
		{"first second", good, nil, nil, leaf.NotBefore, []string{}},
		{"a second early", good, nil, nil, leaf.NotBefore.Add(-time.Second), []string{"error certificate-not-yet-valid"}},
		{"last second", good, nil, nil, leaf.NotAfter, []string{"warning certificate-expires-soon"}},
		{"a second late", good, nil, nil, leaf.NotAfter.Add(time.Second), []string{"error certificate-expired"}},
		{"sixty days left", good, nil, nil, leaf.NotAfter.Add(-Soon), []string{}},
		{"less", good, nil, nil, leaf.NotAfter.Add(-Soon + time.Second), []string{"warning certificate-expires-soon"}},
		{"same bytes", good, []*File{other, good}, nil, mid, []string{"error certificate-same"}},
		{"same certificate", parsed(t, "crlf.pem", strings.ReplaceAll(text, "\n", "\r\n")), []*File{good}, nil, mid, []string{"error certificate-same"}},
		{"bundle of old and new", parsed(t, "bundle", text+string(old.Bytes())), []*File{old}, nil, mid, []string{"warning certificate-expires-before-old"}},
		{"old ends later", good, []*File{old}, nil, mid, []string{"warning certificate-expires-before-old"}},
		{"another key", good, nil, loaded(t, "testdata/other-key.pem"), mid, []string{"error key-mismatch"}},
		{"key inside", parsed(t, "both", text+testdata(t, "good-key.pem")), nil, nil, mid, []string{"error key-in-certificate-file"}},
		{"der", parsed(t, "der", string(leaf.Raw)), nil, nil, mid, []string{"error certificate-not-pem"}},
		{"long lines", parsed(t, "long", "-----BEGIN CERTIFICATE-----\n"+strings.ReplaceAll(body(text), "\n", "")+"\n-----END CERTIFICATE-----\n"), nil, nil, mid, []string{"warning pem-long-lines"}},
		{"an ended one beside", parsed(t, "b", text+string(other.Bytes())), nil, nil, other.Leaf().NotAfter.Add(time.Hour), []string{"warning expired-certificate-inside"}},
		{"a key alone", loaded(t, "testdata/good-key.pem"), nil, nil, mid, []string{"error certificate-not-pem"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			problems := CheckNew(c.file, c.old, c.key, c.now)
			if diff := cmp.Diff(c.want, codes(problems)); diff != "" {
				t.Errorf("want -, got +\n%s%v", diff, problems)
			}
			for _, p := range problems {
				if p.Message == "" || p.Hint == "" {
					t.Errorf("no message or hint: %+v", p)
				}
			}
		})
	}
}

func madeFile(t *testing.T, subject string, options ...string) *File {
	t.Helper()
	key := newKey(t, t.TempDir(), "EC", "ec_paramgen_curve:P-256")
	return loaded(t, selfSign(t, key, append([]string{"-subj", subject}, options...)...))
}

func TestCheckNewOfWeakAndOddOnes(t *testing.T) {
	key := newKey(t, t.TempDir(), "RSA", "rsa_keygen_bits:1024")
	f := loaded(t, selfSign(t, key, "-subj", "/CN=x", "-days", "365", "-md5", "-set_serial", "-5"))
	mid := f.Leaf().NotBefore.Add(time.Hour)
	want := []string{"warning weak-signature", "warning weak-key", "warning certificate-unusual"}
	if diff := cmp.Diff(want, codes(CheckNew(f, nil, loaded(t, key), mid))); diff != "" {
		t.Error(diff)
	}
	if c := f.Leaf(); c.X509 == nil || c.X509.SerialNumber.Cmp(big.NewInt(-5)) != 0 || c.Quirk != "negative serial number" {
		t.Errorf("the negative serial was read as %v (%s)", c.Serial, c.Quirk)
	}
	locked := filepath.Join(t.TempDir(), "locked.pem")
	openssl(t, "pkcs8", "-topk8", "-in", "testdata/good-key.pem", "-passout", "pass:x", "-out", locked)
	good := loaded(t, "testdata/good.pem")
	if got := codes(CheckNew(good, nil, loaded(t, locked), good.Leaf().NotBefore)); cmp.Diff([]string{"warning key-locked"}, got) != "" {
		t.Errorf("a locked key: %v", got)
	}
	twin := parsed(t, "twins", string(madeFile(t, "/CN=twin", "-days", "400").Bytes())+string(madeFile(t, "/CN=twin", "-days", "400").Bytes()))
	if got := codes(CheckNew(twin, nil, nil, twin.Leaf().NotAfter.Add(-Soon-time.Hour))); cmp.Diff([]string{"warning same-subject"}, got) != "" {
		t.Errorf("two of a subject: %v", got)
	}
}

func TestDaysLeft(t *testing.T) {
	const day = 24 * time.Hour
	end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for left, want := range map[time.Duration]int{0: 0, day - 1: 0, day: 1, 60*day - time.Minute: 59, 60 * day: 60, -time.Second: -1, -day: -1, -day - time.Second: -2} {
		c := &Certificate{NotAfter: end}
		if got := c.DaysLeft(end.Add(-left)); got != want {
			t.Errorf("%s before the end: %d days, want %d", left, got, want)
		}
	}
	c := &Certificate{NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
	if got := c.DaysLeft(end); got != 2912077 {
		t.Errorf("year 9999: %d days", got)
	}
}

func TestBundle(t *testing.T) {
	a, b := madeFile(t, "/CN=a", "-days", "400"), madeFile(t, "/CN=b", "-days", "100")
	at := b.Leaf().NotAfter.Add(-time.Hour)
	withKey := parsed(t, "with key", testdata(t, "good-key.pem")+testdata(t, "good.pem"))
	withKey.Certificates = a.Certificates
	data, problems := Bundle([]*File{a, b, withKey, b}, false, at)
	if len(problems) != 0 || string(data) != string(a.Bytes())+string(b.Bytes()) {
		t.Errorf("problems %v; bundle\n%s", problems, data)
	}
	late := at.Add(2 * time.Hour)
	if data, problems = Bundle([]*File{a, b}, false, late); data != nil || cmp.Diff([]string{"error certificate-expired"}, codes(problems)) != "" {
		t.Errorf("an ended one: %v", problems)
	}
	if data, problems = Bundle([]*File{a, b}, true, late); data == nil || cmp.Diff([]string{"warning certificate-expired"}, codes(problems)) != "" {
		t.Errorf("an ended one that is allowed: %v", problems)
	}
	if _, problems = Bundle([]*File{a, madeFile(t, "/CN=a", "-days", "400")}, false, at); cmp.Diff([]string{"warning same-subject"}, codes(problems)) != "" {
		t.Errorf("two of a subject: %v", problems)
	}
	if data, problems = Bundle(nil, false, at); data != nil || len(problems) != 1 {
		t.Errorf("nothing: %v", problems)
	}
}
