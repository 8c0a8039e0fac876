package ec2ops_test

import (
	"cmp"
	"os"
	"testing"
	"time"
)

// elsewhere is the EC2 that the environment names, if it names one:
//
//	AMIROTATE_TEST_ENDPOINT  URL of an EC2's Query API
//	AMIROTATE_TEST_IMAGE     an EBS-backed Linux image of the account's own (ami-7fd23e3b)
//	AMIROTATE_TEST_GROUP     a security group's name in the default VPC that lets somebody in (rust-slave)
//	AMIROTATE_TEST_TYPE      an instance type that the image runs on (m3.xlarge)
//	AMIROTATE_TEST_SHARE     an account that the replacement is shared with for a moment (none)
//	AMIROTATE_TEST_LIMIT     for one test (30m)
//
// Region and credentials are those of AWS's own variables. The defaults are what
// "amirotate sandbox" has.
func elsewhere(t *testing.T) (site, bool) {
	t.Helper()
	endpoint := os.Getenv("AMIROTATE_TEST_ENDPOINT")
	if endpoint == "" {
		return site{}, false
	}
	s := fromEnvironment(t)
	s.getenv = func(name string) string {
		if name == "AWS_ENDPOINT_URL" {
			return endpoint
		}
		return os.Getenv(name)
	}
	t.Logf("EC2 at %s", endpoint)
	return s, true
}

// fromEnvironment is what may be used at an EC2 that is not the embedded one.
func fromEnvironment(t *testing.T) site {
	t.Helper()
	limit, err := time.ParseDuration(cmp.Or(os.Getenv("AMIROTATE_TEST_LIMIT"), "30m"))
	if err != nil {
		t.Fatal(err)
	}
	return site{
		poll: time.Second, limit: limit,
		image:        cmp.Or(os.Getenv("AMIROTATE_TEST_IMAGE"), "ami-7fd23e3b"),
		group:        cmp.Or(os.Getenv("AMIROTATE_TEST_GROUP"), "rust-slave"),
		instanceType: cmp.Or(os.Getenv("AMIROTATE_TEST_TYPE"), "m3.xlarge"),
		shareWith:    os.Getenv("AMIROTATE_TEST_SHARE"),
	}
}

// TestElsewhere: the variable decides which EC2 the suite asks.
func TestElsewhere(t *testing.T) {
	w := newWire(t, noSubnets)
	t.Setenv("AMIROTATE_TEST_ENDPOINT", w.URL)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_REGION", "us-west-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAELSEWHERE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	s, ok := elsewhere(t)
	if !ok {
		t.Fatal("the variable counts for nothing")
	}
	if _, err := s.client(t).Subnets(s.patience(t), nil); err != nil || len(w.asked("")) != 1 {
		t.Errorf("%d calls, %v", len(w.asked("")), err)
	}
}
