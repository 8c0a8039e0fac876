package ec2ops_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/ec2ops"
)

func TestKinds(t *testing.T) {
	tests := []struct {
		status        int
		code, message string
		want          cloud.Kind
		calls         int // 0: not counted
	}{
		{400, "InvalidAMIID.NotFound", "The image id '[ami-1]' does not exist", cloud.NotFound, 1},
		{400, "InvalidGroup.NotFound", "The security group 'sg-1' does not exist", cloud.NotFound, 1},
		{400, "InvalidKeyPair.NotFound", "The key pair 'k' does not exist", cloud.NotFound, 1},
		{400, "InvalidAMIName.Duplicate", "AMI name x is already in use by AMI ami-2", cloud.NameTaken, 1},
		{400, "IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent", cloud.TokenMismatch, 1},
		{400, "IdempotentInstanceTerminated", "The request uses the same client token as a previous request for which the instance has been terminated", cloud.TokenMismatch, 1},
		{403, "UnauthorizedOperation", "You are not authorized to perform this operation. Encoded authorization failure message: abc", cloud.Denied, 1},
		{403, "OptInRequired", "You are not subscribed to this service.", cloud.Denied, 1},
		{401, "AuthFailure", "Not authorized for images: [ami-1]", cloud.Denied, 1},
		{401, "AuthFailure", "AWS was not able to validate the provided access credentials", cloud.Credentials, 1},
		{401, "AuthFailure", "The region us-west-9 does not exist", cloud.UnknownRegion, 1},
		{400, "ExpiredToken", "The provided token has expired.", cloud.Credentials, 1},
		{400, "RequestExpired", "Request has expired.", cloud.Credentials, 0},
		{500, "InsufficientInstanceCapacity", "We currently do not have sufficient m3.xlarge capacity", cloud.Capacity, 1},
		{400, "InsufficientFreeAddressesInSubnet", "Not enough free addresses", cloud.Capacity, 1},
		{400, "Unsupported", "Your requested instance type (m3.xlarge) is not supported in your requested Availability Zone (us-west-1a).", cloud.Capacity, 1},
		{400, "SpotMaxPriceTooLow", "Your Spot request price is lower than the minimum", cloud.Capacity, 1},
		{400, "VcpuLimitExceeded", "You have requested more vCPU capacity", cloud.Quota, 1},
		{400, "InstanceLimitExceeded", "You have requested more instances", cloud.Quota, 1},
		{400, "MaxSpotInstanceCountExceeded", "Max spot instance count exceeded", cloud.Quota, 1},
		{503, "RequestLimitExceeded", "Request limit exceeded.", cloud.Throttled, 10},
		{400, "InvalidParameterValue", "The parameter 'x' is invalid", cloud.Invalid, 1},
		{400, "InvalidAMIID.Malformed", "Invalid id: \"x\"", cloud.Invalid, 1},
		{400, "MissingParameter", "The request must contain the parameter ImageId", cloud.Invalid, 1},
		{400, "IncorrectInstanceState", "The instance is not in a state from which it can be stopped", cloud.WrongState, 1},
		{400, "InvalidAMIID.Unavailable", "The image ID 'ami-1' is no longer available", cloud.WrongState, 1},
		{400, "InvalidSnapshot.InUse", "The snapshot snap-1 is currently in use by ami-1", cloud.WrongState, 1},
		{500, "InternalError", "An internal error has occurred", cloud.Unavailable, 10},
		{503, "Unavailable", "The server is overloaded", cloud.Unavailable, 10},
		{502, "Something.New", "a proxy's page", cloud.Unavailable, 10},
		{400, "InvalidAction", "The action RunInstances is not valid for this web service.", cloud.UnsupportedCall, 1},
		{400, "Something.New", "never heard of", cloud.Unknown, 1},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			w := newWire(t, func(int, url.Values) reply { return refusal(tt.status, tt.code, tt.message) })
			_, err := w.client(t).Launch(ctx(), launchSpec())
			var e *cloud.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, which is no *cloud.Error", err)
			}
			if e.Kind != tt.want || e.Op != "RunInstances" || e.ID != "ami-1" || e.Code != tt.code {
				t.Errorf("got %+v, want kind %s", e, tt.want)
			}
			message, _, _ := strings.Cut(tt.message, " Encoded")
			if want := "cannot RunInstances ami-1: " + message + " (" + tt.code + ")"; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
			if n := len(w.asked("RunInstances")); tt.calls > 0 && n != tt.calls {
				t.Errorf("%d calls, want %d", n, tt.calls)
			}
		})
	}
}

