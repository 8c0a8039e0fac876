package rotate

import (
	"fmt"
	"slices"
)

// ChangedSince says, in words, what is no longer as a saved plan had it: the
// list, an image, a certificate, where instances would be launched. An empty
// answer means that carrying p out does exactly what saved says; images that
// another run has replaced meanwhile are no difference.
func (p *Plan) ChangedSince(saved *Plan) []string {
	var changed []string
	differ := func(what string, was, is any) {
		changed = append(changed, fmt.Sprintf("%s: was %v, is %v", what, was, is))
	}
	if p.Region != saved.Region {
		differ("region", saved.Region, p.Region)
	}
	if p.List.Path != saved.List.Path {
		differ("path of the list", saved.List.Path, p.List.Path)
	}
	if p.List.SHA256 != saved.List.SHA256 {
		differ("sha256 of the list", saved.List.SHA256, p.List.SHA256)
	}
	if p.masterChanged(saved) {
		changed = append(changed, "the master: its address, paths or commands are not the same")
	}
	for _, was := range saved.Images {
		is := p.source(was.Source)
		if is == nil {
			differ(was.Source, "in the list", "not in the list")
			continue
		}
		changed = append(changed, is.changedSince(was)...)
	}
	for _, is := range p.Images {
		if saved.source(is.Source) == nil {
			differ(is.Source, "not in the list", "in the list")
		}
	}
	return append(changed, p.staticChangedSince(saved)...)
}

func (p *ImagePlan) changedSince(saved *ImagePlan) []string {
	var changed []string
	differ := func(what string, was, is any) {
		changed = append(changed, fmt.Sprintf("%s of %s: was %v, is %v", what, p.Source, was, is))
	}
	if p.Region != saved.Region {
		differ("region", saved.Region, p.Region)
	}
	if p.Name != saved.Name {
		differ("name", saved.Name, p.Name)
	}
	if p.Platform != saved.Platform {
		differ("platform", saved.Platform, p.Platform)
	}
	if p.InstanceType != saved.InstanceType {
		differ("instance type", saved.InstanceType, p.InstanceType)
	}
	if p.Patch != saved.Patch || !slices.EqualFunc(p.Changes, saved.Changes, ChangePlan.equal) {
		differ("certificate", saved.Changes, p.Changes)
	}
	if !launched(p.Action) || !launched(saved.Action) {
		return changed
	}
	if !p.Launch.equal(saved.Launch) {
		differ("launch", saved.Launch, p.Launch)
	}
	return changed
}

// launched tells whether the launch settings were looked at.
func launched(a Action) bool { return a == Replace }

func (c ChangePlan) equal(d ChangePlan) bool {
	return c.Path == d.Path && c.NewMD5 == d.NewMD5 && slices.Equal(c.OldMD5, d.OldMD5)
}

func (l LaunchPlan) equal(m LaunchPlan) bool {
	return slices.Equal(l.SecurityGroups, m.SecurityGroups) && slices.Equal(l.Subnets, m.Subnets) &&
		l.KeyPair == m.KeyPair && l.InstanceProfile == m.InstanceProfile && l.Spot == m.Spot
}
