package cli_test

import "testing"

// The scenario that the repository offers to try things on can be rotated, the
// fault in it included.
func TestExampleFarm(t *testing.T) {
	f := exampleFarm(t)
	f.MustRun(0, "plan")
	f.MustRun(0, "rotate")
	if images := f.Folders("images"); len(images) != 4 {
		t.Errorf("images %v, want two and their replacements", images)
	}
	f.MustRun(3, "status") // linux1 still runs on the old image
}
