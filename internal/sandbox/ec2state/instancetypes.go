package ec2state

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// InstanceType is what a type of instance can run.
type InstanceType struct {
	Name              string
	Architectures     []string
	Virtualizations   []string
	BootModes         []string
	ENA               string // unsupported, supported or required
	Nitro             bool
	CurrentGeneration bool
	Burstable         bool
	VCPUs             int
	MemoryMiB         int
}

// family is a family of types with what they have in common.
type family struct {
	names     string // separated by spaces
	arch      string // x86, both (with i386), arm
	virt      string // pv, pv+hvm, hvm
	ena       string
	nitro     bool
	old       bool
	gibPerCPU float64
	sizes     string // name:vCPUs, or name:vCPUs:GiB where memory isn't in proportion
}

const (
	commonSizes = "large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32 12xlarge:48 16xlarge:64 24xlarge:96"
	withMedium  = "medium:1 " + commonSizes
	burstSizes  = "nano:2:0.5 micro:2:1 small:2:2 medium:2:4 large:2:8 xlarge:4:16 2xlarge:8:32"
)

// families is from AWS's list of instance types, without metal and
// accelerators other than the old g2.
func families() []family {
	return []family{
		{"t1", "both", "pv", "unsupported", false, true, 0, "micro:1:0.613"},
		{"m1", "both", "pv", "unsupported", false, true, 0, "small:1:1.7 medium:1:3.75"},
		{"m1", "x86", "pv", "unsupported", false, true, 0, "large:2:7.5 xlarge:4:15"},
		{"m2", "x86", "pv", "unsupported", false, true, 0, "xlarge:2:17.1 2xlarge:4:34.2 4xlarge:8:68.4"},
		{"c1", "both", "pv", "unsupported", false, true, 0, "medium:2:1.7"},
		{"c1", "x86", "pv", "unsupported", false, true, 0, "xlarge:8:7"},
		{"cc2", "x86", "hvm", "unsupported", false, true, 0, "8xlarge:32:60.5"},
		{"hi1", "x86", "pv+hvm", "unsupported", false, true, 0, "4xlarge:16:60.5"},
		{"hs1", "x86", "pv+hvm", "unsupported", false, true, 0, "8xlarge:16:117"},
		{"m3", "x86", "pv+hvm", "unsupported", false, true, 3.75, "medium:1 large:2:7.5 xlarge:4 2xlarge:8"},
		{"c3", "both", "pv+hvm", "unsupported", false, true, 0, "large:2:3.75"},
		{"c3", "x86", "pv+hvm", "unsupported", false, true, 1.875, "xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32"},
		{"g2", "x86", "hvm", "unsupported", false, true, 1.875, "2xlarge:8 8xlarge:32"},
		{"r3 i2", "x86", "hvm", "unsupported", false, true, 7.625, "large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32"},
		{"d2", "x86", "hvm", "unsupported", false, false, 7.625, "xlarge:4 2xlarge:8 4xlarge:16 8xlarge:36"},
		{"t2", "both", "hvm", "unsupported", false, false, 0, "nano:1:0.5 micro:1:1 small:1:2 medium:2:4"},
		{"t2", "x86", "hvm", "unsupported", false, false, 4, "large:2 xlarge:4 2xlarge:8"},
		{"m4", "x86", "hvm", "unsupported", false, false, 4, "large:2 xlarge:4 2xlarge:8 4xlarge:16 10xlarge:40"},
		{"m4", "x86", "hvm", "supported", false, false, 4, "16xlarge:64"},
		{"c4", "x86", "hvm", "unsupported", false, false, 1.875, "large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:36"},
		{"r4", "x86", "hvm", "supported", false, false, 7.625, "large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32 16xlarge:64"},
		{"i3", "x86", "hvm", "supported", false, false, 7.625, "large:2 xlarge:4 2xlarge:8 4xlarge:16 8xlarge:32 16xlarge:64"},
		{"t3 t3a", "x86", "hvm", "required", true, false, 0, burstSizes},
		{"t4g", "arm", "hvm", "required", true, false, 0, burstSizes},
		{"m5 m5a m5d m5n m6i m6a m6id m7i m7a m8i m8a", "x86", "hvm", "required", true, false, 4, commonSizes},
		{"m6g m6gd m7g m7gd m8g", "arm", "hvm", "required", true, false, 4, withMedium},
		{"c5 c5a c5d c5n c6i c6a c6id c7i c7a c8i c8a", "x86", "hvm", "required", true, false, 2, commonSizes},
		{"c6g c6gd c7g c7gd c8g", "arm", "hvm", "required", true, false, 2, withMedium},
		{"r5 r5a r5d r5n r6i r6a r6id r7i r7a r8i r8a", "x86", "hvm", "required", true, false, 8, commonSizes},
		{"r6g r6gd r7g r7gd r8g", "arm", "hvm", "required", true, false, 8, withMedium},
		{"a1", "arm", "hvm", "required", true, false, 2, "medium:1 large:2 xlarge:4 2xlarge:8 4xlarge:16"},
	}
}

var instanceTypes = sync.OnceValue(func() map[string]InstanceType {
	types := map[string]InstanceType{}
	for _, f := range families() {
		for name := range strings.FieldsSeq(f.names) {
			for size := range strings.FieldsSeq(f.sizes) {
				t := f.typeOf(name, size)
				types[t.Name] = t
			}
		}
	}
	return types
})

func (f family) typeOf(name, size string) InstanceType {
	parts := strings.Split(size, ":")
	cpus, _ := strconv.Atoi(parts[1]) // the table's own numbers
	gib := f.gibPerCPU * float64(cpus)
	if len(parts) > 2 {
		gib, _ = strconv.ParseFloat(parts[2], 64)
	}
	t := InstanceType{
		Name: name + "." + parts[0], ENA: f.ena, Nitro: f.nitro, CurrentGeneration: !f.old, VCPUs: cpus,
		Burstable: name[0] == 't' && name != "t1", MemoryMiB: int(gib * 1024),
		Architectures:   map[string][]string{"x86": {"x86_64"}, "both": {"i386", "x86_64"}, "arm": {"arm64"}}[f.arch],
		Virtualizations: map[string][]string{"pv": {"paravirtual"}, "pv+hvm": {"hvm", "paravirtual"}, "hvm": {"hvm"}}[f.virt],
		BootModes:       []string{"legacy-bios"},
	}
	if f.nitro {
		t.BootModes = []string{"legacy-bios", "uefi"}
	}
	if f.arch == "arm" {
		t.BootModes = []string{"uefi"}
	}
	return t
}

// InstanceTypes returns every type that there is, by name.
func InstanceTypes() []InstanceType {
	var all []InstanceType
	for _, t := range instanceTypes() {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b InstanceType) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
