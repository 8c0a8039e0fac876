package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// DialerOptions say how hosts are reached. Access and Getenv are needed, the
// rest where the settings ask for it.
type DialerOptions struct {
	Bastion *Bastion // nil: instances are reached directly
	// Access returns the settings for instances of a source image.
	Access func(source string) (Access, error)
	// Console returns an instance's console output, "" while there is none.
	Console func(ctx context.Context, instanceID string) (string, error)
	// PasswordData returns an instance's encrypted Windows password in base64,
	// "" while there is none.
	PasswordData func(ctx context.Context, instanceID string) (string, error)
	Getenv       func(name string) string

	Pauses    Pauses // between attempts; zero: 20 ms up to 2 s
	EC2Pauses Pauses // between looks at console or password; zero: 20 ms up to 5 s
	// ConnectTimeout is for the first attempt to reach a port, doubled for each
	// further one up to 10 s, since what is sent to a host that does not exist
	// yet is lost; zero: 500 ms.
	ConnectTimeout time.Duration
	LoginTimeout   time.Duration // for one attempt to connect and log in; zero: 20 s
	// LoginGrace is how long a booting host may refuse the login before that
	// counts as its answer; zero: 15 s.
	LoginGrace     time.Duration
	CommandTimeout time.Duration // for a command; zero: 2 min
	// Patience is how long a command may take to its first sign; zero: 30 s.
	Patience time.Duration
}

func (o *DialerOptions) setDefaults() {
	if o.Pauses == (Pauses{}) {
		o.Pauses = Pauses{First: 20 * time.Millisecond, Max: 2 * time.Second}
	}
	if o.EC2Pauses == (Pauses{}) {
		o.EC2Pauses = Pauses{First: 20 * time.Millisecond, Max: 5 * time.Second}
	}
	for d, value := range map[*time.Duration]time.Duration{
		&o.ConnectTimeout: 500 * time.Millisecond,
		&o.LoginTimeout:   20 * time.Second,
		&o.LoginGrace:     15 * time.Second,
		&o.CommandTimeout: 2 * time.Minute,
		&o.Patience:       30 * time.Second,
	} {
		if *d == 0 {
			*d = value
		}
	}
}

// Dialer connects to instances, all through one connection to the bastion. It
// may be used by many goroutines at once.
type Dialer struct {
	opts    DialerOptions
	bastion *bastionLink // nil: directly
	pins    *pins
	end     context.CancelFunc

	mu       sync.Mutex
	consoles map[string]*consoleKeys
	paces    map[string]*pace
}

// NewDialer makes a Dialer; nothing is connected yet.
func NewDialer(opts DialerOptions) *Dialer {
	opts.setDefaults()
	life, end := context.WithCancel(context.Background())
	d := &Dialer{
		opts:     opts,
		pins:     newPins(),
		end:      end,
		consoles: map[string]*consoleKeys{},
		paces:    map[string]*pace{},
	}
	if opts.Bastion != nil {
		d.bastion = &bastionLink{life: life, server: d.bastionServer}
	}
	return d
}

// Close ends the connection to the bastion, and with it all through it.
func (d *Dialer) Close() error {
	d.end()
	return nil
}

// CheckBastion logs in to the bastion, which verifies its key, and touches no
// instance. Without a bastion there is nothing to check. hint.Of tells what to do
// about the error.
func (d *Dialer) CheckBastion(ctx context.Context) error {
	if d.bastion == nil {
		return nil
	}
	_, err := d.bastion.get(ctx)
	return err
}

