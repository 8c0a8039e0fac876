package cli

import (
	"path/filepath"
	"strings"

	"github.com/amirotate/amirotate/internal/config"
)

// fromFlags takes what the command line says; a bad --bastion is an error.
func (s *survey) fromFlags() error {
	c := config.New(s.g.Getenv)
	f := s.flags
	if err := c.Apply(f, s.g.Dir); err != nil {
		return err
	}
	s.set("slave_list", "--slave-list", s.local(c.SlaveList))
	s.set("region", "--region", c.Region)
	s.set("certificate.old", "--old-cert", s.locals(c.Certificate.Old)...)
	s.set("certificate.new", "--new-cert", s.local(c.Certificate.New))
	s.set("launch.security_groups", "--security-group", f.SecurityGroups...)
	s.set("launch.like_instance", "--like-instance", f.LikeInstance)
	s.set("launch.subnet", "--subnet", f.Subnet)
	s.set("launch.key_pair", "--key-pair", f.KeyPair)
	if f.Bastion != "" {
		s.setBastion(c, "--bastion")
	}
	for _, path := range []string{"bastion.identity_file", "platforms.linux.identity_file"} {
		s.set(path, "--identity-file", s.locals(c.Bastion.IdentityFiles)...)
	}
	s.set("platforms.linux.user", "--ssh-user", f.SSHUser)
	s.set("platforms.linux.files", "--linux-path", f.LinuxPaths...)
	s.set("platforms.windows.user", "--windows-user", f.WindowsUser)
	s.set("platforms.windows.files", "--windows-path", f.WindowsPaths...)
	return nil
}

func (s *survey) setBastion(c *config.Config, from string) {
	s.set("bastion.address", from, c.Bastion.Address)
	if strings.Contains(s.flags.Bastion, "@") {
		s.set("bastion.user", from, c.Bastion.User)
	}
	if s.flags.KnownHosts != "" {
		s.set("bastion.known_hosts", "--known-hosts", s.local(c.Bastion.KnownHosts))
	}
}

func (s *survey) set(path, from string, values ...string) { s.draft.Set(path, from, values...) }

// local is a path as the configuration has it: relative if that is shorter to
// read, below the configuration's folder.
func (s *survey) local(path string) string {
	if path == "" || isURL(path) {
		return path
	}
	return s.shownFrom(s.base, path)
}

func (s *survey) locals(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = s.local(p)
	}
	return out
}

// shown is a path as it is told to people.
func (s *survey) shown(path string) string { return s.shownFrom(s.g.Dir, path) }

func (s *survey) shownFrom(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err == nil && filepath.IsLocal(rel) {
		return rel
	}
	if home := s.g.Getenv("HOME"); home != "" {
		if rel, err := filepath.Rel(home, path); err == nil && filepath.IsLocal(rel) {
			return "~/" + rel
		}
	}
	return path
}

// resolved is a path of the draft, for this process.
func (s *survey) resolved(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(s.g.Getenv("HOME"), rest)
	}
	if isURL(path) || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.base, path)
}
