package paramstore

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/amirotate/amirotate/internal/cert/issue"
	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/fault"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
	"github.com/amirotate/amirotate/internal/sandbox/ssmapi"
)

var start = time.Date(2026, 11, 22, 11, 42, 21, 0, time.UTC)

const day = 24 * time.Hour

// rack is the policy of a Docker rack: an authority and one pair below it.
func rack() keep.Policy {
	p := keep.Set(keep.Subject{Name: "CN=docker CA"}, keep.Leaf{Subject: keep.Subject{Name: "CN=docker.internal"}, Usage: issue.Server | issue.Client})
	p.KeyType = issue.ECDSAP256
	return p
}

// account is an SSM of the sandbox; before, if set, sees each call first.
type account struct {
	t      testing.TB
	url    string
	log    *bytes.Buffer
	before func(action string)
	after  func(action string)
}

func newAccount(t testing.TB, faults ...scenario.Fault) *account {
	t.Helper()
	for i := range faults {
		faults[i].Repeat = max(1, faults[i].Repeat)
	}
	a := &account{t: t, log: &bytes.Buffer{}}
	api := ssmapi.New(ssmapi.Options{Region: "us-west-1", Account: "123456789012", Clock: clock.New(1), Faults: fault.New(faults), AccessKey: "AKIATEST", Log: &locked{to: a.log}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSSM.")
		if a.before != nil {
			a.before(action)
		}
		api.ServeHTTP(w, r)
		if a.after != nil {
			a.after(action)
		}
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

type locked struct {
	mu sync.Mutex
	to *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

func (a *account) store(change ...func(*Options)) *Store {
	a.t.Helper()
	env := map[string]string{"AWS_ENDPOINT_URL": a.url, "AWS_REGION": "us-west-1", "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "x"}
	o := Options{Template: "rack-docker-tls-{item}", Items: rack().Items(), Getenv: func(n string) string { return env[n] },
		UserAgent: "amirotate/test", RetryUnit: time.Millisecond}
	for _, f := range change {
		f(&o)
	}
	s, err := New(context.Background(), o)
	if err != nil {
		a.t.Fatal(err)
	}
	return s
}

// calls counts those that were answered well.
func (a *account) calls(action string) int {
	n := 0
	for line := range strings.Lines(a.log.String()) {
		var call struct {
			Action string
			Status int
		}
		if err := json.Unmarshal([]byte(line), &call); err != nil {
			a.t.Fatal(err)
		}
		if call.Action == action && call.Status == 200 {
			n++
		}
	}
	return n
}

func (a *account) set(name, text string, kind types.ParameterType) {
	a.t.Helper()
	_, err := a.store().api.PutParameter(context.Background(), &ssm.PutParameterInput{Name: &name, Value: &text, Type: kind, Overwrite: aws.Bool(true)})
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *account) names() []string {
	a.t.Helper()
	known, err := a.store().describe(context.Background())
	if err != nil {
		a.t.Fatal(err)
	}
	var names []string
	for name := range known {
		names = append(names, strings.TrimPrefix(name, "rack-docker-tls-"))
	}
	slices.Sort(names)
	return names
}

func ensure(t testing.TB, s *Store, at time.Time) keep.Result {
	t.Helper()
	r, err := keep.Ensure(context.Background(), s, rack(), func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plainItems are what a client sees that knows nothing of the log.
func (a *account) plainItems() keep.Items {
	a.t.Helper()
	c, err := a.store().read(context.Background())
	if err != nil {
		a.t.Fatal(err)
	}
	return c.items()
}

func consistent(items keep.Items, at time.Time) error {
	if _, err := tls.X509KeyPair(items[keep.Cert], items[keep.Key]); err != nil {
		return err
	}
	d, err := keep.Decide(at, items, rack())
	if err == nil && d.Action != keep.ActionKeep {
		err = fmt.Errorf("%v", d.Reasons)
	}
	return err
}

func TestHundredTimesOneWrite(t *testing.T) {
	a := newAccount(t)
	s := a.store()
	if !ensure(t, s, start).Changed {
		t.Fatal("nothing was made")
	}
	puts := a.calls("PutParameter")
	for range 99 {
		if r := ensure(t, s, start); r.Changed {
			t.Fatal("made again")
		}
	}
	if got := a.calls("PutParameter"); got != puts {
		t.Errorf("%d further writes", got-puts)
	}
	want := []string{"amirotate-log", "ca-cert", "ca-key", "cert", "key"}
	if got := a.names(); !slices.Equal(got, want) {
		t.Errorf("parameters %v, want %v", got, want)
	}
	known, err := s.describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for item, kind := range map[string]types.ParameterType{"ca-key": "SecureString", "key": "SecureString", "cert": "String", "ca-cert": "String"} {
		if got := known[s.parameter(item)].Type; got != kind {
			t.Errorf("%s is a %s, want %s", item, got, kind)
		}
	}
	if strings.Contains(a.log.String(), "PRIVATE") || strings.Contains(a.log.String(), "BEGIN") {
		t.Error("the sandbox's log shows a value")
	}
}

// TestTakenOver: the parameters of a rack that runs are kept while they are good
// and, when they are due, replaced in the form that they have, keys encrypted.
func TestTakenOver(t *testing.T) {
	source := newAccount(t)
	items := ensure(t, source.store(), start).Items
	for name, write := range map[string]func([]byte) string{
		"PEM":                func(b []byte) string { return string(b) },
		"CRLF":               func(b []byte) string { return strings.ReplaceAll(string(b), "\n", "\r\n") },
		"base64":             func(b []byte) string { return base64.StdEncoding.EncodeToString(b) },
		"base64, wrapped":    func(b []byte) string { return wrap(base64.StdEncoding.EncodeToString(b)) },
		"base64, not padded": func(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) },
		"line ends escaped":  func(b []byte) string { return strings.ReplaceAll(string(b), "\n", `\n`) },
		"DER in base64": func(b []byte) string {
			block, _ := pem.Decode(b)
			return base64.StdEncoding.EncodeToString(block.Bytes)
		},
		"base64 for the URLs": func(b []byte) string { return base64.URLEncoding.EncodeToString(b) },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			for item, data := range items {
				a.set("rack-docker-tls-"+item, write(data), types.ParameterTypeString)
			}
			before := a.calls("PutParameter")
			if r := ensure(t, a.store(), start); r.Changed || a.calls("PutParameter") != before {
				t.Fatalf("a good set was replaced: %v", r.Decision.Reasons)
			}
			due := start.Add(3600 * day)
			r := ensure(t, a.store(), due)
			if !r.Changed {
				t.Fatal("not replaced when due")
			}
			if err := consistent(a.plainItems(), due); err != nil {
				t.Error(err)
			}
			s := a.store()
			old, _, err := s.get(context.Background(), "rack-docker-tls-key."+due.Format(stamp))
			if err != nil || old.text != write(items[keep.Key]) {
				t.Errorf("the backup of the key: %v", err)
			}
			now, _, err := s.get(context.Background(), "rack-docker-tls-key")
			if err != nil || now.kind != types.ParameterTypeSecureString {
				t.Errorf("the key is a %s, %v", now.kind, err)
			}
			if _, f := decode(now.text); strings.Contains(name, "base64") != (f == encoded) {
				t.Errorf("written in form %d", f)
			}
		})
	}
}

func wrap(s string) string {
	var b strings.Builder
	for chunk := range slices.Chunk([]byte(s), 76) {
		b.Write(append(chunk, '\n'))
	}
	return b.String()
}

// TestCannotBeAsked: whatever keeps from knowing what is there makes nothing.
func TestCannotBeAsked(t *testing.T) {
	for code, kind := range map[string]cloud.Kind{
		"AccessDeniedException": cloud.Denied, "ThrottlingException": cloud.Throttled, "InternalServerError": cloud.Unavailable,
		"ExpiredTokenException": cloud.Credentials, "InvalidKeyId": cloud.Invalid, scenario.Reset: cloud.Unavailable,
	} {
		for nth := 1; nth <= 6; nth++ { // log, log, items, log …
			t.Run(fmt.Sprint(code, " from call ", nth), func(t *testing.T) {
				a := newAccount(t, scenario.Fault{Action: "GetParameter", Error: code, Nth: nth, Repeat: 1000})
				_, err := keep.Ensure(context.Background(), a.store(), rack(), func() time.Time { return start })
				if cloud.KindOf(err) != kind {
					t.Errorf("kind %s of %v, want %s", cloud.KindOf(err), err, kind)
				}
				if err == nil || !strings.Contains(err.Error(), "nothing was made") {
					t.Errorf("the error reads %q", err)
				}
				if n := a.calls("PutParameter"); n != 0 {
					t.Errorf("%d writes", n)
				}
			})
		}
	}
}

func TestTimeOut(t *testing.T) {
	a := newAccount(t)
	hang := make(chan struct{})
	defer close(hang)
	a.before = func(string) { <-hang }
	s := a.store(func(o *Options) { o.AttemptTimeout = 20 * time.Millisecond })
	_, err := keep.Ensure(context.Background(), s, rack(), func() time.Time { return start })
	if cloud.KindOf(err) != cloud.Unavailable || !strings.Contains(err.Error(), "in time") {
		t.Errorf("got %v", err)
	}
	if a.log.Len() != 0 {
		t.Errorf("calls were made: %s", a.log)
	}
}

// TestPassing: what passes by itself is overcome, a lost answer to the very
// commit among it.
func TestPassing(t *testing.T) {
	for _, f := range []scenario.Fault{
		{Action: "*", Error: "ThrottlingException", Nth: 1, Repeat: 3},
		{Action: "PutParameter", Error: "TooManyUpdates", Nth: 2, Repeat: 2},
	} {
		a := newAccount(t, f)
		ensure(t, a.store(), start)
		if err := consistent(a.plainItems(), start); err != nil {
			t.Errorf("%v: %v", f, err)
		}
	}
	for nth := 1; nth <= 12; nth++ {
		a := newAccount(t, scenario.Fault{Action: "PutParameter", Error: scenario.LostResponse, Nth: nth})
		r := ensure(t, a.store(), start)
		if err := consistent(a.plainItems(), start); err != nil || r.Items.Digest() != a.plainItems().Digest() {
			t.Errorf("answer %d lost: %v", nth, err)
		}
	}
}

// TestSomebodyElse: a change of another client between look and write is not
// overwritten.
func TestSomebodyElse(t *testing.T) {
	a := newAccount(t)
	s := a.store()
	was, err := s.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	a.set("rack-docker-tls-cert", "theirs", types.ParameterTypeString)
	if err := s.Replace(context.Background(), was, keep.Items{keep.Cert: []byte("ours")}, start); !errors.Is(err, keep.ErrChanged) {
		t.Errorf("got %v", err)
	}
	if got := string(a.plainItems()[keep.Cert]); got != "theirs" {
		t.Errorf("it holds %q", got)
	}
}