// Dial connects to an instance. It keeps trying while the host is still booting,
// until ctx ends or the answer is final; its error names the last cause.
func (d *Dialer) Dial(ctx context.Context, t Target) (Host, error) {
	access, err := d.opts.Access(t.Source)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %s: %w", t.name(), err)
	}
	var last error
	var pause time.Duration
	var refusedSince time.Time
	start, connect := time.Now(), d.opts.ConnectTimeout
	for {
		host, err := d.attempt(ctx, t, access, d.within(connect))
		if err == nil {
			return host, nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		var refused *refusedLogin
		switch {
		case errors.As(err, &refused):
			if refusedSince.IsZero() {
				refusedSince = time.Now()
			}
			if t.Settled || time.Since(refusedSince) >= d.opts.LoginGrace {
				return nil, fmt.Errorf("cannot connect to %s: %w", t.name(), err)
			}
		case IsFinal(err):
			return nil, fmt.Errorf("cannot connect to %s: %w", t.name(), err)
		}
		connect = min(2*connect, max(d.opts.ConnectTimeout, 10*time.Second))
		pause = d.opts.Pauses.next(pause)
		if err := sleep(ctx, pause); err != nil {
			return nil, gaveUp(t, time.Since(start), err, last)
		}
	}
}

// gaveUp tells both why the trying ended and why it had not worked before.
func gaveUp(t Target, after time.Duration, ended, last error) error {
	if errors.Is(last, ended) {
		return fmt.Errorf("cannot connect to %s: gave up after %v: %w", t.name(), after.Round(time.Millisecond), last)
	}
	return fmt.Errorf("cannot connect to %s: gave up after %v (%w): %w", t.name(), after.Round(time.Millisecond), ended, last)
}

func (t Target) name() string {
	if t.InstanceID == "" {
		return t.Address
	}
	return t.InstanceID + " at " + t.Address
}

func (d *Dialer) attempt(ctx context.Context, t Target, a Access, dial dialFunc) (Host, error) {
	transport := a.Transport
	if transport == "" {
		transport = TransportSSH
		if a.Platform == "windows" {
			transport = TransportWinRM
		}
	}
	switch {
	case transport == TransportWinRM:
		return d.attemptWinRM(ctx, t, a, dial)
	case transport == TransportSSH:
		return d.attemptSSH(ctx, t, a, dial)
	}
	return nil, finalf("set transport to ssh or winrm", "unknown transport %q", transport)
}

func (d *Dialer) attemptSSH(ctx context.Context, t Target, a Access, dial dialFunc) (Host, error) {
	keys, err := d.hostKeys(t, a)
	if err != nil {
		return nil, err
	}
	client, err := sshServer{
		address:    withPort(t.Address, a.Port, 22),
		user:       a.User,
		identities: a.IdentityFiles,
		algorithms: a.Algorithms,
		keys:       keys,
		getenv:     d.opts.Getenv,
		timeout:    d.opts.LoginTimeout,
	}.connect(ctx, dial)
	if err != nil {
		return nil, err
	}
	usual := posixShell
	if a.Platform == "windows" {
		usual = ""
	}
	host := newSSHHost(t.name(), client, usual, d.opts.CommandTimeout, d.opts.Patience)
	if err := host.settle(ctx, d.opts.LoginTimeout); err != nil {
		return nil, err
	}
	if a.Platform == "windows" {
		return newWindowsSSHHost(host), nil
	}
	return host, nil
}

// within opens TCP connections by the way that leads to instances, each within
// the limit, which the login to the bastion does not count towards.
func (d *Dialer) within(limit time.Duration) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		through := (&net.Dialer{}).DialContext
		if d.bastion != nil {
			client, err := d.bastion.get(ctx)
			if err != nil {
				return nil, err
			}
			through = forward(client)
		}
		ctx, cancel := context.WithTimeoutCause(ctx, limit, temporaryf("", "no answer from %s within %v", address, limit))
		defer cancel()
		conn, err := through(ctx, network, address)
		if err != nil {
			awaitPassed(ctx)
			return nil, causeOf(ctx, err)
		}
		return conn, nil
	}
}

// awaitPassed waits for ctx to end if its deadline has passed: net's own timer
// for that deadline may run a moment before that of ctx.
func awaitPassed(ctx context.Context) {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		<-ctx.Done()
	}
}

func withPort(address string, port, standard int) string {
	if port == 0 {
		port = standard
	}
	return net.JoinHostPort(address, strconv.Itoa(port))
}
