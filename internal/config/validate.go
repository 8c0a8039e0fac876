package config

import "slices"

// Validate says what plan and rotate need and the configuration, flags
// included, doesn't have.
func (c *Config) Validate() error { return c.validate(false) }

// ValidateRefresh is Validate for refresh: what hosts should hold is known
// where the certificate is kept.
func (c *Config) ValidateRefresh() error { return c.validate(c.Kept()) }

func (c *Config) validate(oldKnown bool) error {
	var wrong problems
	need := func(has bool, key, message, hint string) {
		if !has {
			wrong.add(Problem{File: c.file, Key: key, Message: message, Hint: hint})
		}
	}
	need(c.SlaveList != "", "slave_list", "no slave list is given", "set slave_list, or use --slave-list")
	need(c.SlaveList == "" || c.hasFiles(), "platforms", "no file is given that is to be replaced",
		"set files in platforms.linux or platforms.windows, or use --linux-path or --windows-path")
	need(oldKnown || c.Certificate.Old != nil || c.every(func(f File) bool { return f.Old != nil }), "certificate.old",
		"no old certificate is given", "set certificate.old to what hosts hold now, or use --old-cert")
	need(c.Certificate.New != "" || c.every(func(f File) bool { return f.New != "" }), "certificate.new",
		"no new certificate is given", "set certificate.new, or use --new-cert")
	need(len(c.Static) > 0 || c.canLaunch(), "launch.security_groups", noGroup, noGroupHint)
	need(c.hasLinuxUser(), "platforms.linux.user",
		"no user for Linux hosts is given", "set platforms.linux.user, or use --ssh-user")
	need(!c.Bastion.Set() || c.Bastion.User != "", "bastion.user",
		"no user for the bastion is given", "set bastion.user, or use --bastion user@host:port")
	need(c.Bastion.Set() || c.lines["bastion"].line == 0, "bastion.address",
		"the bastion has no address", "set bastion.address, or use --bastion user@host:port")
	need(c.Bastion.Set() || !c.needsBastion(), "static.bastion",
		"a static host is to be reached through the bastion, but there is none", "set bastion.address, or use --bastion user@host:port")
	c.checkOverlap(oldKnown, need)
	need(c.Bastion.Set() || !c.Master.Bastion && !c.Master.Check.Bastion, "master.bastion",
		"the master is to be reached through the bastion, and there is none", "set bastion, or use --bastion user@host:port")
	return wrong.err()
}

const (
	noGroup     = "no security group is given"
	noGroupHint = "set launch.security_groups to groups that let the bastion in, or launch.like_instance; or use --security-group or --like-instance"
)

// ValidateLaunch says what a list with images needs besides. Validate asks for
// it where no static hosts are configured: a farm may have nothing else.
func (c *Config) ValidateLaunch() error {
	if c.canLaunch() {
		return nil
	}
	return &Error{[]Problem{{File: c.file, Key: "launch.security_groups", Message: noGroup, Hint: noGroupHint}}}
}

func (c *Config) canLaunch() bool {
	return c.Launch.SecurityGroups != nil || c.Launch.LikeInstance != ""
}

// AllFiles returns the files of both platforms, of all overrides and of all
// static hosts.
func (c *Config) AllFiles() []File {
	files := slices.Concat(c.Platforms.Linux.Files, c.Platforms.Windows.Files)
	for _, o := range c.Overrides {
		files = append(files, o.Files...)
	}
	for _, s := range c.Static {
		files = append(files, s.Files...)
	}
	return files
}

func (c *Config) hasFiles() bool { return len(c.AllFiles()) > 0 }

// every tells whether there are files and all have a property.
func (c *Config) every(has func(File) bool) bool {
	files := c.AllFiles()
	return len(files) > 0 && !slices.ContainsFunc(files, func(f File) bool { return !has(f) })
}

// hasLinuxUser tells whether Linux hosts may have a user; For knows it of each
// image.
func (c *Config) hasLinuxUser() bool {
	return len(c.Platforms.Linux.Files) == 0 || c.Platforms.Linux.User != "" || len(c.Static) > 0 ||
		slices.ContainsFunc(c.Overrides, func(o Override) bool { return o.User != "" })
}
