package cli

import (
	"time"

	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/ec2ops"
	"github.com/amirotate/amirotate/internal/remote"
	"github.com/amirotate/amirotate/internal/rotate"
)

const (
	probePatience = time.Minute // for one running host to answer and be read
	probeParallel = 16
	// probeGrace is how long a host may refuse the login: most have booted long
	// ago.
	probeGrace = 2 * time.Second
)

// prober reads the certificate files of running instances.
type prober struct {
	config *config.Config
	getenv func(string) string
	access *accessTable
	dialer *remote.Dialer
}

func (g *globals) newProber(c *config.Config, client *ec2ops.Regions) *prober {
	p := &prober{config: c, getenv: g.Getenv, access: newAccessTable()}
	p.dialer = remote.NewDialer(remote.DialerOptions{
		Bastion: bastionOf(c.Bastion), Access: p.access.of,
		Console: client.Console, PasswordData: client.PasswordData, Getenv: g.Getenv,
		LoginGrace: probeGrace,
	})
	return p
}

func (p *prober) close() { _ = p.dialer.Close() }

func (p *prober) probe() *rotate.Probe {
	return &rotate.Probe{Dialer: dialer{p.dialer}, Paths: p.paths, Patience: probePatience, Parallel: probeParallel}
}

// paths are those of the files that hold the configuration's own certificate.
func (p *prober) paths(image, platform string, workers []string) ([]string, error) {
	settings, err := p.config.For(platform, workers)
	if err != nil {
		return nil, err
	}
	if err := checkAccess(settings, p.getenv); err != nil {
		return nil, err
	}
	p.access.set(image, accessOf(platform, settings))
	paths := certificatePaths(p.config, settings)
	if len(paths) == 0 {
		return nil, usagef("set platforms."+platform+".files, or use --"+platform+"-path",
			"cannot probe instances of %s: no path is configured for %s", image, platform)
	}
	return paths, nil
}
