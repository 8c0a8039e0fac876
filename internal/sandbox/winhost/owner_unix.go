//go:build unix

package winhost

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file the owner of another, where we are allowed to.
func keepOwner(f *os.File, like fs.FileInfo) error {
	want, ok := like.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}
