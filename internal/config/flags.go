package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Flags are the settings of the command line; the zero value of each leaves the
// file's.
type Flags struct {
	SlaveList      string
	Region         string
	OldCert        []string
	NewCert        string
	Key            string // of the new certificate
	SecurityGroups []string
	LikeInstance   string
	Subnet         string
	KeyPair        string
	Bastion        string   // [user@]host[:port], an IPv6 address in brackets if a port follows
	KnownHosts     string   // of the bastion, and of hosts with host_key: known_hosts
	SSHUser        string   // on Linux
	IdentityFiles  []string // for the bastion and for hosts
	LinuxPaths     []string
	WindowsUser    string
	WindowsPaths   []string
	LogDir         string
	Strategy       string
	Endpoint       string // host:port at which the master presents its certificate
	ThroughBastion bool   // reach it through the bastion
}

// Apply lets the flags beat what the file says, overrides included. Relative
// paths in flags count from dir. A file that names its own certificates keeps
// them.
func (c *Config) Apply(f Flags, dir string) error {
	f = f.resolve(dirs{base: dir, home: c.home})
	c.flags = f
	replace(&c.SlaveList, f.SlaveList)
	replace(&c.Region, f.Region)
	replaceAll(&c.Certificate.Old, f.OldCert)
	replace(&c.Certificate.New, f.NewCert)
	replace(&c.Certificate.Key, f.Key)
	replaceAll(&c.Launch.SecurityGroups, f.SecurityGroups)
	replace(&c.Launch.LikeInstance, f.LikeInstance)
	replace(&c.Launch.Subnet, f.Subnet)
	replace(&c.Launch.KeyPair, f.KeyPair)
	replace(&c.Bastion.KnownHosts, f.KnownHosts)
	replaceAll(&c.Bastion.IdentityFiles, f.IdentityFiles)
	replace(&c.LogDir, f.LogDir)
	f.applyTo(linux, &c.Platforms.Linux)
	f.applyTo(windows, &c.Platforms.Windows)
	if err := c.applyOverlap(f); err != nil {
		return err
	}
	return c.applyBastion(f.Bastion)
}

func (f Flags) resolve(d dirs) Flags {
	if f.SlaveList != "" {
		f.SlaveList = d.resolve("location", f.SlaveList)
	}
	if f.NewCert != "" {
		f.NewCert = d.resolve("location", f.NewCert)
	}
	if f.Key != "" {
		f.Key = d.resolve("location", f.Key)
	}
	if f.KnownHosts != "" {
		f.KnownHosts = d.resolve("path", f.KnownHosts)
	}
	if f.LogDir != "" {
		f.LogDir = d.resolve("path", f.LogDir)
	}
	f.OldCert = d.resolveAll("location", f.OldCert)
	f.IdentityFiles = d.resolveAll("path", f.IdentityFiles)
	return f
}

func (f Flags) applyTo(platform string, p *Platform) {
	replaceAll(&p.IdentityFiles, f.IdentityFiles)
	replace(&p.KnownHosts, f.KnownHosts)
	if platform == windows {
		replace(&p.User, f.WindowsUser)
		p.Files = filesAt(f.WindowsPaths, p.Files)
		return
	}
	replace(&p.User, f.SSHUser)
	p.Files = filesAt(f.LinuxPaths, p.Files)
}

// filesAt returns the files at the paths, with what the configuration says of
// those that it knows; without paths, all that it knows.
func filesAt(paths []string, known []File) []File {
	if len(paths) == 0 {
		return known
	}
	files := make([]File, len(paths))
	for i, path := range paths {
		files[i] = File{Path: path}
		if n := slices.IndexFunc(known, func(f File) bool { return f.Path == path }); n >= 0 {
			files[i] = known[n]
		}
	}
	return files
}

func replace(setting *string, flag string) {
	if flag != "" {
		*setting = flag
	}
}

func replaceAll(setting *[]string, flag []string) {
	if len(flag) > 0 {
		*setting = slices.Clone(flag)
	}
}

func (c *Config) applyBastion(flag string) error {
	if flag == "" {
		return nil
	}
	const hint = "write user@host, user@host:port or user@[IPv6 address]:port"
	user, host, found := strings.Cut(flag, "@")
	if !found {
		user, host = "", flag
	}
	if strings.ContainsAny(user, ":/ \t\n") || found && user == "" {
		return flagError("bastion", "cannot read --bastion: what stands before the @ is no user's name", hint)
	}
	address, err := hostPort(host)
	if err != nil {
		return flagError("bastion", fmt.Sprintf("cannot read --bastion %q: %v", flag, err), hint)
	}
	replace(&c.Bastion.User, user)
	c.Bastion.Address = address
	return nil
}

func flagError(key, message, hint string) error {
	return &Error{[]Problem{{Key: key, Message: message, Hint: hint}}}
}

// hostPort completes an address with SSH's port and brackets where they are
// missing.
func hostPort(s string) (string, error) {
	host, port, err := splitAddress(s)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(host, strconv.Itoa(cmp.Or(port, portSSH))), nil
}

// splitAddress reads host, host:port or an IPv6 address with or without
// brackets; the port is 0 if there is none.
func splitAddress(s string) (host string, port int, err error) {
	host, digits, err := net.SplitHostPort(s)
	if err != nil {
		host, digits = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), ""
		if strings.Contains(host, ":") && net.ParseIP(zoneless(host)) == nil {
			return "", 0, errors.New("neither host, host:port nor an IPv6 address")
		}
	}
	if host == "" || strings.ContainsAny(host, " \t\n[]@/") {
		return "", 0, errors.New("no such host name is possible")
	}
	if err != nil {
		return host, 0, nil
	}
	if port, err = strconv.Atoi(digits); err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("port %q is not a number from 1 to 65535", digits)
	}
	return host, port, nil
}

// zoneless drops the zone of an IPv6 address.
func zoneless(host string) string {
	address, _, _ := strings.Cut(host, "%")
	return address
}
