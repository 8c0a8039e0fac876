package ec2api

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/amirotate/amirotate/internal/sandbox/iam"
)

// authorize asks the policy for all that the call needs. What each action needs
// is from AWS's Service Authorization Reference, "Actions, resources, and
// condition keys for Amazon EC2".
func (c *call) authorize() error {
	if c.opts.Policy == nil || c.opts.Policy() == nil || c.service != "ec2" {
		return nil
	}
	refusal := c.opts.Policy().Check(c.needs()...)
	if refusal == nil {
		return nil
	}
	encoded := base64.RawURLEncoding.EncodeToString([]byte(refusal.Action + " " + refusal.Resource))
	return &ec2state.Error{Code: "UnauthorizedOperation", Status: 403,
		Message: fmt.Sprintf("You are not authorized to perform this operation. %s. Encoded authorization failure message: %s",
			refusal.Reason("arn:aws:iam::"+c.state.Account+":user/ops"), encoded)}
}

// needs are the requests of a call.
func (c *call) needs() []iam.Request {
	switch c.action {
	case "RunInstances":
		return c.needsOfLaunch()
	case "CreateImage":
		return c.needsOfBake()
	case "CreateTags", "DeleteTags":
		return c.onExisting(c.action, c.list("ResourceId"), tagKeys("", requestTags(c.params, "Tag.")))
	case "DescribeImageAttribute", "ModifyImageAttribute", "EnableImageDeprecation", "DisableImageDeprecation":
		return c.onExisting(c.action, c.list("ImageId"), nil)
	case "DeregisterImage":
		return c.needsOfDeregister()
	case "DeleteSnapshot":
		return c.onExisting(c.action, c.list("SnapshotId"), nil)
	case "CancelSpotInstanceRequests":
		return c.onExisting(c.action, c.list("SpotInstanceRequestId"), nil)
	case "DescribeInstanceAttribute", "GetConsoleOutput", "GetPasswordData", "ModifyInstanceAttribute",
		"RebootInstances", "StartInstances", "StopInstances", "TerminateInstances":
		return c.onExisting(c.action, c.list("InstanceId"), nil)
	case "CreateKeyPair", "ImportKeyPair", "DeleteKeyPair":
		return []iam.Request{c.need(c.action, c.arn("key-pair", c.params.Get("KeyName")), nil)}
	case "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "DeleteSecurityGroup":
		return c.onExisting(c.action, c.list("GroupId"), nil)
	case "CreateSecurityGroup":
		return []iam.Request{c.need(c.action, c.arn("security-group", "*"), nil)}
	}
	return []iam.Request{c.need(c.action, "*", nil)}
}

func (c *call) need(action, resource string, keys map[string][]string) iam.Request {
	all := map[string][]string{"aws:RequestedRegion": {c.state.Region}, "ec2:Region": {c.state.Region}}
	maps.Copy(all, keys)
	return iam.Request{Action: "ec2:" + action, Resource: resource, Keys: all}
}

// onExisting are requests about things that bear tags. What does not exist needs
// no permission: the call itself will say so.
func (c *call) onExisting(action string, ids []string, keys map[string][]string) []iam.Request {
	var needs []iam.Request
	for _, id := range ids {
		tags, ok := c.state.TagsOf(id)
		if !ok {
			continue
		}
		all := map[string][]string{}
		for k, v := range tags {
			all["aws:ResourceTag/"+k], all["ec2:ResourceTag/"+k] = []string{v}, []string{v}
		}
		maps.Copy(all, keys)
		needs = append(needs, c.need(action, c.arn(kindOfID(id), id), all))
	}
	return needs
}

// needsOfMaking are those of making things of a kind with the tags of the
// request, and of tagging them.
func (c *call) needsOfMaking(kinds ...string) []iam.Request {
	var making, tagging []iam.Request
	for _, kind := range kinds {
		tags := specifiedTags(c.params, kind)
		making = append(making, c.need(c.action, c.arn(kind, "*"), tagKeys("", tags)))
		if len(tags) > 0 {
			tagging = append(tagging, c.need("CreateTags", c.arn(kind, "*"), tagKeys(c.action, tags)))
		}
	}
	return append(making, tagging...)
}

