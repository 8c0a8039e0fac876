package ec2api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
)

type describeTypesRequest struct {
	dry
	paging
	Types   []string `q:"InstanceType"`
	Filters []filter `q:"Filter"`
	All     bool     `q:"IncludeUnsupportedInRegion"`
}

type typeItem struct {
	Name              string      `xml:"instanceType"`
	CurrentGeneration bool        `xml:"currentGeneration"`
	FreeTier          bool        `xml:"freeTierEligible"`
	UsageClasses      set[string] `xml:"supportedUsageClasses"`
	RootDeviceTypes   set[string] `xml:"supportedRootDeviceTypes"`
	Virtualizations   set[string] `xml:"supportedVirtualizationTypes"`
	BareMetal         bool        `xml:"bareMetal"`
	Hypervisor        string      `xml:"hypervisor,omitempty"`
	Processor         struct {
		Architectures set[string] `xml:"supportedArchitectures"`
	} `xml:"processorInfo"`
	VCPU struct {
		Default int `xml:"defaultVCpus"`
	} `xml:"vCpuInfo"`
	Memory struct {
		MiB int `xml:"sizeInMiB"`
	} `xml:"memoryInfo"`
	Network struct {
		ENASupport string `xml:"enaSupport"`
	} `xml:"networkInfo"`
	Burstable bool        `xml:"burstablePerformanceSupported"`
	BootModes set[string] `xml:"supportedBootModes"`
}

type describeTypesResponse struct {
	Types     set[typeItem] `xml:"instanceTypeSet"`
	NextToken string        `xml:"nextToken,omitempty"`
}

func typeName(t ec2state.InstanceType) string { return t.Name }

func describeInstanceTypes(c *call, r *describeTypesRequest) (any, error) {
	type typ = ec2state.InstanceType
	all := ec2state.InstanceTypes()
	if r.MaxResults != nil && len(r.Types) > 0 {
		return nil, ec2state.Refuse("InvalidParameterCombination", "The parameter InstanceTypes cannot be used with the parameter MaxResults")
	}
	if gone := absent(r.Types, idsOf(all, typeName)); len(gone) > 0 {
		return nil, ec2state.Refuse("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", strings.Join(gone, ", "))
	}
	same := func(s string) string { return s }
	f := filters[typ]{values: map[string]func(typ) []string{
		"bare-metal":                            yesNo(func(typ) bool { return false }),
		"burstable-performance-supported":       yesNo(func(t typ) bool { return t.Burstable }),
		"current-generation":                    yesNo(func(t typ) bool { return t.CurrentGeneration }),
		"hypervisor":                            one(hypervisor),
		"instance-type":                         one(typeName),
		"memory-info.size-in-mib":               one(func(t typ) string { return strconv.Itoa(t.MemoryMiB) }),
		"network-info.ena-support":              one(func(t typ) string { return t.ENA }),
		"processor-info.supported-architecture": each(func(t typ) []string { return t.Architectures }, same),
		"supported-boot-mode":                   each(func(t typ) []string { return t.BootModes }, same),
		"supported-virtualization-type":         each(func(t typ) []string { return t.Virtualizations }, same),
		"vcpu-info.default-vcpus":               one(func(t typ) string { return strconv.Itoa(t.VCPUs) }),
	}}
	found, err := f.apply(pick(all, r.Types, typeName), r.Filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, r.paging, 5, 100, typeName)
	return describeTypesResponse{setOf(found, typeItemOf), next}, err
}

func hypervisor(t ec2state.InstanceType) string {
	if t.Nitro {
		return "nitro"
	}
	return "xen"
}

func typeItemOf(t ec2state.InstanceType) typeItem {
	item := typeItem{
		Name: t.Name, CurrentGeneration: t.CurrentGeneration, FreeTier: t.Name == "t2.micro" || t.Name == "t3.micro",
		UsageClasses: set[string]{[]string{"on-demand", "spot"}}, RootDeviceTypes: set[string]{[]string{"ebs"}},
		Virtualizations: set[string]{t.Virtualizations}, Hypervisor: hypervisor(t), Burstable: t.Burstable,
		BootModes: set[string]{t.BootModes},
	}
	if !t.Nitro {
		item.RootDeviceTypes.Items = append(item.RootDeviceTypes.Items, "instance-store")
	}
	item.Processor.Architectures.Items = t.Architectures
	item.VCPU.Default, item.Memory.MiB, item.Network.ENASupport = t.VCPUs, t.MemoryMiB, t.ENA
	return item
}

type describeOfferingsRequest struct {
	dry
	paging
	LocationType string   `q:"LocationType"`
	Filters      []filter `q:"Filter"`
}

type offeringItem struct {
	Type         string `xml:"instanceType"`
	LocationType string `xml:"locationType"`
	Location     string `xml:"location"`
}

type describeOfferingsResponse struct {
	Offerings set[offeringItem] `xml:"instanceTypeOfferingSet"`
	NextToken string            `xml:"nextToken,omitempty"`
}

func describeOfferings(c *call, r *describeOfferingsRequest) (any, error) {
	kind := orElse(r.LocationType, "region")
	var all []offeringItem
	for _, t := range ec2state.InstanceTypes() {
		for _, zone := range c.state.Zones {
			if !c.state.Offered(t.Name, zone) {
				continue
			}
			item := offeringItem{t.Name, kind, zone}
			switch kind {
			case "region":
				item.Location = c.state.Region
			case "availability-zone-id":
				item.Location = c.zoneID(zone)
			case "availability-zone":
			default:
				return nil, invalidValue("LocationType", kind)
			}
			all = append(all, item)
		}
	}
	all = slices.Compact(all)
	f := filters[offeringItem]{values: map[string]func(offeringItem) []string{
		"instance-type": one(func(o offeringItem) string { return o.Type }),
		"location":      one(func(o offeringItem) string { return o.Location }),
	}}
	found, err := f.apply(all, r.Filters)
	if err != nil {
		return nil, err
	}
	found, next, err := page(found, r.paging, 5, 1000, func(o offeringItem) string { return o.Type + " " + o.Location })
	return describeOfferingsResponse{set[offeringItem]{found}, next}, err
}
