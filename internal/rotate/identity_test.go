package rotate

import (
	"regexp"
	"strings"
	"testing"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/verify"
)

func change(path, content string) verify.Change {
	return verify.Change{Path: path, New: []byte(content)}
}

func TestPatchIDDependsOnWhatIsWrittenAlone(t *testing.T) {
	a, b := change("/a", "one"), change("/b", "two")
	base := PatchID([]verify.Change{a, b}, "")
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(base) {
		t.Fatalf("PatchID = %q, want 16 hex digits", base)
	}
	if got := PatchID([]verify.Change{b, a}, ""); got != base {
		t.Error("the order of the changes makes a difference")
	}
	expecting := a
	expecting.Old = []verify.Digests{verify.Of([]byte("old"))}
	if got := PatchID([]verify.Change{expecting, b}, ""); got != base {
		t.Error("the expected old content makes a difference")
	}
	for name, other := range map[string]string{
		"content": PatchID([]verify.Change{change("/a", "One"), b}, ""),
		"path":    PatchID([]verify.Change{change("/A", "one"), b}, ""),
		"epoch":   PatchID([]verify.Change{a, b}, "2015-07"),
		"fewer":   PatchID([]verify.Change{a}, ""),
	} {
		if other == base {
			t.Errorf("another %s makes no difference", name)
		}
	}
}

func TestReplacementName(t *testing.T) {
	allowed := regexp.MustCompile(`^[A-Za-z0-9()\[\] ./'@_-]{3,128}$`)
	seen := map[string]string{}
	for _, source := range []cloud.Image{
		{ID: "ami-7fd23e3b", Name: "rust-linux"},
		{ID: "ami-0123456789abcdef0", Name: "rust-linux"},
		{ID: "ami-381e197d", Name: "bücher & co: \"a\""},
		{ID: "ami-dbac5f9f", Name: strings.Repeat("x", 128)},
		{ID: "ami-b74fa1f3", Name: ""},
	} {
		name := replacementName(source, "0123456789abcdef")
		if !allowed.MatchString(name) {
			t.Errorf("%s: EC2 refuses the name %q (%d characters)", source.ID, name, len(name))
		}
		if other, taken := seen[name]; taken {
			t.Errorf("%s and %s share the name %q", source.ID, other, name)
		}
		seen[name] = source.ID
	}
	// The lineage keeps its first name: names don't grow with each rotation.
	second := cloud.Image{ID: "ami-1", Name: "rust-linux-amirotate-x", Tags: map[string]string{cloud.TagBaseName: "rust-linux"}}
	if got := replacementName(second, "p"); !strings.HasPrefix(got, "rust-linux-amirotate-p-") {
		t.Errorf("name of the second generation = %q", got)
	}
}

func TestClientTokensDiffer(t *testing.T) {
	base := clientToken("p", "ami-1", cloud.RoleBuilder, 0)
	if len(base) != 64 {
		t.Errorf("token has %d characters, EC2 takes 64", len(base))
	}
	for _, other := range []string{
		clientToken("q", "ami-1", cloud.RoleBuilder, 0), clientToken("p", "ami-2", cloud.RoleBuilder, 0),
		clientToken("p", "ami-1", cloud.RoleProver, 0), clientToken("p", "ami-1", cloud.RoleBuilder, 1),
	} {
		if other == base {
			t.Error("two launches share a token")
		}
	}
}

func TestReplacementTagsKeepTheSources(t *testing.T) {
	p := &ImagePlan{Source: "ami-1", Patch: "p", certificate: verify.Of([]byte("new")), certNotAfter: "2025-07-13T06:08:33Z",
		image: cloud.Image{ID: "ami-1", Name: "rust-linux", Tags: map[string]string{
			"team": "infra", "Name": "linux", "aws:cloudformation:stack-name": "s", cloud.TagProvenAt: "long ago", cloud.TagPatch: "o"}}}
	got := p.replacementTags("r")
	want := map[string]string{"team": "infra", "Name": "linux", cloud.TagPatch: "p", cloud.TagRun: "r",
		cloud.TagRole: cloud.RoleReplacement, cloud.TagSourceImage: "ami-1", cloud.TagBaseName: "rust-linux",
		cloud.TagCertMD5: verify.Of([]byte("new")).MD5, cloud.TagCertSHA256: verify.Of([]byte("new")).SHA256,
		cloud.TagCertNotAfter: "2025-07-13T06:08:33Z"}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("tag %s = %q, want %q", k, got[k], v)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("tag %s = %q is not to be there", k, got[k])
		}
	}
}