func (c *call) needsOfLaunch() []iam.Request {
	needs := c.onExisting(c.action, slices.Concat(c.list("ImageId"), c.list("SecurityGroupId"), c.list("SubnetId")), nil)
	needs = append(needs, c.need(c.action, c.arn("network-interface", "*"), nil))
	for _, kind := range []string{"security-group", "subnet"} {
		if param := map[string]string{"security-group": "SecurityGroupId", "subnet": "SubnetId"}[kind]; len(c.list(param)) == 0 {
			needs = append(needs, c.need(c.action, c.arn(kind, "*"), nil)) // one of the default VPC
		}
	}
	if key := c.params.Get("KeyName"); key != "" {
		needs = append(needs, c.need(c.action, c.arn("key-pair", key), nil))
	}
	made := []string{"instance", "volume"}
	if c.params.Get("InstanceMarketOptions.MarketType") == "spot" {
		made = append(made, "spot-instances-request")
	}
	needs = append(needs, c.needsOfMaking(made...)...)
	if profile := first(c.params, "IamInstanceProfile.Arn", "IamInstanceProfile.Name"); profile != "" {
		needs = append(needs, iam.Request{Action: "iam:PassRole",
			Resource: "arn:aws:iam::" + c.state.Account + ":role/" + profile[strings.LastIndexByte(profile, '/')+1:],
			Keys:     map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}})
	}
	return needs
}

func (c *call) needsOfBake() []iam.Request {
	return append(c.onExisting(c.action, c.list("InstanceId"), nil), c.needsOfMaking("image", "snapshot")...)
}

func (c *call) needsOfDeregister() []iam.Request {
	needs := c.onExisting(c.action, c.list("ImageId"), nil)
	if strings.EqualFold(c.params.Get("DeleteAssociatedSnapshots"), "true") {
		for _, im := range c.state.Images() {
			if im.ID != c.params.Get("ImageId") {
				continue
			}
			for _, b := range im.BlockDevices {
				needs = append(needs, c.onExisting("DeleteSnapshot", []string{b.SnapshotID}, nil)...)
			}
		}
	}
	return needs
}

// arn names a resource. Images and snapshots belong to no account in theirs.
func (c *call) arn(kind, id string) string {
	account := c.state.Account
	if kind == "image" || kind == "snapshot" {
		account = ""
	}
	return "arn:aws:ec2:" + c.state.Region + ":" + account + ":" + kind + "/" + id
}

func kindOfID(id string) string {
	prefix, _, _ := strings.Cut(id, "-")
	return map[string]string{"ami": "image", "i": "instance", "vol": "volume", "snap": "snapshot", "sg": "security-group",
		"subnet": "subnet", "vpc": "vpc", "key": "key-pair", "sir": "spot-instances-request"}[prefix]
}

// list is a parameter that stands alone or numbered from 1.
func (c *call) list(name string) []string { return listed(c.params, name) }

func listed(params url.Values, name string) []string {
	var values []string
	for _, key := range slices.Sorted(maps.Keys(params)) {
		if rest, ok := strings.CutPrefix(key, name); ok && (rest == "" || rest[0] == '.' && strings.Trim(rest[1:], "0123456789") == "") {
			values = append(values, params.Get(key))
		}
	}
	return values
}

// requestTags are the tags of parameters PREFIX.n.Key and PREFIX.n.Value.
func requestTags(params url.Values, prefix string) map[string]string {
	tags := map[string]string{}
	for key := range params {
		if number, ok := strings.CutSuffix(key, ".Key"); ok && strings.HasPrefix(key, prefix) {
			tags[params.Get(key)] = params.Get(number + ".Value")
		}
	}
	return tags
}

// specifiedTags are those that a request gives to things of a kind.
func specifiedTags(params url.Values, kind string) map[string]string {
	tags := map[string]string{}
	for key := range params {
		if spec, ok := strings.CutSuffix(key, ".ResourceType"); ok && strings.HasPrefix(key, "TagSpecification.") && params.Get(key) == kind {
			maps.Copy(tags, requestTags(params, spec+".Tag."))
		}
	}
	return tags
}

// tagKeys are the condition keys of tags in a request; making is the action that
// makes what they are for, "" if it is there already.
func tagKeys(making string, tags map[string]string) map[string][]string {
	keys := map[string][]string{}
	for k, v := range tags {
		keys["aws:RequestTag/"+k] = []string{v}
	}
	if len(tags) > 0 {
		keys["aws:TagKeys"] = slices.Sorted(maps.Keys(tags))
	}
	if making != "" {
		keys["ec2:CreateAction"] = []string{making}
	}
	return keys
}
