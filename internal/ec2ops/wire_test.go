package ec2ops_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/ec2ops"
)

// wire is EC2's protocol without an EC2 behind it: it answers each call as the
// test says and keeps what it was asked.
type wire struct {
	*httptest.Server
	answer func(n int, q url.Values) reply // the nth call, from 1
	mu     sync.Mutex
	calls  []call
}

type call struct {
	url.Values
	header http.Header
}

type reply struct {
	status int    // 0: 200
	body   string // the XML; with cut only half of it is sent
	cut    bool   // the connection is cut midway
	hang   bool   // no answer at all
}

func newWire(t *testing.T, answer func(n int, q url.Values) reply) *wire {
	w := &wire{answer: answer}
	w.Server = httptest.NewServer(w)
	t.Cleanup(func() { w.CloseClientConnections(); w.Close() })
	return w
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	w.calls = append(w.calls, call{r.PostForm, r.Header})
	n := len(w.calls)
	w.mu.Unlock()
	a := w.answer(n, r.PostForm)
	switch {
	case a.hang:
		<-r.Context().Done()
	case a.cut:
		rw.Header().Set("Content-Length", fmt.Sprint(len(a.body)))
		_, _ = rw.Write([]byte(a.body[:len(a.body)/2]))
		rw.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	default:
		rw.Header().Set("Content-Type", "text/xml;charset=UTF-8")
		if a.status != 0 {
			rw.WriteHeader(a.status)
		}
		_, _ = rw.Write([]byte(a.body))
	}
}

// asked returns the calls of an action, all of them for "".
func (w *wire) asked(action string) []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []call
	for _, c := range w.calls {
		if action == "" || c.Get("Action") == action {
			out = append(out, c)
		}
	}
	return out
}

// getenv is an environment that leads to the wire.
func (w *wire) getenv(extra ...string) func(string) string {
	vars := map[string]string{
		"AWS_ENDPOINT_URL": w.URL, "AWS_REGION": "us-west-1",
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
	}
	for _, e := range extra {
		k, v, _ := strings.Cut(e, "=")
		vars[k] = v
	}
	return func(name string) string { return vars[name] }
}

func (w *wire) client(t *testing.T, change ...func(*ec2ops.Options)) *ec2ops.Client {
	t.Helper()
	o := ec2ops.Options{Getenv: w.getenv(), PollMin: time.Millisecond, UserAgent: "amirotate/test", Log: t.Logf}
	for _, c := range change {
		c(&o)
	}
	c, err := ec2ops.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func refusal(status int, code, message string) reply {
	return reply{status: status, body: fmt.Sprintf(
		`<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>r-1</RequestID></Response>`,
		code, message)}
}

// ok is an answer to an action; inner is what stands in it.
func ok(action, inner string) reply {
	return reply{body: fmt.Sprintf(
		`<?xml version="1.0" encoding="UTF-8"?><%sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId>%s</%sResponse>`,
		action, inner, action)}
}

func instancesXML(instances ...string) string {
	return "<reservationSet><item><instancesSet>" + strings.Join(instances, "") + "</instancesSet></item></reservationSet>"
}

func instanceXML(id, state, inner string) string {
	return fmt.Sprintf(`<item><instanceId>%s</instanceId><instanceState><name>%s</name></instanceState>%s</item>`, id, state, inner)
}

func roleXML(role string) string {
	return `<tagSet><item><key>amirotate:role</key><value>` + role + `</value></item></tagSet>`
}

const noInstances = "<reservationSet/>"

var ctx = context.Background
