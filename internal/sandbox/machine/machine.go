// Package machine is the seam between the sandbox's EC2 and the computers that
// it pretends to own: what EC2 tells a computer to be, and what it asks of it.
//
// The in-process hosts implement it over folders; a driver of real daemons in
// network namespaces can implement it too.
package machine

import (
	"context"
	"net/netip"
	"time"
)

// Spec is a computer to be booted.
type Spec struct {
	InstanceID string
	ImageID    string
	Lineage    []string // what a fault may name: InstanceID, then image ids from ImageID back to the scenario's own
	Platform   string   // linux or windows
	User       string   // the login user that the image knows
	Address    netip.Addr
	Root       string // the instance's root file system, a folder
	UserData   []byte
	PublicKey  string         // of the key pair it was launched with, in authorized_keys format; "" for none
	Groups     func() []Group // the security groups as they are now
	FirstBoot  bool           // false when a stopped instance is started again
	Boot       time.Duration  // simulated time from power to the first answer
}

// Group is a security group's inbound rules, resolved to address prefixes.
type Group struct {
	ID      string
	Ingress []Rule
}

// Rule lets TCP in to a range of ports from any of the prefixes, or from
// members of the groups.
type Rule struct {
	FromPort, ToPort int // 0, 65535 for all
	Prefixes         []netip.Prefix
	GroupIDs         []string
}

// Driver boots computers.
type Driver interface {
	// Boot powers the computer on and returns at once; the computer answers on
	// its ports when it has booted. ctx bounds the call, not the computer's life.
	Boot(ctx context.Context, spec Spec) (Computer, error)
}

// Computer is a booted (or still booting) computer.
type Computer interface {
	// Console returns what GetConsoleOutput shows: the newest 64 KiB.
	Console() []byte
	// Password is the administrator's password on Windows, "" until it is known
	// and on other platforms.
	Password() string
	// Shutdown cuts its connections and returns when nothing writes to Root any
	// more. It may be called twice.
	Shutdown(ctx context.Context) error
}

// Faults decides whether something goes wrong at a point of a computer's life.
type Faults interface {
	// Strike is asked each time one of the points is reached on a computer of
	// that lineage, and returns what goes wrong, or "" for nothing.
	Strike(lineage []string, at string) (deed string)
}

// Points at which a fault may strike a computer.
const (
	AtBoot    = "boot"    // power is on
	AtConnect = "connect" // a TCP connection was accepted
	AtRead    = "read"    // files are to be read, before anything was replaced
	AtPatch   = "patch"   // files are to be replaced
	AtVerify  = "verify"  // files are to be read after a replace
	AtRun     = "run"     // a command is to be run
	AtCopy    = "copy"    // copies beside a file are to be listed, made or removed
	AtDone    = "done"    // files were read, replaced or copied, and the answer is about to go out

	AtHandshake = "handshake" // a TLS client has connected to the buildmaster's port
)

// What may go wrong.
const (
	DropConnection = "drop-connection" // the TCP connection is cut, midway where there is a midway
	Hang           = "hang"            // accepts and never answers
	DiskFull       = "disk-full"       // writes fail with ENOSPC
	FlipByte       = "flip-byte"       // a byte of the payload arrives changed
	WrongHostKey   = "wrong-host-key"  // answers with another host key than the console showed
	PowerOff       = "power-off"       // the computer dies: EC2 shows it stopping, then terminated or stopped
	RestartBastion = "restart-bastion" // not the computer, its bastion: it cuts all connections and is away for a while
)
