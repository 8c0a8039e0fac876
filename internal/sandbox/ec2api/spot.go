package ec2api

import "github.com/amirotate/amirotate/internal/sandbox/ec2state"

type describeSpotRequest struct {
	dry
	paging
	IDs     []string `q:"SpotInstanceRequestId"`
	Filters []filter `q:"Filter"`
}

type spotItem struct {
	ID         string        `xml:"spotInstanceRequestId"`
	Type       string        `xml:"type"`
	State      string        `xml:"state"`
	Status     spotStatus    `xml:"status"`
	InstanceID string        `xml:"instanceId,omitempty"`
	CreateTime string        `xml:"createTime"`
	Product    string        `xml:"productDescription"`
	Zone       string        `xml:"launchedAvailabilityZone"`
	Launch     spotLaunch    `xml:"launchSpecification"`
	Tags       *set[tagItem] `xml:"tagSet"`
}

type spotStatus struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

type spotLaunch struct {
	ImageID string `xml:"imageId"`
	Type    string `xml:"instanceType"`
}

type describeSpotResponse struct {
	Requests  set[spotItem] `xml:"spotInstanceRequestSet"`
	NextToken string        `xml:"nextToken,omitempty"`
}

func describeSpotRequests(c *call, r *describeSpotRequest) (any, error) {
	type spot = ec2state.SpotRequest
	all := c.state.SpotRequests()
	id := func(s spot) string { return s.ID }
	if err := c.state.CheckSpotIDs(r.IDs, idsOf(all, id)); err != nil {
		return nil, err
	}
	f := filters[spot]{
		tags: func(s spot) map[string]string { return s.Tags },
		values: map[string]func(spot) []string{
			"instance-id":                one(func(s spot) string { return s.InstanceID }),
			"launch.image-id":            one(func(s spot) string { return s.ImageID }),
			"launch.instance-type":       one(func(s spot) string { return s.Type }),
			"launched-availability-zone": one(func(s spot) string { return s.Zone }),
			"spot-instance-request-id":   one(id),
			"state":                      one(func(s spot) string { return s.State }),
			"status-code":                one(func(s spot) string { return s.StatusCode }),
			"type":                       one(func(s spot) string { return s.Persistence }),
		},
	}
	found, err := f.apply(pick(all, r.IDs, id), r.Filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, r.paging, 5, 1000, id)
	return describeSpotResponse{setOf(found, spotItemOf), next}, err
}

func spotItemOf(s ec2state.SpotRequest) spotItem {
	item := spotItem{
		ID: s.ID, Type: s.Persistence, State: s.State, Status: spotStatus{s.StatusCode, s.StatusMessage}, InstanceID: s.InstanceID,
		CreateTime: stamp(s.Created), Product: "Linux/UNIX", Zone: s.Zone, Launch: spotLaunch{s.ImageID, s.Type},
	}
	if len(s.Tags) > 0 {
		item.Tags = new(tagSet(s.Tags))
	}
	return item
}

type cancelSpotRequest struct {
	dry
	IDs []string `q:"SpotInstanceRequestId"`
}

type cancelledItem struct {
	ID    string `xml:"spotInstanceRequestId"`
	State string `xml:"state"`
}

type cancelSpotResponse struct {
	Requests set[cancelledItem] `xml:"spotInstanceRequestSet"`
}

func cancelSpotRequests(c *call, r *cancelSpotRequest) (any, error) {
	if len(r.IDs) == 0 {
		return nil, missingParameter("SpotInstanceRequestId")
	}
	var response cancelSpotResponse
	for _, id := range r.IDs {
		spot, err := c.state.CancelSpot(id, r.DryRun)
		if err != nil {
			return nil, err
		}
		response.Requests.Items = append(response.Requests.Items, cancelledItem{spot.ID, spot.State})
	}
	return response, nil
}
