package rotate

import (
	"fmt"
	"slices"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
)

// expectTagged adds what the tags of a proven replacement say that it holds to
// what is expected there. A certificate that is not known here and ends no
// earlier than the one to be put in place is a problem: another machine keeps
// one for the same images, and each would replace the other's for ever.
func (p *planning) expectTagged(img *ImagePlan, c cloud.Image) {
	held := verify.Digests{MD5: c.Tags[cloud.TagCertMD5], SHA256: c.Tags[cloud.TagCertSHA256]}
	proven := c.Tags[cloud.TagRole] == cloud.RoleReplacement && c.Tags[cloud.TagProvenAt] != ""
	if !p.req.ByTags || !proven || held.MD5 == "" || held.SHA256 == img.certificate.SHA256 {
		return
	}
	for i, change := range img.changes {
		if verify.Of(change.New) != img.certificate {
			continue
		}
		known := slices.ContainsFunc(change.Old, func(d verify.Digests) bool { return d.MD5 == held.MD5 })
		if known {
			continue
		}
		if end := c.Tags[cloud.TagCertNotAfter]; endsNoEarlier(end, p.req.CertNotAfter) {
			p.block(img, Problem{Code: "certificate-elsewhere",
				Message: fmt.Sprintf("%s holds a certificate (md5 %s, until %s) that is not known here and ends no earlier than the one kept here (until %s)", c.ID, held.MD5, end, p.req.CertNotAfter),
				Hint:    "another machine keeps one for the same images: let both keep it in one place (certificate.store.ssm), or copy that certificate and its key here; to put this machine's in place all the same, run 'amirotate rotate'"})
			return
		}
		img.changes[i].Old = append(slices.Clone(change.Old), held)
	}
}

// endsNoEarlier compares two times of RFC 3339. What cannot be read is no later.
func endsNoEarlier(a, b string) bool {
	x, errX := time.Parse(time.RFC3339, a)
	y, errY := time.Parse(time.RFC3339, b)
	return errX == nil && errY == nil && !x.Before(y)
}
