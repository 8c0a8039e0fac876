package paramstore

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/amirotate/amirotate/internal/cert/keep"
	"github.com/amirotate/amirotate/internal/cloud"
)

func TestBadTemplates(t *testing.T) {
	for template, good := range map[string]bool{
		"rack-docker-tls-{item}": true, "/farm/certs/{item}": true, "/farm/{item}/pem": true,
		"": false, "{item}": false, "/{item}": false, "rack": false, "{item}-{item}": false, "x {item}": false,
		"aws-{item}": false, "/ssm/{item}": false, "farm/{item}": false, "/farm//{item}": false, "x-{ITEM}": false,
		strings.Repeat("x", 1000) + "{item}": false,
	} {
		if err := CheckTemplate(template); (err == nil) != good {
			t.Errorf("%q: %v", template, err)
		}
	}
}

// TestTooBig: nothing is written if one value cannot be.
func TestTooBig(t *testing.T) {
	a := newAccount(t)
	s := a.store()
	items := keep.Items{keep.Key: []byte(strings.Repeat("k", maxValue+1)), keep.Cert: []byte("c")}
	was, err := s.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Replace(context.Background(), was, items, start); err == nil || !strings.Contains(err.Error(), "8192") {
		t.Errorf("got %v", err)
	}
	if n := a.calls("PutParameter"); n != 0 {
		t.Errorf("%d writes", n)
	}
}

func TestKMSKeyIsKept(t *testing.T) {
	a := newAccount(t)
	s := a.store(func(o *Options) { o.KMSKey = "alias/rack" })
	ensure(t, s, start)
	due := start.Add(3600 * day)
	ensure(t, a.store(), due) // which names no key
	known, err := s.describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"key", "ca-key", "key." + due.Format(stamp)} {
		if got := aws.ToString(known["rack-docker-tls-"+name].KeyId); got != "alias/rack" {
			t.Errorf("%s is encrypted with %s", name, got)
		}
	}
}

// TestEndpointOfItsOwn: AWS_ENDPOINT_URL_SSM beats the endpoint of all services.
func TestEndpointOfItsOwn(t *testing.T) {
	a := newAccount(t)
	env := map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SSM": a.url, "AWS_REGION": "us-west-1",
		"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "x"}
	s := a.store(func(o *Options) { o.Getenv = func(n string) string { return env[n] } })
	if _, err := s.Load(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestNoRegionNoCredentials(t *testing.T) {
	none := func(string) string { return "" }
	_, err := New(context.Background(), Options{Template: "x-{item}", Getenv: none})
	if cloud.KindOf(err) != cloud.UnknownRegion {
		t.Errorf("without a region: %v", err)
	}
	s, err := New(context.Background(), Options{Template: "x-{item}", Getenv: none, Region: "us-west-1", RetryUnit: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(context.Background()); cloud.KindOf(err) != cloud.Credentials {
		t.Errorf("without credentials: %v", err)
	}
}
