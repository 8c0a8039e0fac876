package scenario

import (
	"strings"
)

// Master is the buildmaster's computer, with the old certificate and its key.
type Master struct {
	Reach       string `yaml:"reach"`       // ssh, through the bastion; or local: on this computer's disk
	User        string `yaml:"user"`        // over SSH
	Certificate string `yaml:"certificate"` // path on it
	Key         string `yaml:"key"`         // path on it; "-": in the certificate's file
	Restart     string `yaml:"restart"`     // ok, or how restart-stunnel goes wrong: fail, stale or hang
}

// MasterHost is the master's name in a fault.
const MasterHost = "master"

// Ways to reach a master.
const (
	ReachSSH   = "ssh"
	ReachLocal = "local"
)

// KeyInside is a master's key that is in the certificate's file.
const KeyInside = "-"

func (m *Master) fillDefaults() {
	orElse(&m.Reach, ReachSSH)
	orElse(&m.User, "buildmaster")
	orElse(&m.Certificate, "/etc/stunnel/bot-cert.pem")
	orElse(&m.Key, "/etc/stunnel/bot-key.pem")
	orElse(&m.Restart, "ok")
}

func (c *checker) master() {
	m := c.s.Master
	if m == nil {
		return
	}
	c.oneOf("$.master.reach", m.Reach, ReachSSH, ReachLocal)
	c.oneOf("$.master.restart", m.Restart, "ok", "fail", "stale", "hang")
	for key, path := range map[string]string{"certificate": m.Certificate, "key": m.Key} {
		if !strings.HasPrefix(path, "/") && path != KeyInside {
			c.add("$.master."+key, "%q is not an absolute path on the master; begin it with /", path)
		}
	}
	if len(c.s.OldKey) == 0 {
		c.add("$.master", "has no key for the old certificate; name one as certificate.old_key, or leave certificate.old out and both are made")
	}
	if len(c.s.NewKey) == 0 {
		c.add("$.master", "has no key for the new certificate; name one as certificate.new_key, or leave certificate.new out and both are made")
	}
}
