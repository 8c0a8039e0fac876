//go:build !unix

package rootfs

import "io/fs"

// Owner returns the ids of a file's owner and group; there are none here.
func Owner(fs.FileInfo) (uid, gid int) { return 0, 0 }

// Inode returns a file's number and how many names it has; unknown here.
func Inode(fs.FileInfo) (ino, links uint64) { return 0, 1 }

// Blocks returns how many bytes a file takes up on the disk, as far as is known.
func Blocks(info fs.FileInfo) int64 { return info.Size() }
