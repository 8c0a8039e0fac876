package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/stunnelconf"
)

// drive is how a path on Windows begins.
var drive = regexp.MustCompile(`(?mi)^\s*(CAfile|cert|key|CApath|output)\s*=\s*[a-z]:[\\/]`)

// fromStunnel takes the path of the certificate from copies of hosts' stunnel
// configurations: those that are named, else one that lies here.
func (s *survey) fromStunnel(named []string) error {
	for _, path := range named {
		data, err := config.ReadFile("stunnel configuration", s.g.abs(path))
		if err != nil {
			return err
		}
		if err := s.readStunnel(s.g.abs(path), data); err != nil {
			return err
		}
	}
	if len(named) > 0 {
		return nil
	}
	path := filepath.Join(s.g.Dir, "stunnel.conf")
	if data, err := os.ReadFile(path); err == nil {
		if err := s.readStunnel(path, data); err != nil {
			s.note("%s could not be understood: %v", s.shown(path), err)
		}
	}
	return nil
}

// readStunnel takes what stunnel trusts, if the configuration says it by an
// absolute path: only the host knows where a relative one leads.
func (s *survey) readStunnel(path string, data []byte) error {
	platform := cloud.Linux
	if drive.Match(data) {
		platform = cloud.Windows
	}
	conf, err := stunnelconf.Parse(stunnelconf.SystemOf(platform == cloud.Windows, path, ""),
		stunnelconf.Source{Path: path, Content: data}, noInclude)
	if err != nil {
		return err
	}
	var trusted []string
	for _, f := range conf.Files() {
		switch absolute := strings.HasPrefix(f.Written, "/") || len(f.Written) > 1 && f.Written[1] == ':'; {
		case f.Use != stunnelconf.CAfile:
		case absolute:
			trusted = append(trusted, f.Written)
		default:
			s.note("%s says CAfile = %s, which is relative: look on a host where that is", s.shown(path), f.Written)
		}
	}
	s.set("platforms."+platform+".files", "CAfile in "+s.shown(path), trusted...)
	return nil
}

// noInclude: what a copy includes lies on the host.
func noInclude(string) ([]stunnelconf.Source, error) { return nil, nil }
