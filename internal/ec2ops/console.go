package ec2ops

import (
	"context"
	"encoding/base64"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/amirotate/amirotate/internal/cloud"
)

// consoles knows which types of instances show their latest console output:
// those that are built on Nitro. It may be used by many goroutines.
type consoles struct {
	mu       sync.Mutex
	noLatest map[string]bool // by instance type
}

func newConsoles() *consoles { return &consoles{noLatest: map[string]bool{}} }

func (k *consoles) note(instanceType string, latest bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.noLatest[instanceType] = !latest
}

func (k *consoles) mayShowLatest(instanceType string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.noLatest[instanceType]
}

// Console returns what the instance has written to its console, the newest
// 64 KiB, "" if there is nothing yet. It asks for the latest output, unless its
// type is known not to have that, and makes do with what EC2 last posted then.
func (c *Client) Console(ctx context.Context, instanceID string) (string, error) {
	r, _ := c.instances.memory.of(instanceID)
	if !c.consoles.mayShowLatest(r.value.Type) {
		return c.console(ctx, instanceID, false)
	}
	text, err := c.console(ctx, instanceID, true)
	if kind := cloud.KindOf(err); err != nil && (kind == cloud.Invalid || kind == cloud.WrongState) {
		if r.value.Type != "" {
			c.consoles.note(r.value.Type, false)
		}
		return c.console(ctx, instanceID, false)
	}
	return text, err
}

func (c *Client) console(ctx context.Context, id string, latest bool) (string, error) {
	in := &ec2.GetConsoleOutputInput{InstanceId: aws.String(id)}
	if latest {
		in.Latest = aws.Bool(true)
	}
	var encoded string
	err := c.untilVisible(ctx, "GetConsoleOutput", id, func() error {
		out, err := c.api.GetConsoleOutput(ctx, in)
		if err != nil {
			return c.failure(ctx, "GetConsoleOutput", id, err)
		}
		encoded = aws.ToString(out.Output)
		return nil
	})
	if err != nil {
		return "", err
	}
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", &cloud.Error{Kind: cloud.Unknown, Op: "GetConsoleOutput", ID: id, Message: "the output is not base64", Err: err}
	}
	return string(text), nil
}

// PasswordData returns the administrator's password as EC2 keeps it: base64 of
// an RSA PKCS #1 v1.5 encryption by the instance's key pair. It is "" until the
// instance has made one, which may take 15 minutes.
func (c *Client) PasswordData(ctx context.Context, instanceID string) (string, error) {
	var data string
	err := c.untilVisible(ctx, "GetPasswordData", instanceID, func() error {
		out, err := c.api.GetPasswordData(ctx, &ec2.GetPasswordDataInput{InstanceId: aws.String(instanceID)})
		if err != nil {
			return c.failure(ctx, "GetPasswordData", instanceID, err)
		}
		data = strings.TrimSpace(aws.ToString(out.PasswordData))
		return nil
	})
	return data, err
}
