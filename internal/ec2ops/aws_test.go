//go:build aws

package ec2ops_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/ec2ops"
)

// TestAWS runs the suite against a real account, whose region and credentials
// are those of AWS's own variables and files:
//
//	AWS_REGION=… AMIROTATE_TEST_IMAGE=ami-… AMIROTATE_TEST_GROUP=… AMIROTATE_TEST_TYPE=t3.micro \
//	  go test -tags aws -run TestAWS -timeout 60m -v ./internal/ec2ops
//
// It needs an EBS-backed Linux image of the account's own in the default VPC's
// region. "amirotate iam-policy" prints the permissions.
//
// What it costs: one instance for some ten minutes and one snapshot of its root
// volume for some minutes. At list prices of us-east-1 that is below 0.01 USD
// with t3.micro (0.0104 USD an hour, by the second, a minute at least) and 8 GB
// of EBS (0.05 USD for a GB of snapshot a month); an image with a large volume
// or a licence costs more.
//
// It cleans up after itself, also when it fails, by the ids that it made and
// then by their tags. If the process is killed, "amirotate gc" removes what is
// left.
func TestAWS(t *testing.T) {
	if os.Getenv("AMIROTATE_TEST_IMAGE") == "" {
		t.Fatal("name an image of your own with AMIROTATE_TEST_IMAGE: what runs here costs money")
	}
	s := fromEnvironment(t)
	s.getenv, s.poll = os.Getenv, 5*time.Second
	began := time.Now().Add(-time.Minute)
	t.Cleanup(func() { sweep(t, s, began) })
	suite(t, s)
}

// sweep terminates instances of the suite's own making that are still there.
func sweep(t *testing.T, s site, since time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	c, err := ec2ops.New(ctx, ec2ops.Options{Getenv: s.getenv, PollMin: s.poll, UserAgent: "amirotate/test", Log: t.Logf})
	if err != nil {
		t.Error(err)
		return
	}
	left, err := c.AllTemporaries(ctx)
	if err != nil {
		t.Errorf("cannot look for what is left: %v", err)
	}
	for _, i := range left {
		if i.Tags["Name"] != "ec2ops test" || i.LaunchTime.Before(since) || i.State == cloud.InstanceTerminated {
			continue
		}
		t.Logf("terminating %s, which is left", i.ID)
		if err := c.Terminate(ctx, i.ID); err != nil {
			t.Errorf("%s is left: %v", i.ID, err)
		}
	}
}
