package ec2ops_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/ec2ops"
)

// at makes a client of an endpoint.
func at(t *testing.T, endpoint string, attempt time.Duration) *ec2ops.Client {
	t.Helper()
	w := newWire(t, nil)
	w.URL = endpoint
	return w.client(t, func(o *ec2ops.Options) { o.AttemptTimeout = attempt })
}

// What is no EC2 is never taken for one that knows of nothing, and told as what
// it is.
func TestStrangers(t *testing.T) {
	const page = "<!DOCTYPE html><html><body>Please log in</body></html>"
	tests := map[string]struct {
		status     int
		kind, body string
		want       string
	}{
		"a page to log in":      {200, "text/html", page, "(HTTP 200, text/html)"},
		"nothing":               {200, "", "", "(HTTP 200, "},
		"JSON":                  {200, "application/json", `{"images": []}`, "(HTTP 200, application/json)"},
		"another root":          {200, "text/xml", "<?xml version='1.0'?>\n<ListBucketResult/>", "(HTTP 200, text/xml)"},
		"a page that is gone":   {404, "text/html", page, "(HTTP 404, text/html)"},
		"a way somewhere else":  {302, "text/html", page, "(HTTP 302, text/html)"},
		"a gateway's page":      {502, "text/html", page, "(HTTP 502, text/html)"},
		"a refusal of somebody": {400, "application/json", `{"message": "no"}`, "(HTTP 400, application/json)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{test.kind}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer s.Close()
			images, err := at(t, s.URL, time.Second).Images(ctx(), []string{"ami-1"})
			if cloud.KindOf(err) != cloud.Unavailable || !strings.Contains(err.Error(), "not as EC2 does "+test.want) {
				t.Errorf("got %v, %v", images, err)
			}
		})
	}
}

// A page in place of EC2's answer in the middle of a run is waited out.
func TestStrangerForAWhile(t *testing.T) {
	w := newWire(t, func(n int, _ url.Values) reply {
		if n > 1 && n < 7 {
			return reply{body: "<html>Please log in</html>"}
		}
		return ok("DescribeImages", "<imagesSet/>")
	})
	c := w.client(t)
	for range 2 {
		if _, err := c.Images(ctx(), []string{"ami-1"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.asked("")); n < 7 {
		t.Errorf("%d calls: it was not asked again", n)
	}
}

// Where EC2 was never reached, a call does not go on for minutes.
func TestNeverReached(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts, nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	const attempt = 200 * time.Millisecond
	for address, want := range map[string]string{
		silent.Addr().String(): "no answer from " + silent.Addr().String() + " within 200ms",
		closed.Addr().String(): "refused",
	} {
		began := time.Now()
		_, err := at(t, "http://"+address, attempt).Images(ctx(), []string{"ami-1"})
		if cloud.KindOf(err) != cloud.Unavailable || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if took := time.Since(began); took > 8*attempt {
			t.Errorf("%s took %v", want, took)
		}
	}
}

// Once it has answered, EC2 may be silent for longer.
func TestSilentForAWhile(t *testing.T) {
	w := newWire(t, func(n int, _ url.Values) reply {
		if n > 1 && n < 7 {
			return reply{hang: true}
		}
		return ok("DescribeImages", "<imagesSet/>")
	})
	c := w.client(t, func(o *ec2ops.Options) { o.AttemptTimeout = 50 * time.Millisecond })
	for range 2 {
		if _, err := c.Images(ctx(), []string{"ami-1"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.asked("")); n < 7 {
		t.Errorf("%d calls: it was not asked again", n)
	}
}
