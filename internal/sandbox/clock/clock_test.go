package clock

import (
	"testing"
	"time"
)

func TestSet(t *testing.T) {
	c := New(0.001)
	for _, to := range []time.Time{c.Now().AddDate(3, 0, 0), c.Now().AddDate(-11, 0, 0)} {
		elapsed := c.Elapsed()
		skipped := to.Sub(c.Now())
		c.Set(to)
		const aRun = 10 * time.Minute // 0.6 s of this computer's time
		if late := c.Now().Sub(to); late < 0 || late > aRun {
			t.Errorf("set to %s, it is %s", to, c.Now())
		}
		if off := c.Elapsed() - elapsed - skipped; off < -aRun || off > aRun {
			t.Errorf("%s were skipped, %s have elapsed", skipped, c.Elapsed()-elapsed)
		}
	}
	before := c.Now()
	time.Sleep(2 * time.Millisecond)
	if passed := c.Now().Sub(before); passed < 2*time.Second {
		t.Errorf("2 ms are %s", passed)
	}
}
