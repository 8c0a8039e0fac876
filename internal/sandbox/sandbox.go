package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/amirotate/amirotate/internal/sandbox/bastion"
	"github.com/amirotate/amirotate/internal/sandbox/clock"
	"github.com/amirotate/amirotate/internal/sandbox/ec2api"
	"github.com/amirotate/amirotate/internal/sandbox/ec2state"
	"github.com/amirotate/amirotate/internal/sandbox/fault"
	"github.com/amirotate/amirotate/internal/sandbox/iam"
	"github.com/amirotate/amirotate/internal/sandbox/machine"
	"github.com/amirotate/amirotate/internal/sandbox/masterhost"
	"github.com/amirotate/amirotate/internal/sandbox/network"
	"github.com/amirotate/amirotate/internal/sandbox/scenario"
	"github.com/amirotate/amirotate/internal/sandbox/ssmapi"
	"github.com/amirotate/amirotate/internal/sandbox/statichost"
)

// Options say what a sandbox is to serve, and where.
type Options struct {
	Dir       string                    // made if it isn't there; what an earlier sandbox wrote there is replaced
	Scenario  string                    // path, "" for the outage of July 2015
	Listen    string                    // address of the EC2 endpoint, on loopback; "" for 127.0.0.1:0
	ReadyFile string                    // written when all listens; "" for none
	Drivers   map[string]machine.Driver // by platform, in place of the in-process hosts

	// Observe, if set, is told of each point at which a client may be cut off,
	// and holds the sandbox up until it returns: "before ACTION" and "after
	// ACTION" of each EC2 call, "INSTANCE at POINT" of each host.
	Observe func(point string)
}

// Sandbox is being served.
type Sandbox struct {
	dir     string
	ready   Ready
	env     [][2]string
	states  []*ec2state.State // by region, the scenario's own first
	faults  *fault.Set
	bastion *bastion.Bastion
	clock   *clock.Clock
	policy  atomic.Pointer[iam.Policy]
	static  []*statichost.Host
	master  *masterComputer // nil: none
	server  *http.Server
	serving sync.WaitGroup
	log     *os.File
	lock    *flock.Flock

	once     sync.Once
	closeErr error
}

// bastionUser is who may log in to the bastion.
const bastionUser = "ops"

// Start checks the scenario, writes the folder and serves until ctx ends or
// Close is called. When it returns everything listens. An error of the scenario
// joins a *scenario.Problem for each thing that is wrong.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	sc, err := scenario.Load(o.Scenario)
	if err != nil {
		return nil, err
	}
	listen, err := loopback(o.Listen)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("cannot use folder %s: %w", o.Dir, err)
	}
	s := &Sandbox{dir: dir, faults: fault.New(sc.Faults)}
	s.policy.Store(sc.Policy)
	if s.lock, err = claim(dir); err != nil {
		return nil, err
	}
	if err := s.serve(sc, o, listen); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	context.AfterFunc(ctx, func() { s.Close() })
	return s, nil
}

// loopback refuses an address that others could reach.
func loopback(listen string) (string, error) {
	if listen == "" {
		return "127.0.0.1:0", nil
	}
	addr, err := netip.ParseAddrPort(listen)
	if err != nil {
		return "", fmt.Errorf("cannot listen on %q: write it as 127.0.0.1:PORT", listen)
	}
	if !addr.Addr().IsLoopback() {
		return "", fmt.Errorf("cannot listen on %s: the sandbox accepts anyone's calls, so it listens on loopback only", listen)
	}
	return listen, nil
}

