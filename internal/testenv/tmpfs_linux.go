package testenv

import (
	"fmt"
	"syscall"
	"testing"
)

// Tmpfs mounts a file system in memory, with mount's options such as "size=32k",
// for as long as the test runs, and returns its folder. It needs root.
func Tmpfs(t testing.TB, options string) string {
	t.Helper()
	Root(t)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		Missing(t, fmt.Errorf("cannot mount a small disk: %w", err))
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("cannot unmount %s: %v", dir, err)
		}
	})
	return dir
}
