package rotate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
)

// Everything that names what a run makes is computed from what is to be done,
// so that the same rotation, run again or elsewhere, finds what is there.

// PatchID identifies a patch: the first 16 hex digits of a SHA-256 over the
// sorted (path, SHA-256 of the new content) pairs and the refresh epoch.
func PatchID(changes []verify.Change, epoch string) string {
	pairs := make([]string, len(changes))
	for i, c := range changes {
		pairs[i] = c.Path + "\x00" + verify.Of(c.New).SHA256
	}
	slices.Sort(pairs)
	return digest16(strings.Join(pairs, "\x00") + "\x00\x00" + epoch)
}

// runID identifies a run by what it is to do: the same for its resumption.
func runID(images []*ImagePlan) string {
	pairs := make([]string, 0, len(images))
	for _, p := range images {
		pairs = append(pairs, p.Source+"\x00"+p.Patch)
	}
	slices.Sort(pairs)
	return digest16(strings.Join(pairs, "\x00"))
}

// RunID identifies the run that carries the plan out, as the tag amirotate:run does.
func (p *Plan) RunID() string { return runID(p.Images) }

func digest16(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:16]
}

// clientToken makes RunInstances idempotent: 64 hex digits, the longest that
// EC2 takes. A new attempt, after an instance that died, is a new token.
func clientToken(patch, source, role string, attempt int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", patch, source, role, attempt))
	return hex.EncodeToString(sum[:])
}

// maxNameLength is EC2's limit for an image's name, in characters.
const maxNameLength = 128

// replacementName names the replacement of a source image. It depends on
// nothing but source and patch, so CreateImage, which has no client token, is
// idempotent by it.
func replacementName(source cloud.Image, patch string) string {
	suffix := "-amirotate-" + patch + "-" + strings.TrimPrefix(source.ID, "ami-")
	base := []rune(cleanName(baseName(source)))
	if room := maxNameLength - len(suffix); len(base) > room {
		base = base[:room]
	}
	return string(base) + suffix
}

// baseName is the name that the first image of the lineage had.
func baseName(source cloud.Image) string {
	if name := source.Tags[cloud.TagBaseName]; name != "" {
		return name
	}
	return source.Name
}

// cleanName leaves only the characters that EC2 takes in an image's name.
func cleanName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("()[] ./-'@_", r):
			return r
		}
		return '-'
	}, name)
}

// identityTags are the tags by which a later run knows what an earlier one made.
func (p *ImagePlan) identityTags(run, role string) map[string]string {
	return map[string]string{
		cloud.TagRole:        role,
		cloud.TagPatch:       p.Patch,
		cloud.TagSourceImage: p.Source,
		cloud.TagRun:         run,
		cloud.TagBaseName:    baseName(p.image),
	}
}

// instanceTags are those of a builder or prover.
func (p *ImagePlan) instanceTags(run, role string) map[string]string {
	tags := p.identityTags(run, role)
	if id := commandsID(p.commands); id != "" && role == cloud.RoleBuilder {
		tags[cloud.TagCommands] = id
	}
	tags[cloud.TagName] = fmt.Sprintf("amirotate %s for %s (%s)", role, p.Source, baseName(p.image))
	return tags
}

// replacementTags are the source's own, and ours on top. EC2 reserves aws: tags.
func (p *ImagePlan) replacementTags(run string) map[string]string {
	tags := map[string]string{}
	for k, v := range p.image.Tags {
		if !strings.HasPrefix(k, "aws:") && !strings.HasPrefix(k, cloud.TagPrefix) {
			tags[k] = v
		}
	}
	maps.Copy(tags, p.identityTags(run, cloud.RoleReplacement))
	tags[cloud.TagCertMD5], tags[cloud.TagCertSHA256] = p.certificate.MD5, p.certificate.SHA256
	if p.certNotAfter != "" {
		tags[cloud.TagCertNotAfter] = p.certNotAfter
	}
	if trusts := trustsTag(p.trusts); trusts != "" {
		tags[cloud.TagTrusts] = trusts
	}
	return tags
}