// serve starts the parts, from the inside out.
func (s *Sandbox) serve(sc *scenario.Scenario, o Options, listen string) error {
	if o.ReadyFile != "" {
		if err := os.Remove(o.ReadyFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("cannot remove the old ready file: %w", err)
		}
	}
	keys, err := newKeys(s.dir)
	if err != nil {
		return err
	}
	net := network.New()
	pace := clock.New(*sc.Clock.Scale)
	s.clock = pace
	from := netip.MustParseAddr("127.0.0.1")
	s.bastion, err = bastion.Start(bastion.Options{
		Network: net, Listen: "127.0.0.1:0", User: bastionUser, AuthorizedKeys: keys.authorized(), HostKey: keys.bastion, From: from,
	})
	if err != nil {
		return err
	}
	faults := s.hostFaults(pace, o.Observe)
	machines := o.Drivers
	if machines == nil {
		machines = drivers(net, pace, keys, faults, s.powerFail)
	}
	if err := s.setUp(sc, ec2state.Options{Dir: s.dir, Clock: pace, Drivers: machines, Bastion: from}); err != nil {
		return err
	}
	if err := s.startStatic(net, pace, keys, faults, from, sc.Static); err != nil {
		return err
	}
	if s.master, err = s.startMaster(sc, net, pace, keys, faults, from); err != nil {
		return err
	}
	if s.log, err = os.OpenFile(filepath.Join(s.dir, "api.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644); err != nil {
		return fmt.Errorf("cannot open the log of calls: %w", err)
	}
	api := s.byRegion(func(state *ec2state.State) http.Handler {
		return ec2api.New(ec2api.Options{
			State: state, Clock: pace, Faults: s.faults, AccessKey: accessKey, Latency: *sc.Timings.API,
			Throttle: sc.Throttle == "aws", Policy: s.policy.Load, Log: s.log,
		})
	})
	ssm := ssmapi.New(ssmapi.Options{
		Region: sc.Region, Account: sc.Account, Clock: pace, Faults: s.faults, AccessKey: accessKey, Latency: *sc.Timings.API, Policy: s.policy.Load, Log: s.log,
	})
	handler := byService(api, ssm)
	if o.Observe != nil {
		handler = observed(handler, o.Observe)
	}
	endpoint, err := s.listen(listen, handler)
	if err != nil {
		return err
	}
	return s.announce(sc, o.ReadyFile, endpoint, keys)
}

// byService sends each call to the service that it is for.
func byService(ec2, ssm http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ssmapi.Serves(r) {
			ssm.ServeHTTP(w, r)
			return
		}
		ec2.ServeHTTP(w, r)
	})
}

func (s *Sandbox) listen(address string, api http.Handler) (endpoint string, err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("cannot serve EC2: %w", err)
	}
	s.server = &http.Server{Handler: api, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	s.serving.Go(func() { s.server.Serve(l) }) // ends with ErrServerClosed
	return "http://" + l.Addr().String(), nil
}

// Ready says how to reach the sandbox.
func (s *Sandbox) Ready() Ready { return s.ready }

// Environment is what the env file holds.
func (s *Sandbox) Environment() map[string]string {
	env := map[string]string{}
	for _, e := range s.env {
		env[e[0]] = e[1]
	}
	return env
}

// State is the account behind the API, in the scenario's own region.
func (s *Sandbox) State() *ec2state.State { return s.states[0] }

// Faults are what goes wrong.
func (s *Sandbox) Faults() *fault.Set { return s.faults }

// Clock is the time that EC2 and its hosts go by.
func (s *Sandbox) Clock() *clock.Clock { return s.clock }

// Enforce makes another policy document the one that calls are held to; "" lets
// everything through.
func (s *Sandbox) Enforce(document string) error {
	if document == "" {
		s.policy.Store(nil)
		return nil
	}
	policy, err := iam.Parse([]byte(document))
	if err == nil {
		s.policy.Store(policy)
	}
	return err
}

// Master is the buildmaster's computer, nil if the scenario has none.
func (s *Sandbox) Master() *masterhost.Host {
	if s.master == nil {
		return nil
	}
	return s.master.host
}

// Bastion is the jump host.
func (s *Sandbox) Bastion() *bastion.Bastion { return s.bastion }

// endServer lets calls that are being answered end, for a while.
func (s *Sandbox) endServer() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = s.server.Close()
	}
	s.serving.Wait()
	return err
}

// Close ends everything that is served and returns when nothing writes to the
// folder any more, which stays. It may be called twice.
func (s *Sandbox) Close() error {
	s.once.Do(func() {
		var errs []error
		if s.server != nil {
			errs = append(errs, s.endServer())
		}
		if s.bastion != nil {
			errs = append(errs, s.bastion.Close())
		}
		for _, h := range s.static {
			errs = append(errs, h.Close())
		}
		if s.master != nil {
			errs = append(errs, s.master.close())
		}
		for _, state := range s.states {
			state.Close()
		}
		if s.log != nil {
			errs = append(errs, s.log.Close())
		}
		errs = append(errs, s.lock.Unlock())
		s.closeErr = errors.Join(errs...)
	})
	return s.closeErr
}
