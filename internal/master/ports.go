package master

import (
	"context"
	"time"

	"github.com/amirotate/amirotate/internal/cert"
	"github.com/amirotate/amirotate/internal/command"
	"github.com/amirotate/amirotate/internal/verify"
)

// Files are the host's, by absolute path.
type Files interface {
	// Read reports what stands at each path, in order, with its content.
	Read(ctx context.Context, paths []string) ([]verify.File, error)
	// Replace replaces all the files whose content is an expected old one, or,
	// if any of them holds anything but old or new, none: a *verify.Refusal.
	Replace(ctx context.Context, changes []verify.Change) ([]verify.File, error)
}

// Copies lie beside a file; their names begin with its name and a dot.
type Copies interface {
	Copies(ctx context.Context, file string) (names []string, err error)
	// Copy copies a file in one step, with mode and owner.
	Copy(ctx context.Context, file, name string) error
	RemoveCopy(ctx context.Context, file, name string) error
}

// Host is the buildmaster's computer.
type Host interface {
	Files
	Copies
	Run(ctx context.Context, c command.Command) (command.Output, error)
	Close() error
}

// Settings say what is to stand where. Certificates are files of this computer.
type Settings struct {
	Address     string // of the host, for people; Local for this computer
	Certificate string // path on the host
	Key         string // path on the host; "": in the certificate's file
	Old         []*cert.File
	New         *cert.File
	NewKey      *cert.File // nil if it is not at hand
	Commands    []command.Command
	Check       Check
}

// Local is the address of this computer.
const Local = "local"

// onHost is " on ADDRESS" for another computer.
func (s *Settings) onHost() string {
	if s.Address == Local {
		return ""
	}
	return " on " + s.Address
}

// Check says where the master presents its certificate. The zero value is
// nowhere that anybody knows.
type Check struct {
	Address string        // host:port
	Timeout time.Duration // until it presents the right one
}

// Switch is a switch of one buildmaster. All fields but Handshake must be set,
// and that too if there is a Check.
type Switch struct {
	Settings
	Dial func(ctx context.Context) (Host, error)
	// Handshake returns the certificates that the master presents, leaf first.
	Handshake func(ctx context.Context) ([]*cert.Certificate, error)
	Report    func(step Step, status Status, elapsed time.Duration, detail string)
	Now       func() time.Time
}

// Step is a part of a switch.
type Step string

// Steps, in their order.
const (
	Install  Step = "install" // certificate and key are put in place, or back
	Commands Step = "command" // a command is run; what is told of its end begins with it
	Present  Step = "check"   // the master presents the certificate
)

// Status is what has become of a step.
type Status string

// Statuses of a step.
const (
	Start   Status = "start"
	OK      Status = "ok"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)
