package ec2api

import (
	"cmp"
	"maps"
	"slices"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type tagItem struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

func tagSet(tags map[string]string) set[tagItem] {
	return setOf(slices.Sorted(maps.Keys(tags)), func(k string) tagItem { return tagItem{k, tags[k]} })
}

type tagsRequest struct {
	dry
	ResourceIDs []string   `q:"ResourceId"`
	Tags        []tagParam `q:"Tag"`
}

func (r tagsRequest) check() error {
	if len(r.ResourceIDs) == 0 {
		return missingParameter("resourceIdSet")
	}
	return nil
}

func createTags(c *call, r *tagsRequest) (any, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if len(r.Tags) == 0 {
		return nil, missingParameter("tagSet")
	}
	tags := map[string]string{}
	for _, t := range r.Tags {
		tags[t.Key] = valueOr(t.Value, "")
	}
	return ok{true}, c.state.CreateTags(r.ResourceIDs, tags, r.DryRun)
}

func deleteTags(c *call, r *tagsRequest) (any, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	tags := map[string]*string{}
	for _, t := range r.Tags {
		tags[t.Key] = t.Value
	}
	return ok{true}, c.state.DeleteTags(r.ResourceIDs, tags, r.DryRun)
}

type describeTagsRequest struct {
	dry
	paging
	Filters []filter `q:"Filter"`
}

type tagDescription struct {
	ResourceID   string `xml:"resourceId"`
	ResourceType string `xml:"resourceType"`
	tagItem
}

type describeTagsResponse struct {
	Tags      set[tagDescription] `xml:"tagSet"`
	NextToken string              `xml:"nextToken,omitempty"`
}

func describeTags(c *call, r *describeTagsRequest) (any, error) {
	f := filters[tagDescription]{values: map[string]func(tagDescription) []string{
		"key":           one(func(t tagDescription) string { return t.Key }),
		"value":         func(t tagDescription) []string { return []string{t.Value} },
		"resource-id":   one(func(t tagDescription) string { return t.ResourceID }),
		"resource-type": one(func(t tagDescription) string { return t.ResourceType }),
	}}
	for i, w := range r.Filters { // tag:KEY is a filter of tags, too
		if key, isTag := cutTag(w.Name); isTag {
			r.Filters[i].Name = "value"
			r.Filters = append(r.Filters, filter{"key", []string{key}})
		}
	}
	found, err := f.apply(allTags(c.state), r.Filters)
	if err != nil {
		return nil, err
	}
	id := func(t tagDescription) string { return t.ResourceID + " " + t.Key }
	found, next, err := page(found, r.paging, 5, 1000, id)
	return describeTagsResponse{set[tagDescription]{found}, next}, err
}

func cutTag(name string) (string, bool) {
	const prefix = "tag:"
	if len(name) > len(prefix) && name[:len(prefix)] == prefix {
		return name[len(prefix):], true
	}
	return "", false
}

func allTags(s *ec2state.State) []tagDescription {
	var all []tagDescription
	add := func(id, kind string, tags map[string]string) {
		for k, v := range tags {
			all = append(all, tagDescription{id, kind, tagItem{k, v}})
		}
	}
	for _, r := range s.Images() {
		add(r.ID, "image", r.Tags)
	}
	for _, r := range s.Instances() {
		add(r.ID, "instance", r.Tags)
	}
	for _, r := range s.Volumes() {
		add(r.ID, "volume", r.Tags)
	}
	for _, r := range s.Snapshots() {
		add(r.ID, "snapshot", r.Tags)
	}
	for _, r := range s.Groups() {
		add(r.ID, "security-group", r.Tags)
	}
	for _, r := range s.VPCs() {
		add(r.ID, "vpc", r.Tags)
	}
	for _, r := range s.Subnets() {
		add(r.ID, "subnet", r.Tags)
	}
	for _, r := range s.KeyPairs() {
		add(r.ID, "key-pair", r.Tags)
	}
	for _, r := range s.SpotRequests() {
		add(r.ID, "spot-instances-request", r.Tags)
	}
	slices.SortFunc(all, func(a, b tagDescription) int {
		return cmp.Or(cmp.Compare(a.ResourceID, b.ResourceID), cmp.Compare(a.Key, b.Key))
	})
	return all
}
