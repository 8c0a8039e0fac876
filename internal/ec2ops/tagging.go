package ec2ops

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// tagging sets the same tags on several things in one call.
type tagging struct {
	window window
	last   func() bool // see batcher
	call   func(ctx context.Context, ids []string, tags map[string]string) map[string]error
	mu     sync.Mutex
	by     map[string]*batcher // by the tags
	made   int                 // batchers so far
}

func newTagging(w window, call func(context.Context, []string, map[string]string) map[string]error) *tagging {
	return &tagging{window: w, call: call, by: map[string]*batcher{}}
}

func (t *tagging) do(ctx context.Context, id string, tags map[string]string) error {
	return t.of(tags).do(ctx, "CreateTags", []string{id})[id]
}

// of returns the batcher of these tags. A new one goes on with the window of
// those before.
func (t *tagging) of(tags map[string]string) *batcher {
	key := ""
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		key += fmt.Sprintf("%q=%q,", k, tags[k])
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by[key] == nil {
		own := maps.Clone(tags)
		t.by[key] = newBatcher(t.window, func(ctx context.Context, ids []string) map[string]error {
			return t.call(ctx, ids, own)
		})
		t.by[key].batches, t.by[key].last = t.made, t.last
		t.made++
	}
	return t.by[key]
}

func (c *Client) tagAll(ctx context.Context, ids []string, tags map[string]string) map[string]error {
	return eachOf(ids, func(part []string) error {
		_, err := c.api.CreateTags(ctx, &ec2.CreateTagsInput{Resources: part, Tags: fromTags(tags)})
		return c.failureOrNil(ctx, "CreateTags", only(part), err)
	})
}
