package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/draft"
	"github.com/amirotate/amirotate/internal/slavelist"
)

// survey looks for what a configuration needs. Sources come in the order of
// what is known best: flags, this machine, EC2, answers.
type survey struct {
	g     *globals
	draft draft.Draft
	base  string // folder that the configuration's paths count from
	flags config.Flags
	notes []string // what could not be found out, and why

	list     *slavelist.List
	images   []cloud.Image
	asker    asker
	endpoint *cert.File // what the TLS server presents

	presented     []byte // its certificate, to be written to presentedPath
	presentedPath string
}

func (g *globals) newSurvey(f config.Flags, dest string) (*survey, error) {
	s := &survey{g: g, flags: f, base: g.Dir, asker: newAsker(g.Process)}
	if dest != "" {
		s.base = filepath.Dir(dest)
	}
	return s, s.fromFlags()
}

func (s *survey) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// all fills the draft in.
func (s *survey) all(ctx context.Context, o initOptions) error {
	s.draft.Need("slave_list", "certificate.old", "certificate.new")
	if !s.draft.Has("launch.like_instance") {
		s.draft.Need("launch.security_groups")
	}
	s.findList()
	s.ask(ctx, "slave_list", "")
	if err := s.readSlaveList(ctx); err != nil {
		return err
	}
	if err := s.fromEndpoint(ctx, o.endpoint); err != nil {
		return err
	}
	if err := s.fromStunnel(o.stunnel); err != nil {
		return err
	}
	s.fromCertificates()
	s.ask(ctx, "certificate.old", "")
	s.ask(ctx, "certificate.new", "")
	s.identity()
	s.askBastion(ctx)
	if err := s.fromEC2(ctx); err != nil {
		return err
	}
	s.platforms()
	s.ask(ctx, "launch.security_groups", "")
	for _, path := range []string{"platforms.linux.files", "platforms.linux.user", "platforms.windows.files"} {
		s.ask(ctx, path, s.guess(path))
	}
	s.setGuesses()
	return nil
}

// findList takes the list that lies beside the configuration or here.
func (s *survey) findList() {
	for _, dir := range []string{s.base, s.g.Dir} {
		path := filepath.Join(dir, "slave-list.txt")
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			s.set("slave_list", "found in "+cmp.Or(s.shownFolder(dir), "this folder"), s.local(path))
			return
		}
	}
}

func (s *survey) shownFolder(dir string) string {
	if dir == s.g.Dir {
		return ""
	}
	return s.shown(dir)
}

// readSlaveList reads the list, if there is one; a bad one is an error.
func (s *survey) readSlaveList(ctx context.Context) error {
	if !s.draft.Has("slave_list") || s.list != nil {
		return nil
	}
	return s.readListAt(ctx, s.draft.First("slave_list"))
}

func (s *survey) readListAt(ctx context.Context, path string) (err error) {
	c := config.New(s.g.Getenv)
	c.SlaveList = s.resolved(path)
	s.list, err = s.g.readList(ctx, c)
	return err
}

// workersOf names the workers that are launched from an image.
func (s *survey) workersOf(image string) []string {
	var names []string
	for _, e := range s.list.Entries() {
		if e.AMI == image {
			names = append(names, e.Name)
		}
	}
	return names
}

// identity finds the private key that ssh would use, if no agent has one.
func (s *survey) identity() {
	home := s.g.Getenv("HOME")
	if home == "" || s.g.Getenv("SSH_AUTH_SOCK") != "" {
		return
	}
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		path := filepath.Join(home, ".ssh", name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			s.set("bastion.identity_file", "no SSH agent runs, and this key is there", "~/.ssh/"+name)
			s.set("platforms.linux.identity_file", "no SSH agent runs, and this key is there", "~/.ssh/"+name)
			return
		}
	}
}

// platforms says which of them the list needs, as far as EC2 told.
func (s *survey) platforms() {
	names := map[string][]string{}
	for _, image := range s.images {
		names[image.Platform] = append(names[image.Platform], s.workersOf(image.ID)...)
	}
	for _, platform := range []string{cloud.Linux, cloud.Windows} {
		section := "platforms." + platform
		switch {
		case len(names[platform]) > 0:
			s.draft.Need(section + ".files")
			if platform == cloud.Linux {
				s.draft.Need(section + ".user")
			}
			s.draft.Suggest(section+".files", "where hosts hold the certificate; for "+some(names[platform]), "")
		case len(s.images) > 0:
			s.draft.Omit(section)
		case platform == cloud.Linux:
			s.draft.Need(section + ".files")
			s.draft.Need(section + ".user")
		default:
			s.draft.Suggest(section+".files", "where hosts hold the certificate, if there are images of "+platform, "")
		}
	}
}

// some names at most a few.
func some(names []string) string {
	const few = 4
	names = slices.Clone(names)
	if len(names) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	}
	return strings.Join(names, ", ")
}
