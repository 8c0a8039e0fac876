package ec2ops

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/cloud"
)

// TestNoSuchHost: a region that has the shape of one but no endpoint.
func TestNoSuchHost(t *testing.T) {
	err := &url.Error{Op: "Post", URL: "https://ec2.us-west-9.amazonaws.com/", Err: &net.OpError{
		Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "ec2.us-west-9.amazonaws.com", IsNotFound: true},
	}}
	c := &Client{region: "us-west-9"}
	got := c.failure(context.Background(), "DescribeImages", "", err)
	if cloud.KindOf(got) != cloud.UnknownRegion || !strings.Contains(got.Error(), "us-west-9") {
		t.Errorf("got %v", got)
	}
	c.customEndpoint = true
	if got := c.failure(context.Background(), "DescribeImages", "", err); cloud.KindOf(got) != cloud.Unavailable {
		t.Errorf("the region is blamed for a custom endpoint: %v", got)
	}
	if newRetryer(Options{}.withDefaults(), 1, newContact(1)).IsErrorRetryable(err) {
		t.Error("a host that does not exist is tried again")
	}
}

// TestFilterIsLiteral: names may hold what filters take for wildcards.
func TestFilterIsLiteral(t *testing.T) {
	got := filter("group-name", `a*b?c\d`, "plain").Values
	if want := []string{`a\*b\?c\\d`, "plain"}; got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %q, want %q", got, want)
	}
}
