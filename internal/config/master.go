package config

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// MasterLocal is the address of a buildmaster on this computer.
const MasterLocal = "local"

// Master is the buildmaster, whose certificate and key are replaced when the
// list is. The zero value is none.
type Master struct {
	Address       string      `yaml:"address" default:"none: the master is left alone" doc:"Where the buildmaster is: local, or ssh://user@host:port."`
	IdentityFiles []string    `yaml:"identity_file" kind:"path" default:"bastion.identity_file" doc:"Private key file, or a list of them."`
	HostKey       string      `yaml:"host_key" oneof:"known_hosts accept-new" default:"known_hosts" doc:"How its host key is verified: by a known_hosts file, or not on first sight but for the rest of the run."`
	KnownHosts    string      `yaml:"known_hosts" kind:"path" default:"bastion.known_hosts" doc:"File with its host key."`
	SSHAlgorithms string      `yaml:"ssh_algorithms" oneof:"default legacy" default:"default" doc:"legacy also allows what servers as old as OpenSSH 4.3 need."`
	Bastion       bool        `yaml:"bastion" default:"false" doc:"Reach it through the bastion."`
	Certificate   string      `yaml:"certificate" doc:"Path on the master of the certificate that it presents; replaced if it holds an expected old one, with a backup beside it."`
	Key           string      `yaml:"key" default:"in the certificate's file, if that holds one" doc:"Path on the master of the certificate's private key; certificate.key takes its place."`
	Commands      []Command   `yaml:"commands" doc:"What is to be run there afterwards, in this order: stunnel and Buildbot must be restarted. The timeout is 1m unless given."`
	Check         MasterCheck `yaml:"check" doc:"How to tell that the master presents the new certificate."`
}

// MasterCheck is a TLS handshake with the master.
type MasterCheck struct {
	Address string        `yaml:"address" doc:"host:port where workers connect."`
	Bastion bool          `yaml:"bastion" default:"false" doc:"Reach it through the bastion."`
	Timeout time.Duration `yaml:"timeout" default:"30s" doc:"How long the master may take to present the new certificate."`
}

// Defaults of the master's times.
const (
	masterCommandTimeout = time.Minute
	masterCheckTimeout   = 30 * time.Second
)

// Set tells whether there is a buildmaster to look after.
func (m Master) Set() bool { return m.Address != "" }

// Local tells whether it is this computer.
func (m Master) Local() bool { return m.Address == MasterLocal }

// MasterSettings returns the buildmaster's settings with every default filled
// in. Without a buildmaster they are the zero value.
func (c *Config) MasterSettings() Master {
	m := c.Master
	if !m.Set() {
		return m
	}
	if m.IdentityFiles == nil {
		m.IdentityFiles = c.Bastion.IdentityFiles
	}
	fill(&m.KnownHosts, c.Bastion.KnownHosts, true)
	fill(&m.HostKey, HostKeyKnownHosts, true)
	fill(&m.SSHAlgorithms, AlgorithmsDefault, true)
	fill(&m.Check.Timeout, masterCheckTimeout, m.Check.Address != "")
	m.Commands = append([]Command{}, m.Commands...)
	for i := range m.Commands {
		fill(&m.Commands[i].Timeout, masterCommandTimeout, true)
	}
	if m.Key == m.Certificate {
		m.Key = ""
	}
	return m
}

func (d *decoder) checkMaster(m *Master) {
	if d.lines["master"].line == 0 {
		return
	}
	if m.Address == "" {
		d.missing("master", "address", "the master has no address", "set it to local, or to ssh://user@host:port")
	} else if !m.Local() {
		d.checkMasterURL(m.Address)
	}
	if m.Certificate == "" {
		d.missing("master", "certificate", "the master has no certificate to replace", "set certificate to the path there of what it presents")
	}
	d.masterPath("master.certificate", m, &m.Certificate)
	d.masterPath("master.key", m, &m.Key)
	d.checkCommands("master.commands", m.Commands)
	switch {
	case m.Check.Address != "":
		if address, err := hostPort(m.Check.Address); err != nil || address != m.Check.Address {
			d.refuse("master.check.address", fmt.Sprintf("master.check.address can't be %.80q", m.Check.Address), "write host:port")
		}
	case len(m.Commands) > 0:
		d.missing("master", "check", "nobody could tell whether the master's commands have done their work", "set check.address to host:port where it presents its certificate")
	}
}

func (d *decoder) checkMasterURL(address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "ssh" || u.Hostname() == "" || u.Path != "" && u.Path != "/":
		d.refuse("master.address", "master.address is neither local nor a URL that is understood", "write ssh://user@host:port")
	case u.User != nil:
		if _, secret := u.User.Password(); secret {
			q := d.problem("master.address", d.lines["master.address"], "master.address must not hold a password", "use an SSH key: ssh://user@host:port")
			q.Excerpt = ""
			d.problems.add(q)
		}
	}
}

// masterPath resolves a path on this computer; another's must be absolute.
func (d *decoder) masterPath(key string, m *Master, path *string) {
	switch {
	case *path == "":
	case m.Local():
		*path = d.dirs.resolve("path", *path)
	case !strings.HasPrefix(*path, "/"):
		d.refuse(key, fmt.Sprintf("%q is not an absolute path", *path), absHint(linux))
	}
}
