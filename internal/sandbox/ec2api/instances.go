package ec2api

import (
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type describeInstancesRequest struct {
	dry
	paging
	InstanceIDs []string `q:"InstanceId"`
	Filters     []filter `q:"Filter"`
	Managed     ignored  `q:"IncludeManagedResources"`
}

type describeInstancesResponse struct {
	Reservations set[reservationItem] `xml:"reservationSet"`
	NextToken    string               `xml:"nextToken,omitempty"`
}

func instanceID(in ec2state.Instance) string { return in.ID }

func describeInstances(c *call, r *describeInstancesRequest) (any, error) {
	if r.MaxResults != nil && len(r.InstanceIDs) > 0 {
		return nil, ec2state.Refuse("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
	}
	found, err := c.findInstances(r.InstanceIDs, r.Filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, r.paging, 5, 1000, instanceID)
	if err != nil {
		return nil, err
	}
	response := describeInstancesResponse{NextToken: next}
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].ReservationID == found[0].ReservationID {
			n++
		}
		response.Reservations.Items = append(response.Reservations.Items, c.reservationItem(found[0].ReservationID, found[:n]))
		found = found[n:]
	}
	return response, nil
}

func (c *call) findInstances(ids []string, wanted []filter) ([]ec2state.Instance, error) {
	all := c.state.Instances()
	if err := c.state.CheckInstanceIDs(ids, idsOf(all, instanceID)); err != nil {
		return nil, err
	}
	return c.instanceFilters().apply(pick(all, ids, instanceID), wanted)
}

func (c *call) instanceFilters() filters[ec2state.Instance] {
	type instance = ec2state.Instance
	groups := map[string]string{}
	for _, g := range c.state.Groups() {
		groups[g.ID] = g.Name
	}
	groupIDs := func(in instance) []string { return in.Groups }
	volumes := func(in instance) []ec2state.Attachment { return in.Volumes }
	same := func(s string) string { return s }
	groupName := func(id string) string { return groups[id] }
	return filters[instance]{
		tags: func(in instance) map[string]string { return in.Tags },
		values: map[string]func(instance) []string{
			"architecture":                     one(func(in instance) string { return in.Architecture }),
			"availability-zone":                one(func(in instance) string { return in.Zone }),
			"block-device-mapping.device-name": each(volumes, func(a ec2state.Attachment) string { return a.Device }),
			"block-device-mapping.volume-id":   each(volumes, func(a ec2state.Attachment) string { return a.VolumeID }),
			"client-token":                     one(func(in instance) string { return in.Token }),
			"dns-name":                         one(func(instance) string { return "" }),
			"group-id":                         each(groupIDs, same),
			"group-name":                       each(groupIDs, groupName),
			"instance.group-id":                each(groupIDs, same),
			"instance.group-name":              each(groupIDs, groupName),
			"network-interface.group-id":       each(groupIDs, same),
			"hypervisor":                       one(func(instance) string { return "xen" }),
			"iam-instance-profile.arn":         one(func(in instance) string { return in.Profile }),
			"iam-instance-profile.name":        one(func(in instance) string { return in.Profile[strings.LastIndex(in.Profile, "/")+1:] }),
			"image-id":                         one(func(in instance) string { return in.ImageID }),
			"instance-id":                      one(instanceID),
			"instance-lifecycle":               one(lifecycle),
			"instance-state-code":              one(func(in instance) string { return strconv.Itoa(stateCode(in.State)) }),
			"instance-state-name":              one(func(in instance) string { return in.State }),
			"instance-type":                    one(func(in instance) string { return in.Type }),
			"ip-address":                       one(func(instance) string { return "" }),
			"key-name":                         one(func(in instance) string { return in.Key }),
			"launch-index":                     one(func(in instance) string { return strconv.Itoa(in.LaunchIndex) }),
			"launch-time":                      one(func(in instance) string { return stamp(in.Ran) }),
			"network-interface.addresses.private-ip-address": one(privateIP),
			"network-interface.subnet-id":                    one(func(in instance) string { return in.Subnet }),
			"owner-id":                                       one(func(instance) string { return c.state.Account }),
			"placement-group-name":                           one(func(instance) string { return "" }),
			"platform":                                       one(func(in instance) string { return strings.TrimPrefix(in.Platform, "linux") }),
			"private-dns-name":                               one(c.privateDNS),
			"private-ip-address":                             one(privateIP),
			"reason":                                         one(func(in instance) string { return in.Transition }),
			"reservation-id":                                 one(func(in instance) string { return in.ReservationID }),
			"root-device-name":                               one(func(in instance) string { return in.RootDeviceName }),
			"root-device-type":                               one(func(in instance) string { return in.RootDeviceType }),
			"spot-instance-request-id":                       one(func(in instance) string { return in.SpotRequest }),
			"state-reason-code":                              one(func(in instance) string { return in.Reason.Code }),
			"subnet-id":                                      one(func(in instance) string { return in.Subnet }),
			"tenancy":                                        one(func(instance) string { return "default" }),
			"virtualization-type":                            one(func(in instance) string { return in.Virtualization }),
			"vpc-id":                                         one(func(in instance) string { return in.VPC }),
		},
	}
}

type instanceIDsRequest struct {
	dry
	InstanceIDs    []string `q:"InstanceId"`
	Force          bool     `q:"Force"`
	Hibernate      bool     `q:"Hibernate"`
	SkipOSShutdown bool     `q:"SkipOsShutdown"`
	AdditionalInfo ignored  `q:"AdditionalInfo"`
}

type stateItem struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

func stateCode(state string) int {
	return map[string]int{"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}[state]
}

func stateItemOf(state string) stateItem { return stateItem{stateCode(state), state} }

type stateChangeItem struct {
	InstanceID string    `xml:"instanceId"`
	Current    stateItem `xml:"currentState"`
	Previous   stateItem `xml:"previousState"`
}

type stateChangesResponse struct {
	Instances set[stateChangeItem] `xml:"instancesSet"`
}

func stateChanges(changes []ec2state.StateChange, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return stateChangesResponse{setOf(changes, func(c ec2state.StateChange) stateChangeItem {
		return stateChangeItem{c.ID, stateItemOf(c.After), stateItemOf(c.Before)}
	})}, nil
}

func startInstances(c *call, r *instanceIDsRequest) (any, error) {
	return stateChanges(c.state.StartInstances(r.InstanceIDs, r.DryRun))
}

func stopInstances(c *call, r *instanceIDsRequest) (any, error) {
	if r.Hibernate {
		return nil, ec2state.Refuse("UnsupportedHibernationConfiguration", "Instance is not enabled for hibernation.")
	}
	return stateChanges(c.state.StopInstances(r.InstanceIDs, r.DryRun))
}

func terminateInstances(c *call, r *instanceIDsRequest) (any, error) {
	return stateChanges(c.state.TerminateInstances(r.InstanceIDs, r.DryRun))
}

func rebootInstances(c *call, r *instanceIDsRequest) (any, error) {
	return ok{true}, c.state.RebootInstances(r.InstanceIDs, r.DryRun)
}
