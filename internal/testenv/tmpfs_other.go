//go:build !linux

package testenv

import (
	"errors"
	"testing"
)

// Tmpfs skips the test: only Linux has these file systems.
func Tmpfs(t testing.TB, _ string) string {
	t.Helper()
	Missing(t, errors.New("file systems in memory need Linux"))
	return ""
}
