package cli_test

import (
	"path/filepath"
	"testing"

	"github.com/amirotate/amirotate/internal/farmtest"
	"github.com/amirotate/amirotate/internal/sandbox"
)

// The scenario that the repository offers to try things on can be rotated, the
// fault in it included.
func TestExampleFarm(t *testing.T) {
	path, err := filepath.Abs("../../testdata/farm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f := farmtest.StartWith(t, "", nil, func(o *sandbox.Options) { o.Scenario = path })
	f.MustRun(0, "plan")
	f.MustRun(0, "rotate")
	if images := f.Folders("images"); len(images) != 4 {
		t.Errorf("images %v, want two and their replacements", images)
	}
	f.MustRun(3, "status") // linux1 still runs on the old image
}
