package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/amirotate/amirotate/internal/cloud"
	"github.com/amirotate/amirotate/internal/runlog"
)

// costs is what a run used of EC2. What instances cost is a rough estimate: time
// by the configuration's own prices, no less than a minute each, as EC2 bills it
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/concepts.html); neither
// volumes nor snapshots nor traffic are in it.
type costs struct {
	Known     bool // the log tells
	Calls     []cloud.Calls
	All       int // calls
	Failed    int
	Instances []instanceCost
	Images    int // made
	GiB       int // of their volumes
	USD       float64
	Priced    bool // all instances have a price
}

// instanceCost is the time of all instances of one type and platform.
type instanceCost struct {
	Type, Platform string
	Count          int
	Time           time.Duration
	Hour           float64 // US dollars, 0 if nobody knows
	USD            float64
	Spot           bool
}

const leastBilled = time.Minute

func newCosts(run *runlog.Run) costs {
	if run.Usage == nil {
		return costs{}
	}
	c := costs{Known: true, Calls: run.Usage.Calls, Images: len(run.Usage.Images)}
	for _, calls := range c.Calls {
		c.All += calls.Count
		c.Failed += calls.Failed
	}
	for _, img := range run.Usage.Images {
		c.GiB += img.GiB
	}
	c.addInstances(run)
	return c
}

func (c *costs) addInstances(run *runlog.Run) {
	end := endOf(run)
	for _, used := range run.Usage.Instances {
		until := used.Until
		if until.IsZero() {
			until = end
		}
		i := slices.IndexFunc(c.Instances, func(i instanceCost) bool {
			return i.Type == used.Type && i.Platform == used.Platform && i.Spot == used.Spot
		})
		if i < 0 {
			i, c.Instances = len(c.Instances), append(c.Instances, instanceCost{Type: used.Type, Platform: used.Platform, Spot: used.Spot,
				Hour: priceOf(used, run.Header.Prices)})
		}
		of := &c.Instances[i]
		of.Count++
		of.Time += until.Sub(used.From)
		of.USD += of.Hour * max(until.Sub(used.From), leastBilled).Hours()
	}
	slices.SortFunc(c.Instances, func(a, b instanceCost) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Platform, b.Platform))
	})
	c.Priced = len(c.Instances) > 0
	for _, i := range c.Instances {
		c.USD += i.USD
		c.Priced = c.Priced && i.Hour > 0
	}
}

// priceOf finds the price for a type on its platform, or on any.
func priceOf(used runlog.InstanceUsed, prices []runlog.Price) float64 {
	price := 0.0
	for _, p := range prices {
		switch {
		case p.Type != used.Type || used.Spot:
		case p.Platform == used.Platform:
			return p.Hour
		case p.Platform == "":
			price = p.Hour
		}
	}
	return price
}
