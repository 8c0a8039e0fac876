package ec2ops

import (
	"context"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
)

// untilVisible repeats a call about a thing that this Client made, as long as
// EC2 doesn't know it everywhere yet. op and id are for the error when ctx ends.
func (c *Client) untilVisible(ctx context.Context, op, id string, call func() error) error {
	return c.patiently(ctx, op, id, func() (again bool, err error) {
		err = call()
		return c.notYet(id, err), err
	})
}

// settling is how long, in units of PollMin, a thing that one call has shown may
// still be unknown to another.
const settling = 10

// notYet tells whether an error says no more than that EC2 doesn't know
// everywhere yet what we have just made.
func (c *Client) notYet(id string, err error) bool {
	return cloud.KindOf(err) == cloud.NotFound && c.ledger.isNew(id, c.options.Grace, settling*c.options.PollMin)
}

// patiently repeats a call that asks for it, at growing intervals.
func (c *Client) patiently(ctx context.Context, op, id string, call func() (again bool, err error)) error {
	began := time.Now()
	for {
		again, err := call()
		if !again {
			return err
		}
		if sleep(ctx, max(c.options.PollMin, time.Since(began)/4)) != nil {
			return interrupted(ctx, op, id, "while EC2 did not know it yet")
		}
	}
}
