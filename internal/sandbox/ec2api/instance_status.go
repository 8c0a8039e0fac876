package ec2api

import (
	"encoding/base64"
	"slices"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type statusRequest struct {
	dry
	paging
	InstanceIDs []string `q:"InstanceId"`
	Filters     []filter `q:"Filter"`
	All         bool     `q:"IncludeAllInstances"`
	Managed     ignored  `q:"IncludeManagedResources"`
}

type statusSummary struct {
	Status  string             `xml:"status"`
	Details set[statusDetails] `xml:"details"`
}

type statusDetails struct {
	Name   string `xml:"name"`
	Status string `xml:"status"`
}

type statusItem struct {
	InstanceID string        `xml:"instanceId"`
	Zone       string        `xml:"availabilityZone"`
	State      stateItem     `xml:"instanceState"`
	System     statusSummary `xml:"systemStatus"`
	Instance   statusSummary `xml:"instanceStatus"`
}

type statusResponse struct {
	Statuses  set[statusItem] `xml:"instanceStatusSet"`
	NextToken string          `xml:"nextToken,omitempty"`
}

// maxStatusIDs is how many ids DescribeInstanceStatus takes.
const maxStatusIDs = 100

func describeInstanceStatus(c *call, r *statusRequest) (any, error) {
	if len(r.InstanceIDs) > maxStatusIDs {
		return nil, ec2state.Refuse("InvalidParameterValue", "The maximum number of instance IDs is %d", maxStatusIDs)
	}
	if r.MaxResults != nil && len(r.InstanceIDs) > 0 {
		return nil, ec2state.Refuse("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
	}
	found, err := c.findInstances(r.InstanceIDs, nil)
	if err != nil {
		return nil, err
	}
	items := setOf(found, c.statusItem).Items
	if !r.All {
		items = slices.DeleteFunc(items, func(i statusItem) bool { return i.State.Name != ec2state.Running })
	}
	f := filters[statusItem]{values: map[string]func(statusItem) []string{
		"availability-zone":      one(func(i statusItem) string { return i.Zone }),
		"instance-state-name":    one(func(i statusItem) string { return i.State.Name }),
		"instance-status.status": one(func(i statusItem) string { return i.Instance.Status }),
		"system-status.status":   one(func(i statusItem) string { return i.System.Status }),
	}}
	if items, err = f.apply(items, r.Filters); err != nil {
		return nil, err
	}
	items, next, err := page(items, r.paging, 5, 1000, func(i statusItem) string { return i.InstanceID })
	return statusResponse{set[statusItem]{items}, next}, err
}

func (c *call) statusItem(in ec2state.Instance) statusItem {
	status, detail := "not-applicable", ""
	if in.State == ec2state.Running {
		status, detail = "ok", "passed"
		if c.state.Booting(in) {
			status, detail = "initializing", "initializing"
		}
	}
	summary := statusSummary{Status: status}
	if detail != "" {
		summary.Details.Items = []statusDetails{{"reachability", detail}}
	}
	return statusItem{in.ID, in.Zone, stateItemOf(in.State), summary, summary}
}

type consoleRequest struct {
	dry
	InstanceID string `q:"InstanceId"`
	Latest     bool   `q:"Latest"`
}

type consoleResponse struct {
	InstanceID string `xml:"instanceId"`
	Timestamp  string `xml:"timestamp"`
	Output     string `xml:"output,omitempty"`
}

func getConsoleOutput(c *call, r *consoleRequest) (any, error) {
	out, at, err := c.state.ConsoleOutput(r.InstanceID, r.Latest, r.DryRun)
	return consoleResponse{r.InstanceID, stamp(at), base64.StdEncoding.EncodeToString(out)}, err
}

type passwordRequest struct {
	dry
	InstanceID string `q:"InstanceId"`
}

type passwordResponse struct {
	InstanceID string `xml:"instanceId"`
	Timestamp  string `xml:"timestamp"`
	Password   string `xml:"passwordData"`
}

func getPasswordData(c *call, r *passwordRequest) (any, error) {
	data, at, err := c.state.PasswordData(r.InstanceID, r.DryRun)
	return passwordResponse{r.InstanceID, stamp(at), data}, err
}
