// Package testenv finds what a test needs of the machine that it runs on:
// programs, Python modules, root, small disks. What is missing skips the test, or
// fails it where the environment variable CI is set, as test.sh sets it after it
// has installed all of that. It is for tests alone.
package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Missing ends a test for the want of something that the machine does not have.
func Missing(t testing.TB, cause error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("CI is set, so nothing may be missing: %v", cause)
	}
	t.Skip(cause)
}

// Program returns the path of a program that is on PATH or where daemons are, or
// of one whose path is given.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	Missing(t, fmt.Errorf("%w; test.sh installs it", err))
	return ""
}

// PythonModule returns the path of the distribution's Python, which has a module
// that is packaged for it.
func PythonModule(t testing.TB, module string) string {
	t.Helper()
	python := Program(t, "/usr/bin/python3")
	if out, err := exec.Command(python, "-c", "import "+module).CombinedOutput(); err != nil {
		Missing(t, fmt.Errorf("no Python module %s: %w; test.sh installs python3-%[1]s\n%[3]s", module, err, out))
	}
	return python
}

// File is for a test that needs a file of the machine.
func File(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		Missing(t, err)
	}
}

// Root is for a test that only root can run.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		Missing(t, errors.New("this test needs root"))
	}
}
