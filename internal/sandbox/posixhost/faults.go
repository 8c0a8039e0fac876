package posixhost

import (
	"slices"
	"sync/atomic"
	"syscall"

	"github.com/amirotate/amirotate/internal/sandbox/machine"
)

// faults are deeds that stay with a host or with one connection.
type faults struct {
	hang     atomic.Bool
	diskFull atomic.Bool
	wrongKey atomic.Bool
	drop     atomic.Bool // the next connection is cut
	flip     atomic.Bool // a byte of the next command's input is changed
}

// atBoot takes in what was struck when the power came on: a full disk, a hung
// server and a foreign host key last as long as the host is up.
func (f *faults) atBoot(deed string) {
	switch deed {
	case machine.Hang:
		f.hang.Store(true)
	case machine.DiskFull:
		f.diskFull.Store(true)
	case machine.WrongHostKey:
		f.wrongKey.Store(true)
	case machine.DropConnection:
		f.drop.Store(true)
	case machine.FlipByte:
		f.flip.Store(true)
	}
}

// strike asks what goes wrong at a point. A fault may name the instance, too.
func (h *host) strike(at string) string {
	if h.options.Faults == nil {
		return ""
	}
	names := slices.Clone(h.spec.Lineage)
	if !slices.Contains(names, h.spec.InstanceID) {
		names = append(names, h.spec.InstanceID)
	}
	return h.options.Faults.Strike(names, at)
}

// noSpace is a rootfs.View's OnWrite on a full disk: names can be made, bytes
// cannot be written.
func noSpace(data bool) error {
	if data {
		return syscall.ENOSPC
	}
	return nil
}
