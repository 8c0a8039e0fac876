package cli

import (
	"cmp"
	"context"
	"net"
	"strconv"
	"time"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/rotate"
)

// staticPatience is how long a static host may take to answer and to be read,
// unless waits.static says so.
const staticPatience = 20 * time.Second

// unprobed are the static hosts, with the paths to read there.
func (f *staticFarm) unprobed(c *config.Config) []rotate.StaticStatus {
	var hosts []rotate.StaticStatus
	for _, h := range f.hosts {
		address := net.JoinHostPort(h.Host, strconv.Itoa(h.Settings.Port))
		hosts = append(hosts, rotate.NewStaticStatus(h.Workers, address, h.Optional, certificatePaths(c, h.Settings)))
	}
	return hosts
}

func (f *staticFarm) probe(c *config.Config) *rotate.StaticProbe {
	dial := func(ctx context.Context, worker string) (rotate.Host, error) { return f.DialStatic(ctx, worker) }
	return &rotate.StaticProbe{Dial: dial, Patience: cmp.Or(c.Waits.Static, staticPatience), Parallel: probeParallel}
}

// certificatePaths are those of the files that hold the configuration's own
// certificate.
func certificatePaths(c *config.Config, p config.Platform) []string {
	var paths []string
	for _, f := range p.Files {
		if pairOf(c, f).new == c.Certificate.New {
			paths = append(paths, f.Path)
		}
	}
	return paths
}
