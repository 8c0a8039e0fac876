package ec2api

import (
	"net/url"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
)

// slow is a clock on which nothing is refilled while a test runs.
func slow() *clock.Clock { return clock.New(1000) }

func TestThrottle(t *testing.T) {
	tests := []struct {
		action, query string
		passes        int
	}{
		{"RunInstances", "MaxCount=1", 5},
		{"StopInstances", "InstanceId.1=i", 50},
		{"CreateImage", "", 50},
		{"TerminateInstances", "InstanceId.1=i", 100},
		{"CreateTags", "", 100},
		{"DescribeImages", "", 100},
		{"GetConsoleOutput", "", 100},
		{"DescribeInstances", "", 50},
		{"DescribeInstances", "InstanceId.1=i", 100},
		{"DescribeInstances", "Filter.1.Name=x", 100},
		{"DescribeSnapshots", "Owner.1=self", 50},
	}
	for _, test := range tests {
		params, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		throttle, passed := newThrottle(true, slow()), 0
		for throttle.take(test.action, params) == nil && passed < 1000 {
			passed++
		}
		if passed != test.passes {
			t.Errorf("%s?%s: %d calls pass at once, want %d", test.action, test.query, passed, test.passes)
		}
	}
}

func TestThrottleCountsInstances(t *testing.T) {
	throttle := newThrottle(true, slow())
	if err := throttle.take("RunInstances", url.Values{"MaxCount": {"990"}}); err != nil {
		t.Error(err)
	}
	if err := throttle.take("RunInstances", url.Values{"MaxCount": {"20"}}); err == nil {
		t.Error("1010 instances passed at once")
	}
}

func TestThrottleRefillsInSimulatedTime(t *testing.T) {
	throttle := newThrottle(true, clock.New(0.00001)) // two tokens every 10 µs
	passed := 0
	for end := time.Now().Add(5 * time.Second); passed < 100 && time.Now().Before(end); {
		if throttle.take("RunInstances", url.Values{"MaxCount": {"1"}}) == nil {
			passed++
		}
	}
	if passed < 100 {
		t.Errorf("%d calls passed", passed)
	}
}

func TestNoThrottle(t *testing.T) {
	throttle := newThrottle(false, slow())
	for range 1000 {
		if err := throttle.take("RunInstances", nil); err != nil {
			t.Fatal(err)
		}
	}
}
