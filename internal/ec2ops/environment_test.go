package ec2ops_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/ec2ops"
)

func noSubnets(int, url.Values) reply { return ok("DescribeSubnets", "<subnetSet/>") }

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEnvironment: whatever the process's own environment says, the one handed
// in decides on endpoint, region and key.
func TestEnvironment(t *testing.T) {
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_PROFILE", "of-the-process")
	t.Setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAPROCESS")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")

	w := newWire(t, noSubnets)
	file := write(t, "config", "[default]\nregion = sa-east-1\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n"+
		"[profile night]\nregion = ap-south-1\naws_access_key_id = AKIANIGHT\naws_secret_access_key = s\nendpoint_url = "+w.URL+"\n")
	tests := []struct {
		name        string
		region      string
		vars        []string
		key, signed string
	}{
		{"keys and region", "", nil, "AKIAEXAMPLE", "us-west-1"},
		{"a region given beats it", "us-gov-west-1", nil, "AKIAEXAMPLE", "us-gov-west-1"},
		{"the default region is the second choice", "", []string{"AWS_REGION=", "AWS_DEFAULT_REGION=us-east-2"}, "AKIAEXAMPLE", "us-east-2"},
		{"the profile's region is the last", "", []string{"AWS_REGION=", "AWS_CONFIG_FILE=" + file}, "AKIAEXAMPLE", "sa-east-1"},
		{"the default profile", "", []string{"AWS_ACCESS_KEY_ID=", "AWS_CONFIG_FILE=" + file}, "AKIADEFAULT", "us-west-1"},
		{"a profile with an endpoint", "", []string{"AWS_REGION=", "AWS_ACCESS_KEY_ID=", "AWS_CONFIG_FILE=" + file, "AWS_PROFILE=night", "AWS_ENDPOINT_URL="}, "AKIANIGHT", "ap-south-1"},
		{"the endpoint of EC2 beats that of all", "", []string{"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_EC2=" + w.URL}, "AKIAEXAMPLE", "us-west-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := w.client(t, func(o *ec2ops.Options) { o.Region, o.Getenv = tt.region, w.getenv(tt.vars...) })
			if c.Region() != tt.signed {
				t.Errorf("Region() = %s, want %s", c.Region(), tt.signed)
			}
			if _, err := c.Subnets(ctx(), nil); err != nil {
				t.Fatal(err)
			}
			calls := w.asked("")
			header := calls[len(calls)-1].header
			if a := header.Get("Authorization"); !strings.Contains(a, tt.key+"/") || !strings.Contains(a, "/"+tt.signed+"/ec2/") {
				t.Errorf("signed by %s, want key %s and region %s", a, tt.key, tt.signed)
			}
			if ua := header.Get("User-Agent"); !strings.Contains(ua, "amirotate/test") {
				t.Errorf("user agent %s", ua)
			}
		})
	}
}

// TestProcessEnvironment: with the process's own environment, handed in or not,
// the SDK's chain decides.
func TestProcessEnvironment(t *testing.T) {
	w := newWire(t, noSubnets)
	t.Setenv("AWS_REGION", "eu-central-1")
	t.Setenv("AWS_ENDPOINT_URL", w.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAPROCESS")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	for _, getenv := range []func(string) string{nil, os.Getenv} {
		c := w.client(t, func(o *ec2ops.Options) { o.Getenv = getenv })
		if _, err := c.Subnets(ctx(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, call := range w.asked("") {
		if a := call.header.Get("Authorization"); !strings.Contains(a, "AKIAPROCESS/") || !strings.Contains(a, "/eu-central-1/") {
			t.Errorf("signed by %s", a)
		}
	}
	if n := len(w.asked("")); n != 2 {
		t.Errorf("%d calls, want 2", n)
	}
}

func TestBadEnvironment(t *testing.T) {
	w := newWire(t, noSubnets)
	tests := []struct {
		name, region string
		vars         []string
		want         cloud.Kind
		words        string
	}{
		{"no region", "", []string{"AWS_REGION="}, cloud.UnknownRegion, "AWS_REGION"},
		{"no region's name", "mars", nil, cloud.UnknownRegion, "mars"},
		{"a zone", "us-west-1a", nil, cloud.UnknownRegion, "us-west-1a"},
		{"a URL", "http://us-west-1", nil, cloud.UnknownRegion, "http"},
		{"upper case", "US-WEST-1", nil, cloud.UnknownRegion, "US-WEST-1"},
		{"a profile that is missing", "", []string{"AWS_PROFILE=nobody"}, cloud.Invalid, "nobody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ec2ops.New(ctx(), ec2ops.Options{Region: tt.region, Getenv: w.getenv(tt.vars...)})
			if cloud.KindOf(err) != tt.want || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("got %v, want kind %s and the word %s", err, tt.want, tt.words)
			}
		})
	}
	t.Run("no credentials", func(t *testing.T) {
		c := w.client(t, func(o *ec2ops.Options) { o.Getenv = w.getenv("AWS_ACCESS_KEY_ID=") })
		_, err := c.Subnets(ctx(), nil)
		if cloud.KindOf(err) != cloud.Credentials || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") {
			t.Errorf("got %v", err)
		}
		if n := len(w.asked("")); n != 0 {
			t.Errorf("%d calls without credentials", n)
		}
	})
}
