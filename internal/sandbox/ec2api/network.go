package ec2api

import (
	"slices"
	"strconv"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type describeSubnetsRequest struct {
	dry
	paging
	SubnetIDs []string `q:"SubnetId"`
	Filters   []filter `q:"Filter"`
}

type subnetItem struct {
	ID             string        `xml:"subnetId"`
	ARN            string        `xml:"subnetArn"`
	State          string        `xml:"state"`
	OwnerID        string        `xml:"ownerId"`
	VPCID          string        `xml:"vpcId"`
	CIDR           string        `xml:"cidrBlock"`
	Free           int           `xml:"availableIpAddressCount"`
	Zone           string        `xml:"availabilityZone"`
	ZoneID         string        `xml:"availabilityZoneId"`
	DefaultForZone bool          `xml:"defaultForAz"`
	PublicIP       bool          `xml:"mapPublicIpOnLaunch"`
	Tags           *set[tagItem] `xml:"tagSet"`
}

type describeSubnetsResponse struct {
	Subnets   set[subnetItem] `xml:"subnetSet"`
	NextToken string          `xml:"nextToken,omitempty"`
}

func describeSubnets(c *call, r *describeSubnetsRequest) (any, error) {
	all := c.state.Subnets()
	id := func(n ec2state.Subnet) string { return n.ID }
	if err := c.state.CheckSubnetIDs(r.SubnetIDs, idsOf(all, id)); err != nil {
		return nil, err
	}
	type subnet = ec2state.Subnet
	f := filters[subnet]{
		tags: func(n subnet) map[string]string { return n.Tags },
		values: map[string]func(subnet) []string{
			"availability-zone": one(func(n subnet) string { return n.Zone }),
			"cidr-block":        one(func(n subnet) string { return n.CIDR.String() }),
			"default-for-az":    yesNo(func(n subnet) bool { return n.DefaultForZone }),
			"defaultForAz":      yesNo(func(n subnet) bool { return n.DefaultForZone }),
			"owner-id":          one(func(subnet) string { return c.state.Account }),
			"state":             one(func(subnet) string { return "available" }),
			"subnet-id":         one(id),
			"vpc-id":            one(func(n subnet) string { return n.VPC }),
		},
	}
	found, err := f.apply(pick(all, r.SubnetIDs, id), r.Filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, r.paging, 5, 1000, id)
	return describeSubnetsResponse{setOf(found, c.subnetItem), next}, err
}

func (c *call) subnetItem(n ec2state.Subnet) subnetItem {
	item := subnetItem{
		ID: n.ID, ARN: "arn:aws:ec2:" + c.state.Region + ":" + c.state.Account + ":subnet/" + n.ID, State: "available",
		OwnerID: c.state.Account, VPCID: n.VPC, CIDR: n.CIDR.String(), Free: c.state.FreeAddresses(n), Zone: n.Zone,
		ZoneID: c.zoneID(n.Zone), DefaultForZone: n.DefaultForZone,
	}
	if len(n.Tags) > 0 {
		item.Tags = new(tagSet(n.Tags))
	}
	return item
}

type describeVPCsRequest struct {
	dry
	paging
	VPCIDs  []string `q:"VpcId"`
	Filters []filter `q:"Filter"`
}

type vpcItem struct {
	ID      string        `xml:"vpcId"`
	OwnerID string        `xml:"ownerId"`
	State   string        `xml:"state"`
	CIDR    string        `xml:"cidrBlock"`
	Tenancy string        `xml:"instanceTenancy"`
	Default bool          `xml:"isDefault"`
	Tags    *set[tagItem] `xml:"tagSet"`
}

type describeVPCsResponse struct {
	VPCs      set[vpcItem] `xml:"vpcSet"`
	NextToken string       `xml:"nextToken,omitempty"`
}

func describeVPCs(c *call, r *describeVPCsRequest) (any, error) {
	all := c.state.VPCs()
	id := func(v ec2state.VPC) string { return v.ID }
	if err := c.state.CheckVPCIDs(r.VPCIDs, idsOf(all, id)); err != nil {
		return nil, err
	}
	isDefault := yesNo(func(v ec2state.VPC) bool { return v.Default })
	f := filters[ec2state.VPC]{
		tags: func(v ec2state.VPC) map[string]string { return v.Tags },
		values: map[string]func(ec2state.VPC) []string{
			"cidr":       one(func(v ec2state.VPC) string { return v.CIDR.String() }),
			"is-default": isDefault,
			"isDefault":  isDefault,
			"owner-id":   one(func(ec2state.VPC) string { return c.state.Account }),
			"state":      one(func(ec2state.VPC) string { return "available" }),
			"vpc-id":     one(id),
		},
	}
	found, err := f.apply(pick(all, r.VPCIDs, id), r.Filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, r.paging, 5, 1000, id)
	return describeVPCsResponse{setOf(found, func(v ec2state.VPC) vpcItem {
		item := vpcItem{v.ID, c.state.Account, "available", v.CIDR.String(), "default", v.Default, nil}
		if len(v.Tags) > 0 {
			item.Tags = new(tagSet(v.Tags))
		}
		return item
	}), next}, err
}

type describeZonesRequest struct {
	dry
	ZoneNames []string `q:"ZoneName"`
	ZoneIDs   []string `q:"ZoneId"`
	All       bool     `q:"AllAvailabilityZones"`
	Filters   []filter `q:"Filter"`
}

type zoneItem struct {
	Name        string `xml:"zoneName"`
	ID          string `xml:"zoneId"`
	Type        string `xml:"zoneType"`
	State       string `xml:"zoneState"`
	Region      string `xml:"regionName"`
	OptInStatus string `xml:"optInStatus"`
	Group       string `xml:"groupName"`
}

type describeZonesResponse struct {
	Zones set[zoneItem] `xml:"availabilityZoneInfo"`
}

// zoneID is a zone's id, such as usw1-az1.
func (c *call) zoneID(zone string) string {
	return "sbx-az" + strconv.Itoa(slices.Index(c.state.Zones, zone)+1)
}

func describeZones(c *call, r *describeZonesRequest) (any, error) {
	all := setOf(c.state.Zones, func(z string) zoneItem {
		return zoneItem{z, c.zoneID(z), "availability-zone", "available", c.state.Region, "opt-in-not-required", c.state.Region}
	}).Items
	name, id := func(z zoneItem) string { return z.Name }, func(z zoneItem) string { return z.ID }
	for _, n := range r.ZoneNames {
		if !slices.Contains(c.state.Zones, n) {
			return nil, ec2state.Refuse("InvalidParameterValue", "Invalid availability zone: [%s]", n)
		}
	}
	f := filters[zoneItem]{values: map[string]func(zoneItem) []string{
		"zone-name":     one(name),
		"zone-id":       one(id),
		"zone-type":     one(func(z zoneItem) string { return z.Type }),
		"state":         one(func(z zoneItem) string { return z.State }),
		"region-name":   one(func(z zoneItem) string { return z.Region }),
		"group-name":    one(func(z zoneItem) string { return z.Group }),
		"opt-in-status": one(func(z zoneItem) string { return z.OptInStatus }),
	}}
	found, err := f.apply(pick(pick(all, r.ZoneNames, name), r.ZoneIDs, id), r.Filters)
	return describeZonesResponse{set[zoneItem]{found}}, err
}

type describeRegionsRequest struct {
	dry
	RegionNames []string `q:"RegionName"`
	All         bool     `q:"AllRegions"`
	Filters     []filter `q:"Filter"`
}

type regionItem struct {
	Name        string `xml:"regionName"`
	Endpoint    string `xml:"regionEndpoint"`
	OptInStatus string `xml:"optInStatus"`
}

type describeRegionsResponse struct {
	Regions set[regionItem] `xml:"regionInfo"`
}

// describeRegions shows the only region that the sandbox serves.
func describeRegions(c *call, r *describeRegionsRequest) (any, error) {
	for _, name := range r.RegionNames {
		if name != c.state.Region {
			return nil, ec2state.Refuse("InvalidParameterValue", "Invalid region name: %s", name)
		}
	}
	f := filters[regionItem]{values: map[string]func(regionItem) []string{
		"region-name":   one(func(r regionItem) string { return r.Name }),
		"endpoint":      one(func(r regionItem) string { return r.Endpoint }),
		"opt-in-status": one(func(r regionItem) string { return r.OptInStatus }),
	}}
	found, err := f.apply([]regionItem{{c.state.Region, "ec2." + c.state.Region + ".amazonaws.com", "opt-in-not-required"}}, r.Filters)
	return describeRegionsResponse{set[regionItem]{found}}, err
}
