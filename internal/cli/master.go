package cli

import (
	"context"
	"net"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/config"
	"github.com/amirotate/amirotate/internal/master"
	"github.com/amirotate/amirotate/internal/remote"
	"github.com/amirotate/amirotate/internal/rotate"
)

// masterPatience bounds the login to the buildmaster, which is up or is not.
const masterPatience = 20 * time.Second

// masterOf returns the switch of the configuration's buildmaster, nil if there
// is none. Whatever it reaches goes by its own connections, which end with each
// visit.
func (g *globals) masterOf(c *config.Config, kept *keptItems) (*master.Switch, error) {
	m := c.MasterSettings()
	if !m.Set() {
		return nil, nil
	}
	s := &master.Switch{
		Settings: master.Settings{Address: m.Address, Certificate: m.Certificate, Key: m.Key,
			Check: master.Check{Address: m.Check.Address, Timeout: m.Check.Timeout}},
		Dial:      func(ctx context.Context) (master.Host, error) { return g.dialMaster(ctx, c, m) },
		Handshake: func(ctx context.Context) ([]*cert.Certificate, error) { return g.masterPresents(ctx, c, m.Check) },
		Report:    func(master.Step, master.Status, time.Duration, string) {},
		Now:       g.Now,
	}
	for _, run := range m.Commands {
		s.Commands = append(s.Commands, command.Command(run))
	}
	return s, masterFiles(s, c, kept)
}

// localMaster is a buildmaster on this computer.
type localMaster struct{ remote.Local }

func (g *globals) dialMaster(ctx context.Context, c *config.Config, m config.Master) (master.Host, error) {
	if m.Local() {
		return localMaster{}, nil
	}
	at, err := parsePOSIXAddress(m.Address, g.Getenv("USER"))
	if err != nil {
		return nil, usagef("write it as ssh://user@host:port", "cannot use the master: %w", err)
	}
	at.access.IdentityFiles, at.access.HostKey, at.access.Algorithms = m.IdentityFiles, m.HostKey, m.SSHAlgorithms
	if m.KnownHosts != "" {
		at.access.KnownHosts = []string{m.KnownHosts}
	}
	options := remote.DialerOptions{Getenv: g.Getenv}
	if m.Bastion {
		options.Bastion = bastionOf(c.Bastion)
	}
	ctx, cancel := context.WithTimeout(ctx, masterPatience)
	defer cancel()
	host, err := at.dial(ctx, "the master", options)
	if err != nil {
		return nil, err
	}
	return host, nil
}

func (g *globals) masterPresents(ctx context.Context, c *config.Config, check config.MasterCheck) ([]*cert.Certificate, error) {
	dial := cert.DialFunc((&net.Dialer{}).DialContext)
	if check.Bastion {
		through := g.endpointDialer(c)
		defer through.Close()
		dial = through.DialContext
	}
	presented, err := cert.Endpoint(ctx, dial, check.Address)
	if err != nil {
		return nil, err
	}
	return presented.Certificates, nil
}

// masterFiles reads the certificates and the key.
func masterFiles(s *master.Switch, c *config.Config, kept *keptItems) (err error) {
	if c.Certificate.New == "" {
		return usagef("set certificate.new, or use --new-cert", "cannot tell what the master is to present: no new certificate is given")
	}
	if s.New, err = kept.read(c.Certificate.New, true); err != nil {
		return err
	}
	for _, location := range c.Certificate.Old {
		old, err := kept.read(location, true)
		if err != nil {
			return err
		}
		s.Old = append(s.Old, old)
	}
	if c.Kept() { // the master may still present one that the new one has replaced
		former, err := kept.formerCertificates(c.Certificate.New)
		if err != nil {
			return err
		}
		s.Old = append(s.Old, former...)
	}
	s.NewKey, err = kept.key(c)
	return err
}

// key reads the new certificate's key, nil if nobody says where it is.
func (k *keptItems) key(c *config.Config) (*cert.File, error) {
	switch {
	case c.Certificate.Key != "":
		return cert.LoadKey(c.Certificate.Key)
	case c.Certificate.New == config.StorePrefix+"cert":
		return k.read(config.StorePrefix+"key", false)
	}
	return nil, nil
}

// planMaster looks at the buildmaster and takes it into the plan.
func planMaster(ctx context.Context, s *master.Switch, plan *rotate.Plan) {
	looked, problems := s.Plan(ctx)
	plan.Master = looked
	for _, p := range problems {
		plan.Problems = append(plan.Problems, problemOf(p))
	}
}

// reportTo lets a switch tell what it does as the rest of a run does.
func reportTo(reporter rotate.Reporter, s *master.Switch) {
	s.Report = func(step master.Step, status master.Status, elapsed time.Duration, detail string) {
		reporter.Report(rotate.Event{Time: s.Now(), Event: "step", Step: rotate.Step(step), Status: rotate.Status(status),
			ElapsedMS: elapsed.Milliseconds(), Detail: detail})
	}
}
