package master

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/verify"
)

// look reads what stands on the master. It changes nothing.
func (s *Switch) look(ctx context.Context, h Host) (*sight, error) {
	paths := []string{s.Certificate}
	if s.Key != "" {
		paths = append(paths, s.Key)
	}
	files, err := h.Read(ctx, paths)
	if err != nil {
		return nil, err
	}
	seen := &sight{certificate: files[0]}
	seen.cert, seen.parsed = s.judgeCertificate(files[0])
	switch {
	case s.Key != "":
		seen.key = files[1]
		seen.keyIs = s.judgeKey(files[1])
	case seen.parsed != nil:
		seen.keyIs = s.keyOf(seen.parsed)
	default:
		seen.keyIs = Nothing
	}
	if seen.cert == Nothing || seen.cert == Unreadable {
		return seen, nil
	}
	seen.copies, err = h.Copies(ctx, s.Certificate)
	return seen, err
}

// changes are the files to replace; none if all is in place. It fails with a
// *Refused if what stands there must not be replaced.
func (s *Switch) changes(seen *sight) ([]verify.Change, error) {
	if refused := s.refuse(seen); refused != nil {
		return nil, refused
	}
	var changes []verify.Change
	if seen.cert == HoldsOld || s.Key == "" && seen.keyIs == HoldsOld {
		changes = append(changes, replacing(seen.certificate, s.newCertificate(seen)))
	}
	if s.Key != "" && seen.keyIs != HoldsNew && (seen.cert == HoldsOld || seen.keyIs == HoldsOld) {
		changes = append(changes, replacing(seen.key, s.NewKey.Bytes()))
	}
	return changes, nil
}

// replacing expects of a file exactly what was seen.
func replacing(seen verify.File, content []byte) verify.Change {
	return verify.Change{Path: seen.Path, Old: []verify.Digests{verify.Of(seen.Content)}, New: content}
}

// newCertificate is what the certificate's file becomes.
func (s *Switch) newCertificate(seen *sight) []byte {
	if len(seen.parsed.Keys)+len(seen.parsed.Others) == 0 {
		return s.New.Bytes()
	}
	var key []byte
	if s.NewKey != nil && seen.keyIs != HoldsNew {
		key = s.NewKey.Bytes()
	}
	return splice(seen.certificate.Content, seen.parsed, s.New.Bytes(), key)
}

// Refused is a master on which something stands that is not to be replaced. Its
// files are as they were.
type Refused struct {
	Code    string // of a plan's problem
	Message string
	Remedy  string
}

func (r *Refused) Error() string { return r.Message }

// Hint is the remedy.
func (r *Refused) Hint() string { return r.Remedy }

// Codes of problems with the master.
const (
	CodeUnreachable = "master-unreachable"
	CodeCertificate = "master-certificate"
	CodeKey         = "master-key"
	CodeEndpoint    = "master-endpoint"
)

// refuse finds what keeps the files from being replaced, nil for nothing.
func (s *Switch) refuse(seen *sight) *Refused {
	if r := s.refuseCertificate(seen); r != nil {
		return r
	}
	return s.refuseKey(seen)
}

func (s *Switch) refuseCertificate(seen *sight) *Refused {
	file := s.Certificate + s.onHost()
	r := &Refused{Code: CodeCertificate}
	switch seen.cert {
	case Nothing:
		r.Message, r.Remedy = file+": no such file", "correct master.certificate: it is the path of what the master presents now"
	case Unreadable:
		r.Message, r.Remedy = fmt.Sprintf("%s cannot be read: %s", file, seen.certificate.Problem), "log in as a user who may read and replace it, with sudo -n where needed"
	case HoldsOther:
		r.Message = fmt.Sprintf("%s holds neither an expected old certificate nor the new one, but %s", file, describe(seen))
		r.Remedy = "if that is right to replace, name it as certificate.old"
	default:
		return nil
	}
	return r
}

