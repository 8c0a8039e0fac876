package sandbox

import (
	"time"

	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/amirotate/amirotate/internal/sandbox/scenario"
	"github.com/amirotate/amirotate/internal/sandbox/statichost"
)

// staticEntry is a static host in amirotate's configuration.
type staticEntry struct {
	Workers    []string   `yaml:"workers"`
	Address    string     `yaml:"address"`
	Platform   string     `yaml:"platform"`
	Bastion    bool       `yaml:"bastion,omitempty"`
	Optional   bool       `yaml:"optional,omitempty"`
	User       string     `yaml:"user"`
	Identity   string     `yaml:"identity_file,omitempty"`
	KnownHosts string     `yaml:"known_hosts,omitempty"`
	Password   *secret    `yaml:"password,omitempty"`
	CAFile     string     `yaml:"ca_file,omitempty"`
	Files      []filePath `yaml:"files,omitempty"`
	Stunnel    string     `yaml:"stunnel_conf,omitempty"`
}

// staticWait is how long a static host is waited for, in real time: those that
// answer do at once, and nobody wants to wait for the others.
const staticWait = 2 * time.Second

func staticEntries(hosts []*statichost.Host) []staticEntry {
	var entries []staticEntry
	for _, h := range hosts {
		e := staticEntry{Address: h.Addr, Platform: h.Platform, Bastion: h.Bastion, Optional: h.Optional, User: h.User}
		for _, w := range h.Workers {
			e.Workers = append(e.Workers, globEscaper.Replace(w))
		}
		if h.Platform == scenario.Windows {
			e.Password, e.CAFile = &secret{"AMIROTATE_WINRM_PASSWORD"}, authorityFile
		} else {
			e.Identity, e.KnownHosts = identityFile, knownHostsFile
		}
		if path := certificateIn(h.Files); path != "" {
			e.Files, e.Stunnel = []filePath{{path}}, stunnelConfIn(h.Files)
		}
		entries = append(entries, e)
	}
	return entries
}

// certificateIn is the first file that holds the old certificate or, if none
// does, the new one; "" for none.
func certificateIn(files []scenario.File) string {
	for _, from := range []string{"old", "new"} {
		for _, f := range files {
			if f.From == from {
				return f.Path
			}
		}
	}
	return ""
}

// knownStatic are the lines of known_hosts for static hosts.
func knownStatic(hosts []*statichost.Host) string {
	text := ""
	for _, h := range hosts {
		for _, key := range h.HostKeys {
			text += knownhosts.Line([]string{h.Addr}, key) + "\n"
		}
	}
	return text
}
