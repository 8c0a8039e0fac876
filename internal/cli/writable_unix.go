//go:build unix

package cli

import "syscall"

// writeAccess asks the kernel whether this process may write; W_OK of access(2).
func writeAccess(path string) error { return syscall.Access(path, 2) }
