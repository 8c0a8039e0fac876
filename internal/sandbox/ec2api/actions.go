package ec2api

import (
	"maps"
	"slices"
)

// action is how a call is answered.
type action struct {
	service string
	run     func(*call) (any, error)
}

// with decodes a request before it is answered.
func with[T any](answer func(*call, *T) (any, error)) action {
	return action{"ec2", func(c *call) (any, error) {
		request := new(T)
		if err := decode(c.params, request); err != nil {
			return nil, err
		}
		return answer(c, request)
	}}
}

func actions() map[string]action {
	return map[string]action{
		"AuthorizeSecurityGroupIngress": with(authorizeIngress),
		"CancelSpotInstanceRequests":    with(cancelSpotRequests),
		"CreateImage":                   with(createImage),
		"CreateKeyPair":                 with(createKeyPair),
		"CreateSecurityGroup":           with(createSecurityGroup),
		"CreateTags":                    with(createTags),
		"DeleteKeyPair":                 with(deleteKeyPair),
		"DeleteSecurityGroup":           with(deleteSecurityGroup),
		"DeleteSnapshot":                with(deleteSnapshot),
		"DeleteTags":                    with(deleteTags),
		"DeregisterImage":               with(deregisterImage),
		"DescribeAvailabilityZones":     with(describeZones),
		"DescribeImageAttribute":        with(describeImageAttribute),
		"DescribeImageReferences":       with(describeImageReferences),
		"DescribeImages":                with(describeImages),
		"DescribeInstanceAttribute":     with(describeInstanceAttribute),
		"DescribeInstanceStatus":        with(describeInstanceStatus),
		"DescribeInstanceTypeOfferings": with(describeOfferings),
		"DescribeInstanceTypes":         with(describeInstanceTypes),
		"DescribeInstances":             with(describeInstances),
		"DescribeKeyPairs":              with(describeKeyPairs),
		"DescribeRegions":               with(describeRegions),
		"DescribeSecurityGroups":        with(describeSecurityGroups),
		"DescribeSnapshots":             with(describeSnapshots),
		"DescribeSpotInstanceRequests":  with(describeSpotRequests),
		"DescribeSubnets":               with(describeSubnets),
		"DescribeTags":                  with(describeTags),
		"DescribeVolumes":               with(describeVolumes),
		"DescribeVpcs":                  with(describeVPCs),
		"DisableImageDeprecation":       with(disableDeprecation),
		"EnableImageDeprecation":        with(enableDeprecation),
		"GetConsoleOutput":              with(getConsoleOutput),
		"GetPasswordData":               with(getPasswordData),
		"ImportKeyPair":                 with(importKeyPair),
		"ModifyImageAttribute":          with(modifyImageAttribute),
		"ModifyInstanceAttribute":       with(modifyInstanceAttribute),
		"RebootInstances":               with(rebootInstances),
		"RevokeSecurityGroupIngress":    with(revokeIngress),
		"RunInstances":                  with(runInstances),
		"StartInstances":                with(startInstances),
		"StopInstances":                 with(stopInstances),
		"TerminateInstances":            with(terminateInstances),
		"GetCallerIdentity":             {"sts", callerIdentity},
	}
}

type identity struct {
	Result struct {
		ARN     string `xml:"Arn"`
		UserID  string `xml:"UserId"`
		Account string `xml:"Account"`
	} `xml:"GetCallerIdentityResult"`
}

func callerIdentity(c *call) (any, error) {
	var id identity
	id.Result.Account, id.Result.UserID = c.state.Account, "AIDASANDBOXOPERATOR00"
	id.Result.ARN = "arn:aws:iam::" + c.state.Account + ":user/ops"
	return id, nil
}

// pick keeps the items of the given ids, all if there are none.
func pick[T any](items []T, ids []string, id func(T) string) []T {
	if len(ids) == 0 {
		return items
	}
	return slices.DeleteFunc(items, func(item T) bool { return !slices.Contains(ids, id(item)) })
}

func idsOf[T any](items []T, id func(T) string) []string {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = id(item)
	}
	return ids
}

// Actions names the calls that are answered, in order.
func Actions() []string { return slices.Sorted(maps.Keys(actions())) }
