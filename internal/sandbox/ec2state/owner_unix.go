//go:build unix

package ec2state

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// copyOwner gives path the owner that info shows, if it has another.
func copyOwner(info fs.FileInfo, path string) error {
	now, err := os.Lstat(path)
	if err != nil {
		return err
	}
	want, is := info.Sys().(*syscall.Stat_t), now.Sys().(*syscall.Stat_t)
	if want.Uid == is.Uid && want.Gid == is.Gid {
		return nil
	}
	return os.Lchown(path, int(want.Uid), int(want.Gid))
}

func setLinkTime(path string, t time.Time) error {
	tv := unix.NsecToTimeval(t.UnixNano())
	return unix.Lutimes(path, []unix.Timeval{tv, tv})
}
