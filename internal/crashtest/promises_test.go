package crashtest

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

var amiID = regexp.MustCompile(`\bami-(?:[0-9a-f]{17}|[0-9a-f]{8})\b`)

// check compares what there is now with what there must be: one replacement of
// each image, proven and in the list, and nothing else.
func (s *scene) check(certificates map[string]string) {
	s.T.Helper()
	s.checkList("slave-list.txt", certificates)
	if images := s.Folders("images"); len(images) != len(s.trees)+len(certificates) {
		s.T.Errorf("%d images, want %d: %v", len(images), len(s.trees)+len(certificates), images)
	}
	s.checkNothingLeft()
}

// checkList checks a list and the images that it names now.
func (s *scene) checkList(name string, certificates map[string]string) {
	s.T.Helper()
	now := string(s.Read(name))
	if masked(now) != masked(s.list) {
		s.T.Errorf("the list changed beside its image ids:\n%s", now)
	}
	newCert := s.Read(s.newCert)
	replacement := s.replacements(now)
	for source, path := range certificates {
		id := replacement[source]
		if id == source {
			s.T.Errorf("the list still names %s", source)
			continue
		}
		if got := s.ImageFile(id, path); !bytes.Equal(got, newCert) {
			s.T.Errorf("%s, in the list for %s, does not hold the new certificate", id, source)
		}
		if is := s.Tree(id); !slices.Equal(s.trees[source], is) {
			s.T.Errorf("%s holds %v, its source %v", id, is, s.trees[source])
		}
	}
	if s.decoy != nil && !bytes.Equal(s.ImageFile(replacement[windowsImage], "C/bot/cert.pem"), s.decoy) {
		s.T.Error("the look-alike on Windows was changed")
	}
}

// masked is a list without its image ids.
func masked(list string) string { return amiID.ReplaceAllString(list, "ami") }

// replacements tells what stands in a list in the place of each source.
func (s *scene) replacements(now string) map[string]string {
	s.T.Helper()
	was, is := amiID.FindAllString(s.list, -1), amiID.FindAllString(now, -1)
	replacement := map[string]string{}
	for i, source := range was {
		if i >= len(is) {
			break
		}
		if replacement[source] != "" && replacement[source] != is[i] {
			s.T.Errorf("%s was replaced by both %s and %s", source, replacement[source], is[i])
		}
		replacement[source] = is[i]
	}
	return replacement
}

// checkOldOrNew checks that the list is what it was, or names a replacement for
// every image: never something between.
func (s *scene) checkOldOrNew() {
	s.T.Helper()
	s.checkOldOrNewAt("slave-list.txt")
}

func (s *scene) checkOldOrNewAt(name string) {
	s.T.Helper()
	now := string(s.Read(name))
	if now == s.list {
		return
	}
	if masked(now) != masked(s.list) {
		s.T.Errorf("the list is neither the old one nor the new one:\n%s", now)
	}
	for source, id := range s.replacements(now) {
		if id == source {
			s.T.Errorf("the list names replacements, but still %s:\n%s", source, now)
		}
	}
}

// checkNothingLeft checks that no run has left anything.
func (s *scene) checkNothingLeft() {
	s.T.Helper()
	if left := s.Folders("instances"); !slices.Equal(left, s.residents) {
		s.T.Errorf("instances %v are there, want %v", left, s.residents)
	}
	if found := s.leftovers(); len(found) > 0 {
		s.T.Errorf("left over: %+v", found)
	}
	s.checkNoTemporaryFiles()
}

func (s *scene) checkNoTemporaryFiles() {
	s.T.Helper()
	if !slices.Contains(s.Folders("."), ".sandbox") {
		s.T.Error("a file was removed that belongs to somebody else: the sandbox's mark")
	}
	for _, name := range s.Folders(".") {
		if strings.HasPrefix(name, ".amirotate-") || strings.Contains(name, ".tmp") {
			s.T.Errorf("a temporary file is left: %s", name)
		}
	}
}
