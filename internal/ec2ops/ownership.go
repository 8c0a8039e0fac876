package ec2ops

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cloud"
)

// checkOurs refuses what does not bear our role tag with one of the roles.
func checkOurs(op, id string, tags map[string]string, roles ...string) error {
	role, tagged := tags[cloud.TagRole]
	if tagged && slices.Contains(roles, role) {
		return nil
	}
	message := fmt.Sprintf("it was not made by amirotate: there is no tag %s", cloud.TagRole)
	if tagged {
		message = fmt.Sprintf("its tag %s says %q, not %s", cloud.TagRole, role, strings.Join(roles, " or "))
	}
	return &cloud.Error{Kind: cloud.ForeignResource, Op: op, ID: id, Message: message}
}

// examination is what a fresh look at instances says about ending them.
type examination struct {
	ours     []string         // may be stopped or terminated
	gone     []string         // terminated, or about to be
	failures map[string]error // foreign or missing
}

// examine sorts instances out by their tags, asked for afresh except for those
// that this Client made and of which it knows what they would leave behind.
// One that it made but that is not to be seen yet counts as ours.
func (c *Client) examine(ctx context.Context, op string, ids []string) (examination, error) {
	x := examination{failures: map[string]error{}}
	var unknown []string
	for _, id := range distinct(ids) {
		if c.ledger.made(id) && c.ledger.holdings(id).attached {
			x.ours = append(x.ours, id)
		} else {
			unknown = append(unknown, id)
		}
	}
	var seen []cloud.Instance
	err := inChunks(unknown, maxFilterValues, func(chunk []string) error {
		found, err := c.describeInstances(ctx, nil, filter("instance-id", chunk...))
		seen = append(seen, found...)
		return err
	})
	if err != nil {
		return x, err
	}
	for _, i := range seen {
		x.sort(op, i, c.ledger.made(i.ID))
	}
	for _, id := range without(unknown, seen, func(i cloud.Instance) string { return i.ID }) {
		if c.ledger.made(id) {
			x.ours = append(x.ours, id)
		} else {
			x.failures[id] = notFound(op, id, "instance")
		}
	}
	return x, nil
}

func (x *examination) sort(op string, i cloud.Instance, made bool) {
	if !made {
		if err := checkOurs(op, i.ID, i.Tags, cloud.RoleBuilder, cloud.RoleProver); err != nil {
			x.failures[i.ID] = err
			return
		}
	}
	if i.State.Gone() {
		x.gone = append(x.gone, i.ID)
	} else {
		x.ours = append(x.ours, i.ID)
	}
}