func launchSpec() cloud.LaunchSpec {
	return cloud.LaunchSpec{
		ImageID: "ami-1", Type: "m3.xlarge", ClientToken: "token-1",
		Tags: map[string]string{cloud.TagRole: cloud.RoleBuilder},
	}
}

func TestWhatPasses(t *testing.T) {
	success := ok("RunInstances", "<instancesSet>"+instanceXML("i-1", "pending", "")+"</instancesSet>")
	tests := map[string]reply{
		"throttled":              refusal(503, "RequestLimitExceeded", "Request limit exceeded."),
		"internal error":         refusal(500, "InternalError", "An internal error has occurred"),
		"unavailable":            refusal(503, "Unavailable", "overloaded"),
		"a proxy's page":         {status: 502, body: "<html>bad gateway</html>"},
		"an answer cut midway":   {body: success.body, cut: true},
		"no answer in time":      {hang: true},
		"an empty answer":        {status: 503},
		"throttled another way":  refusal(400, "Throttling", "Rate exceeded"),
		"EC2's own throttling":   refusal(503, "EC2ThrottledException", "Rate exceeded"),
		"unfinished by a reset":  {body: "x", cut: true},
		"unfinished, status 200": {body: strings.Repeat(" ", 100) + success.body, cut: true},
	}
	for name, trouble := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, func(n int, _ url.Values) reply {
				if n <= 3 {
					return trouble
				}
				return success
			})
			c := w.client(t, func(o *ec2ops.Options) { o.AttemptTimeout = 100 * time.Millisecond })
			i, err := c.Launch(ctx(), launchSpec())
			if err != nil || i.ID != "i-1" {
				t.Fatalf("got %v, %v", i.ID, err)
			}
			calls := w.asked("RunInstances")
			if len(calls) != 4 {
				t.Errorf("%d calls, want 4", len(calls))
			}
			for _, c := range calls {
				if c.Get("ClientToken") != "token-1" {
					t.Errorf("a repetition with client token %q", c.Get("ClientToken"))
				}
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	w := newWire(t, func(int, url.Values) reply { return reply{hang: true} })
	c := w.client(t)
	short, cancel := context.WithTimeout(ctx(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	for name, err := range map[string]error{
		"call":      func() error { _, err := c.LaunchPermissions(short, "ami-1"); return err }(),
		"look":      func() error { _, err := c.Images(short, []string{"ami-1"}); return err }(),
		"wait":      func() error { _, err := c.AwaitImage(short, "ami-1", nil); return err }(),
		"terminate": c.Terminate(short, "i-1"),
	} {
		if cloud.KindOf(err) != cloud.InterruptedCall || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if d := time.Since(began); d > time.Second {
		t.Errorf("took %v", d)
	}
}

func TestNobodyAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	w := newWire(t, nil)
	c := w.client(t, func(o *ec2ops.Options) { o.Getenv = w.getenv("AWS_ENDPOINT_URL_EC2=http://" + address) })
	_, err = c.Images(ctx(), []string{"ami-1"})
	if cloud.KindOf(err) != cloud.Unavailable || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
}

func TestRehearsal(t *testing.T) {
	tests := []struct {
		code string
		want cloud.Kind
	}{
		{"DryRunOperation", ""},
		{"UnauthorizedOperation", cloud.Denied},
		{"InvalidAMIID.NotFound", cloud.NotFound},
	}
	for _, tt := range tests {
		w := newWire(t, func(int, url.Values) reply { return refusal(412, tt.code, "words") })
		c := w.client(t)
		for action, err := range map[string]error{
			"RunInstances": c.RehearseLaunch(ctx(), launchSpec()),
			"CreateTags":   c.RehearseTag(ctx(), "ami-1", map[string]string{"a": "b"}),
		} {
			if tt.want == "" && err != nil || tt.want != "" && cloud.KindOf(err) != tt.want {
				t.Errorf("%s %s: got %v, want %q", action, tt.code, err, tt.want)
			}
			calls := w.asked(action)
			if len(calls) != 1 || calls[0].Get("DryRun") != "true" {
				t.Errorf("%s: calls %v, want one with DryRun", action, calls)
			}
		}
	}
}
