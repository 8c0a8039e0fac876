package report

import (
	"math"
	"testing"
	"time"

	"github.com/amirotate/amirotate/internal/runlog"
)

// An estimate is time by price, a minute at least; what has no price has none.
func TestCosts(t *testing.T) {
	from := time.Date(2015, 7, 15, 3, 0, 0, 0, time.UTC)
	used := func(typ, platform string, spot bool, d time.Duration) runlog.InstanceUsed {
		return runlog.InstanceUsed{Type: typ, Platform: platform, Spot: spot, From: from, Until: from.Add(d)}
	}
	run := &runlog.Run{
		Header: runlog.Header{Time: from, Prices: []runlog.Price{{Type: "a", Platform: "windows", Hour: 2}, {Type: "a", Hour: 1}}},
		Usage: &runlog.Usage{Instances: []runlog.InstanceUsed{used("a", "linux", false, 30*time.Minute), used("a", "linux", false, time.Second),
			used("a", "windows", false, time.Hour), {Type: "a", Platform: "windows", From: from}}},
		Summary: &runlog.Summary{Time: from.Add(time.Hour)},
	}
	c := newCosts(run)
	if want := 0.5 + 1.0/60 + 2 + 2; !c.Priced || math.Abs(c.USD-want) > 1e-9 || len(c.Instances) != 2 {
		t.Errorf("%.4f dollars, want %.4f: %+v", c.USD, want, c)
	}
	run.Usage.Instances = append(run.Usage.Instances, used("a", "linux", true, time.Hour))
	if c := newCosts(run); c.Priced || c.Instances[1].Hour != 0 && c.Instances[0].Hour != 0 && c.Instances[2].Hour != 0 {
		t.Errorf("what a spot instance costs nobody says: %+v", c)
	}
}
