package spelling_test

import (
	"testing"

	"github.com/amirotate/amirotate/internal/spelling"
)

func TestNearest(t *testing.T) {
	names := []string{"plan", "rotate", "rollback", "slavelist", "sandbox", "demo", "json", "like_instance", "image", "images", "identity_files"}
	for misspelt, want := range map[string]string{
		"rotat": "rotate", "roatte": "rotate", "sand": "sandbox", "PLAN": "plan", "jsno": "json", "slaveliste": "slavelist",
		"like-instance": "like_instance", "likeinstanec": "like_instance", "identity_file": "identity_files", "identity": "identity_files",
		"imagess": "images", "imaeg": "image", "ro": "", "xyzzy": "", "": "", "x": "", "completely-else": "",
	} {
		if got := spelling.Nearest(misspelt, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", misspelt, got, want)
		}
	}
	for _, names := range [][]string{{"mac1", "mac2"}, {"mac2", "mac1"}} {
		if got := spelling.Nearest("mac3", names); got != names[0] {
			t.Errorf("of %q %s is nearest to mac3", names, got)
		}
	}
}
