package bench

import (
	"testing"
)

// TestShort keeps the benchmark alive: four images, a hundred times as fast as
// EC2. What it allows is far from what the benchmark shows, since this machine
// may be busy.
func TestShort(t *testing.T) {
	c := incident(4, 0.01)
	o := c.rotate(t, c.start(t), within)
	t.Log(o)
	if o.list < c.criticalPath() {
		t.Errorf("the list was rewritten after %v, before the critical path of %v had passed", o.list, c.criticalPath())
	}
	if o.perImage() > 60 || o.late > 4 {
		t.Errorf("%.1f calls an image, %d refused for rate", o.perImage(), o.late)
	}
}
