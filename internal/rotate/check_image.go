package rotate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/hint"
)

// maxTags is EC2's limit of tags on one resource.
const maxTags = 50

// imageProblems are those that an image has by itself.
func imageProblems(c cloud.Image) []Problem {
	var problems []Problem
	add := func(code, hint, format string, args ...any) {
		problems = append(problems, Problem{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	if c.State != cloud.ImageAvailable {
		add("image-state", "wait until it is available, or name another image in the list",
			"%s is %s, not available%s", c.ID, c.State, because(c.StateReason))
	}
	if !c.Mine {
		add("image-foreign", "copy it into this account first (aws ec2 copy-image), and name the copy in the list",
			"%s belongs to %s, not to this account", c.ID, c.OwnerID)
	}
	if c.RootDeviceType == "instance-store" {
		add("instance-store", "convert it to an EBS-backed image once by hand; EC2 can't make an image of a running instance-store instance",
			"%s is instance-store backed, so CreateImage can't be used on it", c.ID)
	}
	if n := carriedTags(c) + len(replacementOnlyTags); n > maxTags {
		add("too-many-tags", fmt.Sprintf("remove %d of its tags", n-maxTags),
			"%s has %d tags; with amirotate's own its replacement would have %d, and EC2 allows %d", c.ID, len(c.Tags), n, maxTags)
	}
	return problems
}

// replacementOnlyTags are the ones a replacement bears beside its source's own.
var replacementOnlyTags = [...]string{cloud.TagRole, cloud.TagPatch, cloud.TagSourceImage, cloud.TagRun,
	cloud.TagBaseName, cloud.TagCertMD5, cloud.TagCertSHA256, cloud.TagCertNotAfter, cloud.TagTrusts, cloud.TagProvenAt}

func carriedTags(c cloud.Image) int {
	n := 0
	for k := range c.Tags {
		if !strings.HasPrefix(k, "aws:") && !strings.HasPrefix(k, cloud.TagPrefix) {
			n++
		}
	}
	return n
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// typeProblems are those of running an image on a type of instance.
func typeProblems(c cloud.Image, t cloud.InstanceType) []Problem {
	var problems []Problem
	add := func(code, format string, args ...any) {
		problems = append(problems, Problem{Code: code, Message: fmt.Sprintf(format, args...),
			Hint: "give instance_type in the configuration (launch, or overrides for these workers); the list's stays as it is"})
	}
	if c.Architecture != "" && !slices.Contains(t.Architectures, c.Architecture) {
		add("architecture", "%s is %s, but %s runs %s", c.ID, c.Architecture, t.Name, strings.Join(t.Architectures, ", "))
	}
	if c.VirtualizationType != "" && !slices.Contains(t.VirtualizationTypes, c.VirtualizationType) {
		add("virtualization", "%s is %s, but %s runs %s", c.ID, c.VirtualizationType, t.Name, strings.Join(t.VirtualizationTypes, ", "))
	}
	if len(t.BootModes) > 0 && !slices.Contains(t.BootModes, bootMode(c)) {
		add("boot-mode", "%s boots by %s, but %s boots by %s", c.ID, bootMode(c), t.Name, strings.Join(t.BootModes, ", "))
	}
	if t.ENARequired && !c.ENASupport {
		add("ena", "%s has no ENA support, which %s needs", c.ID, t.Name)
	}
	return problems
}

// bootMode is the mode that an image needs; uefi-preferred runs on either.
func bootMode(c cloud.Image) string {
	switch {
	case c.BootMode == "uefi":
		return "uefi"
	case c.BootMode == "" && c.Architecture == "arm64":
		return "uefi"
	}
	return "legacy-bios"
}

// problemFrom makes a problem of an error.
func problemFrom(code string, err error) Problem {
	return Problem{Code: code, Message: err.Error(), Hint: hint.Of(err)}
}