func describe(seen *sight) string {
	if seen.parsed == nil {
		return fmt.Sprintf("something else (md5 %s)", seen.certificate.MD5)
	}
	c := seen.parsed.Certificates[0]
	return fmt.Sprintf("that of %s until %s (md5 of the file %s)", c.Subject, c.NotAfter.UTC().Format("2006-01-02"), seen.certificate.MD5)
}

func (s *Switch) refuseKey(seen *sight) *Refused {
	file, r := s.keyPlace(), &Refused{Code: CodeKey}
	switch {
	case s.NewKey == nil && seen.keyIs != HoldsNew && !s.keyStays(seen):
		r.Message = fmt.Sprintf("the key of the new certificate is not at hand, and %s does not hold it", file)
		r.Remedy = "set certificate.key, or --new-key, to the new certificate's private key"
	case s.Key == "" && seen.keyIs == Nothing && !s.keyStays(seen):
		r.Message = file + " holds no private key, and the new certificate has another one than the old"
		r.Remedy = "set master.key to the path of the master's key"
	case seen.keyIs == Unreadable:
		r.Message, r.Remedy = fmt.Sprintf("%s cannot be read: %s", file, seen.key.Problem), "log in as a user who may read and replace it, with sudo -n where needed"
	case s.Key != "" && seen.keyIs == Nothing:
		r.Message, r.Remedy = file+": no such file, or no private key in it", "correct master.key, or leave it out if the certificate's file holds the key"
	case seen.keyIs == HoldsOther:
		r.Message = file + " is neither the key of an expected old certificate nor that of the new one"
		r.Remedy = "correct master.key: another service may need this one"
	case seen.keyIs == Locked && seen.cert == HoldsNew:
		r.Message = file + " has a passphrase, so that nobody can tell whether it is the key of the new certificate, which is in place"
		r.Remedy = "put the new key there by hand, or the old certificate back"
	default:
		return nil
	}
	return r
}

// keyStays tells that no key is to be replaced, since old and new certificate
// have the same one.
func (s *Switch) keyStays(seen *sight) bool {
	if seen.keyIs != Nothing || s.Key != "" || seen.parsed == nil {
		return false
	}
	was, is := seen.parsed.Certificates[0].Key.Raw, s.New.Leaf().Key.Raw
	return len(was) > 0 && string(was) == string(is)
}

func (s *Switch) keyPlace() string {
	if s.Key == "" {
		return s.Certificate + s.onHost()
	}
	return s.Key + s.onHost()
}

// markSuffix is added to the certificate's name for the copy that stands beside
// it while a switch is under way: what is to be run and checked after the files
// are in place is then still to be done.
const markSuffix = ".amirotate-unfinished"

func (s *Switch) mark() string { return path.Base(slashed(s.Certificate)) + markSuffix }

func (s *sight) unfinished(mark string) bool {
	return slices.Contains(s.copies, mark)
}

// slashed makes a local path of Windows one that package path understands.
func slashed(p string) string { return strings.ReplaceAll(p, `\`, "/") }

// checkInputs finds what is wrong with the new pair itself.
func (s *Switch) checkInputs() *Refused {
	leaf := s.New.Leaf()
	if leaf == nil {
		return &Refused{CodeCertificate, s.New.Name + " holds no certificate", "name the new certificate as certificate.new"}
	}
	if s.New.Certificates[0] != leaf {
		return &Refused{CodeCertificate, fmt.Sprintf("the first certificate in %s is not the one that the master is to present, that of %s until %s",
			s.New.Name, leaf.Subject, leaf.NotAfter.UTC().Format("2006-01-02")), "put it first: a server presents the first one"}
	}
	if s.NewKey == nil || s.NewKey.Key().Locked() || matchesAny(s.NewKey, leaf) {
		return nil
	}
	return &Refused{CodeKey, fmt.Sprintf("the key in %s is not that of %s", s.NewKey.Name, s.New.Name), "name the key that the certificate was made with"}
}

func matchesAny(f *cert.File, c *cert.Certificate) bool {
	for _, k := range f.Keys {
		if k.Matches(c) {
			return true
		}
	}
	return false
}
