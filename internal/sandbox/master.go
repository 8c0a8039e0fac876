package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/masterhost"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/posixhost"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
)

// masterAddress is the buildmaster's on the network, above those that instances get.
var masterAddress = netip.MustParseAddr("127.66.254.1")

// masterLimit bounds, in real time, how long the computer takes to end.
const masterLimit = 10 * time.Second

// masterComputer is the buildmaster's computer: its daemons, and the way in.
type masterComputer struct {
	scenario.Master
	root     string
	script   string // asks it for a command, if it is reached locally
	host     *masterhost.Host
	computer machine.Computer // nil if it is reached locally
	end      context.CancelFunc
}

// configMaster is the buildmaster in amirotate's configuration.
type (
	configMaster struct {
		Address     string          `yaml:"address"`
		Bastion     bool            `yaml:"bastion,omitempty"`
		Certificate string          `yaml:"certificate"`
		Key         string          `yaml:"key,omitempty"`
		Commands    []configCommand `yaml:"commands"`
		Check       configCheck     `yaml:"check"`
	}
	configCommand struct {
		Run     string `yaml:"run"`
		Timeout string `yaml:"timeout,omitempty"`
	}
	configCheck struct {
		Address string `yaml:"address"`
		Timeout string `yaml:"timeout"`
	}
)

// startMaster starts the scenario's buildmaster, if it has one.
func (s *Sandbox) startMaster(sc *scenario.Scenario, net *network.Network, pace *clock.Clock, k *keys, faults machine.Faults, from netip.Addr) (*masterComputer, error) {
	if sc.Master == nil {
		return nil, nil
	}
	m := &masterComputer{Master: *sc.Master, root: filepath.Join(s.dir, "master", "root")}
	if err := m.write(sc); err != nil {
		return nil, fmt.Errorf("cannot make the master's files: %w", err)
	}
	o := masterhost.Options{Root: m.root, Certificate: m.Certificate, Key: m.Key,
		Greeting: func() string { return faults.Strike([]string{scenario.MasterHost}, machine.AtHandshake) }}
	if m.Key == scenario.KeyInside {
		o.Key = ""
	}
	var err error
	if m.host, err = masterhost.Start(o); err != nil {
		return nil, err
	}
	var life context.Context
	life, m.end = context.WithCancel(context.Background())
	if m.Reach == scenario.ReachLocal {
		m.script, err = m.host.ServeLocal(life, filepath.Dir(m.root))
		return m, err
	}
	driver := posixhost.New(posixhost.Options{Network: net, Clock: pace, AuthorizedKeys: k.authorized(), Faults: faults, Commands: m.host.Commands()})
	inbound := machine.Rule{FromPort: 22, ToPort: 22, Prefixes: []netip.Prefix{netip.PrefixFrom(from, from.BitLen())}}
	m.computer, err = driver.Boot(life, machine.Spec{
		InstanceID: scenario.MasterHost, Lineage: []string{scenario.MasterHost}, Platform: scenario.Linux, User: m.User, Address: masterAddress, Root: m.root,
		Groups: func() []machine.Group { return []machine.Group{{Ingress: []machine.Rule{inbound}}} }, FirstBoot: true,
	})
	return m, err
}

// write writes the old pair, the key for its owner alone.
func (m *masterComputer) write(sc *scenario.Scenario) error {
	files := []struct {
		path string
		text []byte
		mode os.FileMode
	}{{m.Certificate, sc.OldCert, 0o644}, {m.Key, sc.OldKey, 0o600}}
	if m.Key == scenario.KeyInside {
		files[0].text, files[0].mode = append(append([]byte{}, sc.OldKey...), sc.OldCert...), 0o600
		files = files[:1]
	}
	if m.Restart != "ok" {
		files = append(files, files[0])
		last := &files[len(files)-1]
		last.path, last.text, last.mode = masterhost.Misbehaviour, []byte(m.Restart+"\n"), 0o644
	}
	for _, f := range files {
		path := filepath.Join(m.root, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.text, f.mode); err != nil {
			return err
		}
	}
	return nil
}

// configured is what amirotate is told of it.
func (m *masterComputer) configured() *configMaster {
	if m == nil {
		return nil
	}
	c := &configMaster{Address: "ssh://" + m.User + "@" + masterAddress.String(), Bastion: true, Certificate: m.Certificate, Key: m.Key,
		Check: configCheck{Address: m.host.Addr(), Timeout: "10s"}}
	before := ""
	if m.Reach == scenario.ReachLocal {
		c.Address, c.Bastion, before = "local", false, "'"+strings.ReplaceAll(m.script, "'", `'\''`)+"' "
		c.Certificate, c.Key = filepath.Join(m.root, m.Certificate), filepath.Join(m.root, m.Key)
	}
	if m.Key == scenario.KeyInside {
		c.Key = ""
	}
	c.Commands = []configCommand{{Run: before + "restart-stunnel"}, {Run: before + "buildbot restart /home/" + m.User + "/master", Timeout: "2m"}}
	return c
}

// known are its lines of known_hosts, "" if there is no SSH server.
func (m *masterComputer) known() string {
	if m == nil || m.computer == nil {
		return ""
	}
	var lines strings.Builder
	if keyed, ok := m.computer.(interface{ HostKeys() []ssh.PublicKey }); ok {
		for _, key := range keyed.HostKeys() {
			lines.WriteString(knownhosts.Line([]string{masterAddress.String()}, key) + "\n")
		}
	}
	return lines.String()
}

func (m *masterComputer) close() error {
	var errs []error
	if m.end != nil {
		m.end()
	}
	if m.computer != nil {
		ctx, cancel := context.WithTimeout(context.Background(), masterLimit)
		defer cancel()
		errs = append(errs, m.computer.Shutdown(ctx))
	}
	if m.host != nil {
		errs = append(errs, m.host.Close())
	}
	return errors.Join(errs...)
}
